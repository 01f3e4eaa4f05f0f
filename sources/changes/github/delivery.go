package github

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// delivery holds the fields that are read, under GitHub's names.
type delivery struct {
	Action     string     `json:"action"`
	Deployment deployment `json:"deployment"`
	Status     status     `json:"deployment_status"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
	WorkflowRun *struct {
		ID int64 `json:"id"`
	} `json:"workflow_run"`
}

type deployment struct {
	ID                  int64           `json:"id"`
	SHA                 string          `json:"sha"`
	Ref                 string          `json:"ref"`
	Task                string          `json:"task"`
	Environment         string          `json:"environment"`
	OriginalEnvironment string          `json:"original_environment"`
	Transient           bool            `json:"transient_environment"`
	Production          bool            `json:"production_environment"`
	Payload             json.RawMessage `json:"payload"`
	Creator             account         `json:"creator"`
	CreatedAt           time.Time       `json:"created_at"`
}

type status struct {
	ID          int64     `json:"id"`
	State       string    `json:"state"`
	Description string    `json:"description"`
	Environment string    `json:"environment"`
	TargetURL   string    `json:"target_url"`
	LogURL      string    `json:"log_url"`
	Creator     account   `json:"creator"`
	CreatedAt   time.Time `json:"created_at"`
}

type account struct {
	Login string `json:"login"`
}

// extra is the part of deployment.payload that Pushback reads.
type extra struct {
	RollbackOf string `json:"pushback_rollback_of"`
	Reversible *bool  `json:"reversible"`
}

// event is the delivery as an event, without source and service.
func (d delivery) event(kind string) (sources.Event, error) {
	if d.Action != "" && d.Action != "created" { // older Enterprise servers leave it out
		return sources.Event{}, changes.Ignored("action is not created")
	}
	if err := d.checkComplete(); err != nil {
		return sources.Event{}, err
	}
	if kind == deploymentMade {
		return d.deploymentEvent()
	}
	return d.statusEvent()
}

// checkComplete refuses a delivery that lacks what every event needs.
func (d delivery) checkComplete() error {
	switch {
	case d.Repository.FullName == "":
		return changes.Bad("repository.full_name is missing")
	case d.Deployment.ID <= 0:
		return changes.Bad("deployment.id is missing")
	case d.Deployment.SHA == "":
		return changes.Bad("deployment.sha is missing")
	}
	return nil
}

// deploymentEvent is the event of a deployment that was just made.
func (d delivery) deploymentEvent() (sources.Event, error) {
	if d.WorkflowRun != nil {
		return sources.Event{}, changes.Ignored("the workflow run will say in_progress when it begins")
	}
	if d.Deployment.CreatedAt.IsZero() {
		return sources.Event{}, changes.Bad("deployment.created_at is missing")
	}
	e := d.commonEvent()
	e.EventID = fmt.Sprintf("deployment:%d", d.Deployment.ID)
	e.Status = sources.Started
	e.At = d.Deployment.CreatedAt.UTC()
	return e, nil
}

// statusEvent is the event of a deployment's new status.
func (d delivery) statusEvent() (sources.Event, error) {
	s := d.Status
	if s.ID <= 0 {
		return sources.Event{}, changes.Bad("deployment_status.id is missing")
	}
	if s.CreatedAt.IsZero() {
		return sources.Event{}, changes.Bad("deployment_status.created_at is missing")
	}
	if s.own() {
		return sources.Event{}, changes.Ignored("this is Pushback's own report")
	}
	status, err := d.eventStatus()
	if err != nil {
		return sources.Event{}, err
	}
	e := d.commonEvent()
	e.EventID = fmt.Sprintf("deployment_status:%d", s.ID)
	e.Status = status
	e.At = s.CreatedAt.UTC()
	e.Sequence = s.ID
	e.Environment = firstEnvironment(d.Deployment.OriginalEnvironment, s.Environment, d.Deployment.Environment)
	e.Actor = cmp.Or(s.Creator.Login, e.Actor)
	e.URL = cmp.Or(s.LogURL, s.TargetURL)
	return e, nil
}

// eventStatus maps the state; the package comment has the table.
func (d delivery) eventStatus() (sources.Status, error) {
	switch d.Status.State {
	case "in_progress":
		return sources.Started, nil
	case "pending", "queued":
		if d.WorkflowRun != nil {
			return "", changes.Ignored("the workflow run will say in_progress when it begins")
		}
		return sources.Started, nil
	case "success":
		return sources.Succeeded, nil
	case "failure", "error":
		return sources.Failed, nil
	case "waiting", "inactive":
		return "", changes.Ignored("nothing is rolling out in state " + d.Status.State)
	}
	return "", changes.Bad("deployment_status.state is none of GitHub's states")
}

// commonEvent holds what all events of a deployment have in common.
func (d delivery) commonEvent() sources.Event {
	extra := d.Deployment.extra()
	return sources.Event{
		ChangeID:    fmt.Sprintf("github:%s/%d", d.Repository.FullName, d.Deployment.ID),
		Environment: firstEnvironment(d.Deployment.OriginalEnvironment, d.Deployment.Environment),
		Version:     d.Deployment.SHA,
		RollbackOf:  extra.RollbackOf,
		Reversible:  extra.Reversible,
		Actor:       d.Deployment.Creator.Login,
		Labels: withoutEmpty(map[string]string{
			"ref": d.Deployment.Ref, "task": d.Deployment.Task,
			sources.TransientLabel: trueOrEmpty(d.Deployment.Transient), "production": trueOrEmpty(d.Deployment.Production),
		}),
	}
}

// firstEnvironment prefers the original environment, which comes first: a
// transient deployment renames its own ("production" → "pr-17") while it lasts.
func firstEnvironment(candidates ...string) string { return cmp.Or(candidates...) }

// trueOrEmpty is the value of a label for a flag that GitHub may set.
func trueOrEmpty(set bool) string {
	if set {
		return "true"
	}
	return ""
}

// withoutEmpty removes the labels that have no value.
func withoutEmpty(all map[string]string) map[string]string {
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// extra reads deployment.payload, whose content is up to the tool that calls
// GitHub: an object, a string that holds one (older API clients), or anything
// else, which is ignored.
func (d deployment) extra() extra {
	var e extra
	text := []byte(d.Payload)
	if s := ""; json.Unmarshal(text, &s) == nil {
		text = []byte(s)
	}
	if sources.CheckJSON(text) != nil || json.Unmarshal(text, &e) != nil {
		return extra{}
	}
	return e
}
