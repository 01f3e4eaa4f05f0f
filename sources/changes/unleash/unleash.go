// Package unleash turns the webhook of Unleash into events of flags
// (docs.getunleash.io/reference/integrations/webhook).
//
//	type                          the flag then serves
//	feature-environment-enabled   on
//	feature-environment-disabled  off
//	feature-strategy-update       the share of a gradual rollout, or on with other rules
//	feature-strategy-add          the share of the new one
//	feature-strategy-remove       on with other rules
//	feature-archived              off, in every environment: ignored, since Unleash names none
//
// The body is the event as Unleash writes it when no body template is set, or a template of the
// form {"event": {{{eventJson}}}}, in which Unleash puts the same event as a JSON string.
//
// Unleash signs nothing. It sends one Authorization header, which holds the secret. Deliveries
// arrive in any order, so the event's number is their order.
//
// See adr/0118.
package unleash

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/flags"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is a source of kind unleash in pushback.yml.
type Config = flags.Config

// New reads the secrets and checks the settings. Where nothing else names the service, it is the
// project, which the catalogue maps.
func New(o changes.Options, c Config) (*flags.Source, error) {
	return flags.New(o, c, "unleash", signature.Token("Authorization"), read)
}

// delivery holds the fields of an event that are read, under Unleash's names.
type delivery struct {
	ID          int64     `json:"id"`
	Type        string    `json:"type"`
	CreatedBy   string    `json:"createdBy"`
	CreatedAt   time.Time `json:"createdAt"`
	FeatureName string    `json:"featureName"`
	Project     string    `json:"project"`
	Environment string    `json:"environment"`
	Tags        []struct {
		Value string `json:"value"`
	} `json:"tags"`
	Data    *strategy       `json:"data"`
	PreData *strategy       `json:"preData"`
	Event   json.RawMessage `json:"event"` // of a body template
}

// strategy is one activation strategy of a flag.
type strategy struct {
	Name        string            `json:"name"`
	Disabled    bool              `json:"disabled"`
	Parameters  map[string]string `json:"parameters"`
	Constraints json.RawMessage   `json:"constraints"`
	Segments    json.RawMessage   `json:"segments"`
	Variants    json.RawMessage   `json:"variants"`
}

func read(_ http.Header, body []byte) ([]flags.Change, error) {
	d, err := decode(body)
	if err != nil {
		return nil, err
	}
	if d.Type == "" {
		return nil, changes.Bad("type is missing")
	}
	now, before, known := d.states()
	if !known {
		return nil, changes.Ignored("its type is no change of what a flag serves in an environment")
	}
	if d.ID <= 0 {
		return nil, changes.Bad("id is missing: if the integration has a body template, it must hold {{{eventJson}}}")
	}
	c := flags.Change{
		ID: strconv.FormatInt(d.ID, 10), Flag: d.FeatureName, Project: d.Project, Environment: d.Environment,
		Now: now, Before: before, At: d.CreatedAt, Sequence: d.ID, Actor: d.CreatedBy,
	}
	for _, tag := range d.Tags {
		c.Tags = append(c.Tags, tag.Value)
	}
	return []flags.Change{c}, nil
}

// decode reads the event, also where a template has wrapped it: as it is, or as a string.
func decode(body []byte) (d delivery, err error) {
	if err := changes.Decode(body, &d); err != nil || len(d.Event) == 0 {
		return d, err
	}
	inner := []byte(d.Event)
	if inner[0] == '"' {
		var text string
		if err := json.Unmarshal(inner, &text); err != nil {
			return d, changes.Bad("event is not a JSON string")
		}
		inner = []byte(text)
	}
	d = delivery{}
	if !bytes.HasPrefix(inner, []byte("{")) {
		return d, changes.Bad("event is not the event of Unleash: write {\"event\": {{{eventJson}}}} as the body template")
	}
	return d, changes.Decode(inner, &d)
}

// states are what the flag serves after and before the event; false if it serves the same.
func (d delivery) states() (now, before flags.State, known bool) {
	switch d.Type {
	case "feature-environment-enabled":
		return flags.On, flags.Off, true
	case "feature-environment-disabled":
		return flags.Off, flags.On, true
	case "feature-strategy-update", "feature-strategy-add":
		return d.Data.state(), d.PreData.state(), true
	case "feature-strategy-remove":
		return flags.State{Serves: "strategy removed"}, d.PreData.state(), true
	}
	return now, before, false
}

// state is what one strategy serves; the zero State if there is none.
func (s *strategy) state() flags.State {
	if s == nil {
		return flags.State{}
	}
	serves := "on"
	share, err := strconv.ParseFloat(s.Parameters["rollout"], 64)
	switch {
	case s.Disabled:
		serves = "strategy disabled"
	case s.Name == "flexibleRollout" && err == nil && share >= 0 && share <= 100:
		serves = flags.Share(share)
	}
	return flags.State{Serves: serves, Rules: s}
}
