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
	Payload             json.RawMessage `json:"payload"`
	Creator             account         `json:"creator"`
	CreatedAt           time.Time       `json:"created_at"`
}

type status struct {
	ID          int64     `json:"id"`
	State       string    `json:"state"`
	Environment string    `json:"environment"`
	TargetURL   string    `json:"target_url"`
	LogURL      string    `json:"log_url"`
	Creator     account   `json:"creator"`
	CreatedAt   time.Time `json:"created_at"`
}

type account struct {
	Login string `json:"login"`
}

// extra is what deployment.payload may say to Pushback.
type extra struct {
	RollbackOf string `json:"pushback_rollback_of"`
	Reversible *bool  `json:"reversible"`
}

// event is the delivery in our words, without source and service.
func (d delivery) event(kind string) (sources.Event, error) {
	if d.Action != "" && d.Action != "created" { // older Enterprise servers leave it out
		return sources.Event{}, changes.Ignored("action is not created")
	}
	if err := d.complete(); err != nil {
		return sources.Event{}, err
	}
	if kind == "deployment" {
		return d.created()
	}
	return d.changed()
}

// complete refuses a delivery without what every event is made of.
func (d delivery) complete() error {
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

// created is the event of a deployment that was just made.
func (d delivery) created() (sources.Event, error) {
	if d.WorkflowRun != nil {
		return sources.Event{}, changes.Ignored("the workflow run will say in_progress when it begins")
	}
	if d.Deployment.CreatedAt.IsZero() {
		return sources.Event{}, changes.Bad("deployment.created_at is missing")
	}
	e := d.base()
	e.EventID = fmt.Sprintf("deployment:%d", d.Deployment.ID)
	e.Status = sources.Started
	e.At = d.Deployment.CreatedAt.UTC()
	return e, nil
}

// changed is the event of a deployment's new status.
func (d delivery) changed() (sources.Event, error) {
	s := d.Status
	if s.ID <= 0 {
		return sources.Event{}, changes.Bad("deployment_status.id is missing")
	}
	if s.CreatedAt.IsZero() {
		return sources.Event{}, changes.Bad("deployment_status.created_at is missing")
	}
	told, err := d.told()
	if err != nil {
		return sources.Event{}, err
	}
	e := d.base()
	e.EventID = fmt.Sprintf("deployment_status:%d", s.ID)
	e.Status = told
	e.At = s.CreatedAt.UTC()
	e.Sequence = s.ID
	e.Environment = environment(d.Deployment.OriginalEnvironment, s.Environment, d.Deployment.Environment)
	e.Actor = cmp.Or(s.Creator.Login, e.Actor)
	e.URL = cmp.Or(s.LogURL, s.TargetURL)
	return e, nil
}

// told maps the state; the package comment has the table.
func (d delivery) told() (sources.Status, error) {
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
		return "", changes.Ignored("nothing rolls in state " + d.Status.State)
	}
	return "", changes.Bad("deployment_status.state is none of GitHub's states")
}

// base holds what a deployment's events have in common.
func (d delivery) base() sources.Event {
	said := d.Deployment.extra()
	return sources.Event{
		ChangeID:    fmt.Sprintf("github:%s/%d", d.Repository.FullName, d.Deployment.ID),
		Environment: environment(d.Deployment.OriginalEnvironment, d.Deployment.Environment),
		Version:     d.Deployment.SHA,
		RollbackOf:  said.RollbackOf,
		Reversible:  said.Reversible,
		Actor:       d.Deployment.Creator.Login,
		Labels:      labels(map[string]string{"ref": d.Deployment.Ref, "task": d.Deployment.Task}),
	}
}

// environment prefers the original environment: a transient deployment renames
// its own ("production" → "pr-17") while it lasts.
func environment(candidates ...string) string { return cmp.Or(candidates...) }

func labels(all map[string]string) map[string]string {
	for name, value := range all {
		if value == "" {
			delete(all, name)
		}
	}
	return all
}

// extra reads deployment.payload, which is the caller's own: an object, a
// string that holds one (older API clients), or anything else, which then
// says nothing to us.
func (d deployment) extra() extra {
	var e extra
	text := []byte(d.Payload)
	if s := ""; json.Unmarshal(text, &s) == nil {
		text = []byte(s)
	}
	if json.Unmarshal(text, &e) != nil {
		return extra{}
	}
	return e
}
