// Package heroku reads Heroku's app webhooks of releases (api:release,
// https://devcenter.heroku.com/articles/app-webhooks).
//
//	data.status   becomes
//	pending       started
//	succeeded     succeeded
//	failed        failed
//
// Every change of a config var and every add-on is a release as well. A description that begins with Deploy,
// Promote, Rollback or Release is a deploy, and all others are changes of kind config.
//
// The version is Heroku's name of the release (v42), which `heroku rollback` takes. The one before is v41, whatever
// it changed: a rollback to it undoes this release and nothing else.
package heroku

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Heroku in pushback.yml. An app belongs to one stage of its pipeline, which the webhook does not
// tell: give each stage a source, or map apps to services by aliases.
type Config struct {
	webhook.Config `yaml:",inline"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.New(o, c.Config, read, signature.Base64HMAC("Heroku-Webhook-Hmac-Sha256"))
}

type delivery struct {
	Resource    string     `json:"resource"`
	Action      string     `json:"action"`
	PublishedAt *time.Time `json:"published_at"`
	CreatedAt   *time.Time `json:"created_at"`
	Actor       struct {
		Email string `json:"email"`
	} `json:"actor"`
	Data release `json:"data"`
}

type release struct {
	ID          string     `json:"id"`
	Version     int64      `json:"version"`
	Status      string     `json:"status"`
	Description string     `json:"description"`
	UpdatedAt   *time.Time `json:"updated_at"`
	App         struct {
		Name string `json:"name"`
	} `json:"app"`
	Slug struct {
		Commit string `json:"commit"`
	} `json:"slug"`
}

// statuses are those of a release.
var statuses = map[string]sources.Status{"pending": sources.Started, "succeeded": sources.Succeeded, "failed": sources.Failed}

func read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	switch {
	case d.Resource == "":
		return nil, changes.Bad("resource is missing")
	case d.Resource != "release":
		return nil, changes.Ignored("resource is not release")
	}
	one := d.Data
	if err := (webhook.Required{{"data.id", one.ID}, {"data.app.name", one.App.Name}, {"data.status", one.Status}}).Check(); err != nil {
		return nil, err
	}
	status, known := statuses[one.Status]
	at := firstTime(d.PublishedAt, one.UpdatedAt, d.CreatedAt)
	switch {
	case !known:
		return nil, changes.Bad("data.status is none of pending, succeeded, failed")
	case one.Version <= 0:
		return nil, changes.Bad("data.version is missing")
	case at.IsZero():
		return nil, changes.Bad("published_at is missing")
	}
	return []sources.Event{d.event(status, at)}, nil
}

func (d delivery) event(status sources.Status, at time.Time) sources.Event {
	change := webhook.ID("heroku", d.Data.ID)
	e := sources.Event{
		// The id of the delivery's event is not taken: a release is told again, as an update, when it becomes
		// the current one.
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: at, Sequence: d.Data.Version,
		Service: d.Data.App.Name, Kind: d.Data.kind(), Version: name(d.Data.Version), Actor: d.Actor.Email,
		Labels: webhook.Labels(map[string]string{"commit": d.Data.Slug.Commit}),
	}
	if d.Data.Version > 1 {
		e.Previous = name(d.Data.Version - 1)
	}
	return e
}

// kind says what the release changed.
func (r release) kind() sources.Kind {
	for _, word := range []string{"Deploy", "Promote", "Rollback", "Release"} {
		if strings.HasPrefix(r.Description, word) {
			return sources.Deploy
		}
	}
	return sources.Config
}

// name is Heroku's name of a release.
func name(version int64) string { return "v" + strconv.FormatInt(version, 10) }

func firstTime(times ...*time.Time) time.Time {
	for _, t := range times {
		if t != nil && !t.IsZero() {
			return t.UTC()
		}
	}
	return time.Time{}
}
