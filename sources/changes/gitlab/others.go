package gitlab

import (
	"cmp"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// pipelineDelivery holds the fields of a pipeline event that are read.
type pipelineDelivery struct {
	Pipeline struct {
		ID         int64  `json:"id"`
		Ref        string `json:"ref"`
		SHA        string `json:"sha"`
		BeforeSHA  string `json:"before_sha"`
		Source     string `json:"source"`
		Status     string `json:"status"`
		URL        string `json:"url"`
		CreatedAt  when   `json:"created_at"`
		FinishedAt when   `json:"finished_at"`
	} `json:"object_attributes"`
	User    user    `json:"user"`
	Project project `json:"project"`
}

// pipelineEvent is the event of a pipeline.
func (c Config) pipelineEvent(d pipelineDelivery) (sources.Event, error) {
	p := d.Pipeline
	switch {
	case d.Project.ID <= 0:
		return sources.Event{}, changes.Bad("project.id is missing")
	case p.ID <= 0:
		return sources.Event{}, changes.Bad("object_attributes.id is missing")
	case p.SHA == "":
		return sources.Event{}, changes.Bad("object_attributes.sha is missing")
	case p.CreatedAt.IsZero():
		return sources.Event{}, changes.Bad("object_attributes.created_at is missing")
	}
	of, err := c.pipelineOf(d)
	if err != nil {
		return sources.Event{}, err
	}
	status, err := statusOf("object_attributes.status", p.Status)
	if err != nil {
		return sources.Event{}, err
	}
	return sources.Event{
		EventID:  fmt.Sprintf("pipeline:%d:%d:%s", d.Project.ID, p.ID, p.Status),
		ChangeID: fmt.Sprintf("gitlab:%d/pipelines/%d", d.Project.ID, p.ID),
		Status:   status, At: d.at(status).UTC(), Environment: of.Environment, Version: p.SHA, Previous: d.previous(),
		Actor: d.User.Username, URL: p.URL, Labels: withoutEmpty(map[string]string{"ref": p.Ref}),
	}, nil
}

// at is when the pipeline began or ended.
func (d pipelineDelivery) at(status sources.Status) time.Time {
	if status == sources.Started {
		return d.Pipeline.CreatedAt.Time
	}
	return first(d.Pipeline.FinishedAt, d.Pipeline.CreatedAt)
}

// previous is the commit before a push. GitLab writes zeros for a new branch, and for pipelines
// that no push began.
func (d pipelineDelivery) previous() string {
	if before := d.Pipeline.BeforeSHA; d.Pipeline.Source == "push" && strings.Trim(before, "0") != "" && before != d.Pipeline.SHA {
		return before
	}
	return ""
}

// pipelineOf is the setting of the pipeline's ref.
func (c Config) pipelineOf(d pipelineDelivery) (Pipeline, error) {
	if d.Pipeline.Source == "merge_request_event" || d.Pipeline.Source == "external_pull_request_event" {
		return Pipeline{}, changes.Ignored("pipelines of merge requests are not taken for deploys")
	}
	i := slices.IndexFunc(c.Pipelines, func(p Pipeline) bool {
		matches, _ := path.Match(p.Ref, d.Pipeline.Ref)
		return matches
	})
	if i < 0 {
		return Pipeline{}, changes.Ignored("the source's pipelines do not name this ref")
	}
	return c.Pipelines[i], nil
}

// flagDelivery holds the fields of a feature_flag event that are read.
type flagDelivery struct {
	Flag struct {
		ID     int64  `json:"id"`
		Name   string `json:"name"`
		Active *bool  `json:"active"`
	} `json:"object_attributes"`
	User    user    `json:"user"`
	UserURL string  `json:"user_url"`
	Project project `json:"project"`
}

// flagEvent is the event of a flag that was switched.
func (c Config) flagEvent(d flagDelivery, h http.Header, now time.Time) (sources.Event, error) {
	id := deliveryID(h)
	switch {
	case d.Project.ID <= 0:
		return sources.Event{}, changes.Bad("project.id is missing")
	case d.Flag.ID <= 0:
		return sources.Event{}, changes.Bad("object_attributes.id is missing")
	case d.Flag.Name == "":
		return sources.Event{}, changes.Bad("object_attributes.name is missing")
	case d.Flag.Active == nil:
		return sources.Event{}, changes.Bad("object_attributes.active is missing")
	case id == "":
		return sources.Event{}, changes.Bad("the headers webhook-id, Idempotency-Key and X-Gitlab-Event-UUID are missing: without one, a flag that is switched twice cannot be told from a delivery that is sent twice")
	}
	version := "off"
	if *d.Flag.Active {
		version = "on"
	}
	return sources.Event{
		EventID:  fmt.Sprintf("feature_flag:%d:%d:%s", d.Project.ID, d.Flag.ID, id),
		ChangeID: fmt.Sprintf("gitlab:%d/feature_flags/%d/%s", d.Project.ID, d.Flag.ID, id),
		Status:   sources.Succeeded, At: sentAt(h, now).UTC(), Environment: c.Environment, Kind: sources.Flag,
		Group: d.Flag.Name, Version: version, Actor: d.User.Username, Labels: map[string]string{},
	}, nil
}

// deliveryID names a delivery, and stays the same when GitLab sends it again. webhook-id is signed
// where the delivery is; the others prove as much as the token that stands beside them.
func deliveryID(h http.Header) string {
	const most = 100
	for _, name := range []string{"Webhook-Id", "Idempotency-Key", "X-Gitlab-Event-Uuid"} {
		if id := h.Get(name); id != "" && len(id) <= most {
			return id
		}
	}
	return ""
}

// sentAt is the signed time of a delivery, or the arrival.
func sentAt(h http.Header, now time.Time) time.Time {
	if seconds, err := strconv.ParseInt(h.Get("Webhook-Timestamp"), 10, 64); err == nil && h.Get("Webhook-Signature") != "" {
		return time.Unix(seconds, 0)
	}
	return now
}

// releaseDelivery holds the fields of a release event that are read.
type releaseDelivery struct {
	ID         int64   `json:"id"`
	Action     string  `json:"action"`
	Tag        string  `json:"tag"`
	URL        string  `json:"url"`
	CreatedAt  when    `json:"created_at"`
	ReleasedAt when    `json:"released_at"`
	Project    project `json:"project"`
	Commit     struct {
		ID string `json:"id"`
	} `json:"commit"`
}

// releaseEvent is the event of a release that was created. One that is dated ahead is not released
// yet, and GitLab sends nothing when it is.
func (c Config) releaseEvent(d releaseDelivery) (sources.Event, error) {
	switch {
	case d.Project.ID <= 0:
		return sources.Event{}, changes.Bad("project.id is missing")
	case d.ID <= 0:
		return sources.Event{}, changes.Bad("id is missing")
	case d.Action != "create":
		return sources.Event{}, changes.Ignored("the action of release is not create")
	case d.Tag == "":
		return sources.Event{}, changes.Bad("tag is missing")
	case first(d.ReleasedAt, d.CreatedAt).IsZero():
		return sources.Event{}, changes.Bad("released_at is missing")
	case !d.CreatedAt.IsZero() && d.ReleasedAt.Sub(d.CreatedAt.Time) > sources.MaxAhead:
		return sources.Event{}, changes.Ignored("the release is dated ahead")
	}
	return sources.Event{
		EventID:  fmt.Sprintf("release:%d:%d", d.Project.ID, d.ID),
		ChangeID: fmt.Sprintf("gitlab:%d/releases/%d", d.Project.ID, d.ID),
		Status:   sources.Succeeded, At: first(d.ReleasedAt, d.CreatedAt).UTC(), Environment: cmp.Or(c.Environment, "production"),
		Version: d.Tag, URL: d.URL, Labels: withoutEmpty(map[string]string{"commit": d.Commit.ID}),
	}, nil
}
