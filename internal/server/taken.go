package server

import (
	"context"
	"errors"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// taken is one event of a delivery, as its source sent it, and what came of it.
type taken struct {
	event    sources.Event
	accepted store.Accepted
}

// changesOf are the changes that a delivery is about, the main one first, each with its last event.
func changesOf(all []taken) (each []taken) {
	for _, t := range slices.Backward(all) {
		i := slices.IndexFunc(each, func(o taken) bool { return o.accepted.Change.Key == t.accepted.Change.Key })
		if i < 0 {
			each = append(each, t)
			continue
		}
		each[i].accepted.Created = each[i].accepted.Created || t.accepted.Created // a tool may tell the start with the end
	}
	return each
}

// acceptedAll is the answer to a delivery. A change that one of its events began is a new one.
func acceptedAll(all []taken) api.Accepted {
	each := changesOf(all)
	answer := accepted(each[0].accepted)
	for _, t := range each[1:] {
		c := t.accepted.Change
		answer.Others = append(answer.Others, api.AcceptedChange{Key: c.Key, Service: c.Service, Created: t.accepted.Created, Duplicate: t.accepted.Duplicate})
	}
	return answer
}

func acceptedStatus(a api.Accepted) int {
	if a.Created || slices.ContainsFunc(a.Others, func(c api.AcceptedChange) bool { return c.Created }) {
		return http.StatusCreated
	}
	return http.StatusOK
}

// admittedEvent is an event that may be stored, and as its source sent it.
type admittedEvent struct {
	sources.Admitted
	sent sources.Event
}

// admitEvents puts the configured source's name on the events, whatever source they
// claim, divides them by the files that they touch, and admits them all or none: each must be
// valid, and about a service that this source may speak for.
func (s *Server) admitEvents(events []sources.Event, name string, e Endpoint) (all []admittedEvent, err error) {
	ignored := changes.Ignored("there is no event in it")
	for _, ev := range events {
		ev.Source = name
		parts, byPath, err := e.Paths.Divide(ev)
		if errors.Is(err, changes.ErrIgnored) {
			ignored = err
			continue
		}
		if err != nil {
			return nil, err
		}
		canonical := s.Canonical
		if byPath {
			canonical = nil // the operators wrote the catalogue's names
		}
		for _, part := range parts {
			a, err := sources.Admit(part, canonical, s.Now())
			if err != nil {
				return nil, err
			}
			if !e.speaksFor(a.Event().Service) {
				return nil, changes.ErrNotAllowed
			}
			if err := e.permitted(a.Event().Service); err != nil {
				return nil, err
			}
			all = append(all, admittedEvent{a, part})
		}
	}
	if len(all) == 0 {
		return nil, ignored
	}
	return all, nil
}

// speaksFor says whether the source may report changes of a service.
func (e Endpoint) speaksFor(service string) bool {
	for _, glob := range e.Services {
		if ok, _ := path.Match(withoutSlashes(glob), withoutSlashes(service)); ok {
			return true
		}
	}
	return len(e.Services) == 0
}

// permitted is why the sender may not report changes of a service; nil: they may.
func (e Endpoint) permitted(service string) error {
	if e.permits == nil {
		return nil
	}
	return e.permits(service)
}

// withoutSlashes replaces the slash, which path.Match treats as a separator: a
// service is a name and not a path, and "shop-*" must match "shop-a/b".
func withoutSlashes(s string) string { return strings.ReplaceAll(s, "/", "\x00") }

// accept stores every event of a delivery. If one cannot be stored, the answer is an error: the
// tool sends the delivery again, and the events that were stored are duplicates then.
func (s *Server) accept(ctx context.Context, events []admittedEvent, body []byte) ([]taken, error) {
	all := make([]taken, 0, len(events))
	for _, ev := range events {
		a, err := s.Engine.Accept(ctx, ev.Admitted, body)
		if err != nil {
			return all, err
		}
		s.noteUnknown(ev.Event(), a)
		all = append(all, taken{ev.sent, a})
	}
	return all, nil
}
