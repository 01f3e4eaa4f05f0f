package gitlab

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// project is the project of every delivery.
type project struct {
	ID   int64  `json:"id"`
	Path string `json:"path_with_namespace"`
}

type user struct {
	Username string `json:"username"`
	Name     string `json:"name"`
}

// deploymentDelivery holds the fields of a deployment event that are read.
type deploymentDelivery struct {
	Status        string  `json:"status"`
	ChangedAt     when    `json:"status_changed_at"`
	ID            int64   `json:"deployment_id"`
	DeployableURL string  `json:"deployable_url"`
	Environment   string  `json:"environment"`
	Tier          string  `json:"environment_tier"`
	Ref           string  `json:"ref"`
	ShortSHA      string  `json:"short_sha"`
	CommitURL     string  `json:"commit_url"`
	User          user    `json:"user"`
	Project       project `json:"project"`
}

// event is the delivery as an event, without source and service.
func (d deploymentDelivery) event() (sources.Event, error) {
	if err := d.checkComplete(); err != nil {
		return sources.Event{}, err
	}
	status, err := statusOf("status", d.Status)
	if err != nil {
		return sources.Event{}, err
	}
	return rollout{
		project: d.Project.ID, id: d.ID, status: d.Status, at: d.ChangedAt.Time, environment: d.Environment, tier: d.Tier,
		sha: d.sha(), ref: d.Ref, actor: d.User.Username, url: d.DeployableURL,
	}.event(status), nil
}

func (d deploymentDelivery) checkComplete() error {
	switch {
	case d.Project.ID <= 0:
		return changes.Bad("project.id is missing")
	case d.ID <= 0:
		return changes.Bad("deployment_id is missing")
	case d.Environment == "":
		return changes.Bad("environment is missing")
	case d.ChangedAt.IsZero():
		return changes.Bad("status_changed_at is missing")
	case d.sha() == "":
		return changes.Bad("short_sha is missing")
	}
	return nil
}

// sha is the whole sha, which stands in the commit's URL only, or else its beginning.
func (d deploymentDelivery) sha() string {
	_, sha, _ := strings.Cut(d.CommitURL, "/commit/")
	sha, _, _ = strings.Cut(sha, "?")
	if isSHA(sha) && strings.HasPrefix(sha, d.ShortSHA) {
		return sha
	}
	return d.ShortSHA
}

// rollout is a deployment as a delivery or the API tells it.
type rollout struct {
	project, id                                     int64
	status, environment, tier, sha, ref, actor, url string
	at                                              time.Time
}

func (r rollout) event(status sources.Status) sources.Event {
	return sources.Event{
		EventID:  fmt.Sprintf("deployment:%d:%d:%s", r.project, r.id, r.status),
		ChangeID: fmt.Sprintf("gitlab:%d/%d", r.project, r.id),
		Status:   status, At: r.at.UTC(), Environment: r.environment, Version: r.sha,
		Actor: r.actor, URL: r.url, Labels: withoutEmpty(map[string]string{"ref": r.ref, "environment_tier": r.tier}),
	}
}

// statusOf maps a status of a deployment or pipeline; the package comment has the table.
func statusOf(field, status string) (sources.Status, error) {
	switch status {
	case "running":
		return sources.Started, nil
	case "success":
		return sources.Succeeded, nil
	case "failed", "canceled":
		return sources.Failed, nil
	case "created", "blocked", "approved", "rejected", "skipped", "pending", "preparing", "waiting_for_resource",
		"waiting_for_callback", "manual", "scheduled", "canceling":
		return "", changes.Ignored("nothing is rolling out in status " + status)
	}
	return "", changes.Bad("%s is none of GitLab's statuses", field)
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

// when is a time as GitLab writes it: "2021-04-28 21:50:00 +0200", "2016-08-12 15:23:28 UTC", or RFC
// 3339. Of zones by name only UTC is read: others name several.
type when struct{ time.Time }

var layouts = []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05 UTC", "2006-01-02 15:04:05.999999999 -0700"}

// UnmarshalJSON reads null as the zero time.
func (w *when) UnmarshalJSON(text []byte) error {
	var s *string
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	if s == nil || *s == "" {
		return nil
	}
	var err error
	for _, layout := range layouts {
		if w.Time, err = time.Parse(layout, *s); err == nil {
			return nil
		}
	}
	return &sources.BadEvent{Reason: "a time is none of GitLab's: 2026-11-29 14:00:00 +0200, 2026-11-29 14:00:00 UTC, or RFC 3339"}
}

// first is the first of some times that is set.
func first(all ...when) time.Time {
	return cmp.Or(all...).Time
}
