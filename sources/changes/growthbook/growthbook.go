// Package growthbook turns GrowthBook's event webhooks into events of flags
// (docs.growthbook.io/app/webhooks/event-webhooks, X-GrowthBook-Signature).
//
//	event              becomes
//	feature.updated    an event for each environment in `environments`
//	feature.created    the same, with no version before
//	feature.deleted    off
//	all others         ignored
//
// GrowthBook sends feature.updated with every change that is live, so that
// feature.revision.published, feature.rampSchedule.* and feature.saferollout.*, which it sends beside
// it or as advice, would be the same change twice.
//
// A feature serves off, the coverage of its only rollout, or on. What else decides it is told
// apart by a fingerprint. GrowthBook sends no id: it is made of the feature, its revision and the time.
//
// See adr/0118.
package growthbook

import (
	"encoding/json"
	"net/http"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind growthbook in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Where nothing else names the service, it is the
// project, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "growthbook", signature.HexHMAC("X-GrowthBook-Signature", ""), read)
}

// mostEnvironments is how many environments one event may be about.
const mostEnvironments = 100

// delivery holds the fields that are read, under GrowthBook's names.
type delivery struct {
	Event        string   `json:"event"`
	Created      int64    `json:"created"` // milliseconds
	Environments []string `json:"environments"`
	Data         struct {
		Object   *feature `json:"object"`
		Previous *feature `json:"previous_attributes"` // those that changed
	} `json:"data"`
	User struct {
		Email string `json:"email"`
		Name  string `json:"name"`
	} `json:"user"`
}

type feature struct {
	ID           string                 `json:"id"`
	Archived     *bool                  `json:"archived"`
	Project      string                 `json:"project"`
	Tags         []string               `json:"tags"`
	DefaultValue json.RawMessage        `json:"defaultValue"`
	Environments map[string]environment `json:"environments"`
	Revision     struct {
		Version int64 `json:"version"`
	} `json:"revision"`
}

type environment struct {
	Enabled      bool            `json:"enabled"`
	DefaultValue json.RawMessage `json:"defaultValue"`
	Rules        []rule          `json:"rules"`
}

type rule struct {
	Type       string          `json:"type"`
	Enabled    *bool           `json:"enabled"`
	Condition  json.RawMessage `json:"condition"`
	Coverage   *float64        `json:"coverage"` // 0 to 1
	Value      json.RawMessage `json:"value"`
	Variations json.RawMessage `json:"variations"`
	Values     json.RawMessage `json:"values"`
}

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	switch d.Event {
	case "":
		return nil, changes.Bad("event is missing")
	case "feature.updated", "feature.created", "feature.deleted":
	default:
		return nil, changes.Ignored("feature.updated reports every change that is live")
	}
	switch {
	case d.Data.Object == nil || d.Data.Object.ID == "":
		return nil, changes.Bad("data.object.id is missing")
	case len(d.Environments) > mostEnvironments:
		return nil, changes.Bad("environments has more than %d names", mostEnvironments)
	}
	var all []flags.Change
	for _, name := range d.Environments {
		all = append(all, d.change(name))
	}
	return all, nil
}

func (d delivery) change(name string) flags.Change {
	f := d.Data.Object
	c := flags.Change{
		ID:   flags.Fingerprint(d.Event, f.ID, f.Revision.Version, d.Created),
		Flag: f.ID, Project: f.Project, Tags: f.Tags, Environment: name, Now: f.state(name),
		At: flags.Time(d.Created), Sequence: f.Revision.Version, Actor: d.User.Email,
	}
	if c.Actor == "" {
		c.Actor = d.User.Name
	}
	switch {
	case d.Event == "feature.deleted":
		c.Now, c.Before = flags.Off, c.Now
	case d.Event == "feature.updated" && d.Data.Previous != nil:
		c.Before = f.before(*d.Data.Previous).state(name)
	}
	return c
}

// before is the feature with those attributes that changed as they were.
func (f feature) before(p feature) *feature {
	if p.Archived != nil {
		f.Archived = p.Archived
	}
	if p.Environments != nil {
		f.Environments = p.Environments
	}
	if p.DefaultValue != nil {
		f.DefaultValue = p.DefaultValue
	}
	return &f
}

// state is what the feature serves in an environment.
func (f *feature) state(name string) flags.State {
	e, known := f.Environments[name]
	if !known || !e.Enabled || f.Archived != nil && *f.Archived {
		return flags.Off
	}
	s := flags.State{Serves: "on", Rules: []any{e, f.DefaultValue}}
	var live []rule
	for _, r := range e.Rules {
		if r.Enabled == nil || *r.Enabled {
			live = append(live, r)
		}
	}
	if len(live) == 1 && live[0].Type == "rollout" && live[0].Coverage != nil {
		if share := *live[0].Coverage * 100; share >= 0 && share <= 100 {
			s.Serves = flags.Share(share)
		}
	}
	return s
}
