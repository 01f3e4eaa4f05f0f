// Package standardwebhooks reads webhooks in the form that the Standard Webhooks specification recommends
// (https://www.standardwebhooks.com), whose data is an event in Pushback's own JSON (see package generic):
//
//	{"type": "deploy.succeeded", "timestamp": "2026-11-29T14:00:00Z", "data": {"service": "cart", "version": "v42"}}
//
// The last word of type gives the status that data leaves out, and timestamp its at. A type whose last word
// is none of started, succeeded and failed is ignored, unless data has a status. event_id and change_id are made as package
// generic makes them, of the signed body: webhook-id is signed as well, but a token does not sign it.
//
// The sender proves itself by a Standard Webhooks signature or a token in Authorization; one secret serves both.
package standardwebhooks

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one sender of Standard Webhooks in pushback.yml.
type Config struct {
	webhook.Config `yaml:",inline"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.New(o, c.Config, c.read, signature.StandardWebhooks(), signature.Token("Authorization"))
}

// delivery is the recommended form of a payload.
type delivery struct {
	Type      string          `json:"type"`
	Timestamp time.Time       `json:"timestamp"`
	Data      json.RawMessage `json:"data"`
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	if err := (webhook.Required{{"type", d.Type}, {"data", string(d.Data)}}).Check(); err != nil {
		return nil, err
	}
	status := sources.Status(d.Type[strings.LastIndex(d.Type, ".")+1:])
	told := status == sources.Started || status == sources.Succeeded || status == sources.Failed
	var e sources.Event
	if err := changes.DecodeStrict(d.Data, &e); err != nil {
		if !told {
			return nil, changes.Ignored("type does not end in started, succeeded or failed")
		}
		return nil, err
	}
	if !told && e.Status == "" {
		return nil, changes.Ignored("type does not end in started, succeeded or failed")
	}
	e.Status = cmp.Or(e.Status, status)
	if e.At.IsZero() {
		e.At = d.Timestamp
	}
	return c.complete(e)
}

// complete checks and fills what makes a generic event whole.
func (c Config) complete(e sources.Event) ([]sources.Event, error) {
	if err := (webhook.Required{{"data.service", e.Service}}).Check(); err != nil {
		return nil, err
	}
	switch {
	case e.At.IsZero():
		return nil, changes.Bad("data.at and timestamp are missing")
	case e.ChangeID == "" && e.Status == sources.Started:
		return nil, changes.Bad("data.change_id is missing: a started change needs one, for its end to find it")
	}
	e.Kind = cmp.Or(e.Kind, c.Kind)
	place := []string{e.Service, cmp.Or(e.Environment, c.Environment), e.Region, string(e.Kind), e.Group}
	change := webhook.ID(append(place, cmp.Or(e.ChangeID, e.Version+"/"+e.At.UTC().Format(time.RFC3339Nano)))...)
	e.EventID = cmp.Or(e.EventID, change+":"+string(e.Status))
	e.ChangeID = cmp.Or(e.ChangeID, change)
	return []sources.Event{e}, nil
}
