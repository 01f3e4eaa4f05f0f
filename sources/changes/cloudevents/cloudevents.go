// Package cloudevents reads CloudEvents that come by HTTP, from a broker such as Knative's, Azure Event
// Grid or EventBridge, whose data is an event in Pushback's own JSON (see package generic). The context gives what
// the data leaves out:
//
//	data           else the context's
//	service        subject
//	at             time
//	status         the status that `types` gives its type, else succeeded
//	event_id       source and id
//	change_id      source and id, of a change that is reported once
//
// A batch is taken whole or not at all. Before a sender delivers it may ask whether it may (HTTP 1.1 Web
// Hooks for Event Delivery, section 4): the server answers for the origins that are listed.
//
// The sender proves itself by a token in Authorization; see package envelope for why not by a signature. A token
// in the address (access_token) is not read, because addresses stand in logs.
package cloudevents

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/envelope"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one sender of CloudEvents in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
	// Types are the types of events that are changes, and what they report. Others are ignored. Empty: every
	// event is a change, and its data says what it reports.
	Types map[string]sources.Status `yaml:"types"`
	// Origins are the names of senders (WebHook-Request-Origin) that may deliver.
	Origins []string `yaml:"origins"`
}

// Source reads CloudEvents, and says who may deliver them.
type Source struct {
	*webhook.Source
	origins []string
}

// New checks the settings.
func New(o changes.Options, c Config) (*Source, error) {
	for name, status := range c.Types {
		if status != sources.Started && status != sources.Succeeded && status != sources.Failed {
			return nil, fmt.Errorf("types: %q is none of started, succeeded, failed", status)
		}
		if name == "" {
			return nil, errors.New("types: a type has no name")
		}
	}
	if slices.Contains(c.Origins, "") || slices.Contains(c.Origins, "*") {
		return nil, errors.New("origins: name each sender, as in eventgrid.azure.net")
	}
	source, err := webhook.NewToken(o, c.TokenConfig, c.read)
	if err != nil {
		return nil, err
	}
	return &Source{source, c.Origins}, nil
}

// AllowsOrigin reports whether a sender of that name may deliver.
func (s *Source) AllowsOrigin(origin string) bool { return slices.Contains(s.origins, origin) }

func (c Config) read(h http.Header, body []byte) ([]sources.Event, error) {
	envelopes, err := envelope.Read(h, body)
	if err != nil {
		return nil, err
	}
	events := make([]sources.Event, 0, len(envelopes))
	for i, one := range envelopes {
		status, known := c.Types[one.Type]
		if len(c.Types) > 0 && !known {
			continue
		}
		e, err := event(one, status)
		if err != nil {
			return nil, at(i, len(envelopes), err)
		}
		events = append(events, e)
	}
	if len(events) == 0 {
		return nil, changes.Ignored("types names none of the types")
	}
	return events, nil
}

// at names the event of a batch that is wrong.
func at(i, of int, err error) error {
	if of == 1 {
		return err
	}
	return changes.Bad("event %d of the batch: %s", i+1, err)
}

// event fills what the data leaves out from the context.
func event(one envelope.Event, status sources.Status) (sources.Event, error) {
	var e sources.Event
	if one.Data == nil {
		return e, changes.Bad("data is missing: send an event of Pushback's, as in POST /v1/events")
	}
	if err := changes.DecodeStrict(one.Data, &e); err != nil {
		return e, err
	}
	id := webhook.ID(one.Source, one.ID)
	e.Service, e.Status = cmp.Or(e.Service, one.Subject), cmp.Or(e.Status, status, sources.Succeeded)
	if e.At.IsZero() {
		e.At = one.Time
	}
	if e.ChangeID == "" && e.Status == sources.Started {
		return e, changes.Bad("data.change_id is missing: a started change needs one, for its end to find it")
	}
	e.EventID, e.ChangeID = cmp.Or(e.EventID, id), cmp.Or(e.ChangeID, id)
	switch {
	case e.Service == "":
		return e, changes.Bad("service is missing: set data.service or subject")
	case e.At.IsZero():
		return e, changes.Bad("at is missing: set data.at or time")
	}
	return e, nil
}
