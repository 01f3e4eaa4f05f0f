package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// receive verifies a delivery and then reads and stores it, so that nothing parses a body
// without a valid signature.
func (s *Server) receive(r *http.Request, name string, e Endpoint, body []byte) (status int, answer any, err error) {
	if err := e.Source.Verify(r.Header, body, s.Now()); err != nil {
		return 0, nil, errors.Join(changes.ErrUnauthorized, err)
	}
	if q, err := question(e.Source, r.Header, body); q != nil || err != nil {
		return s.protect(r.Context(), name, e, q, err)
	}
	events, err := e.Source.Parse(r.Header, body)
	if err != nil {
		return 0, nil, err
	}
	all, err := s.take(r.Context(), name, e, s.complete(r.Context(), name, e.Source, events), body)
	if err != nil {
		return 0, nil, err
	}
	accepted := acceptedAll(all)
	accepted.Warnings = s.warnings(all, e.unknown)
	return acceptedStatus(accepted), accepted, nil
}

// question is what a delivery asks; nil where it reports events.
func question(from changes.Source, h http.Header, body []byte) (*changes.Question, error) {
	asker, asks := from.(changes.Asker)
	if !asks {
		return nil, nil
	}
	return asker.Question(h, body)
}

// protect stores a deployment or merge request that a tool holds back. Its names are checked as those of an event are, and the source must
// be allowed to speak for the service.
func (s *Server) protect(ctx context.Context, name string, e Endpoint, q *changes.Question, err error) (int, any, error) {
	if err != nil {
		return 0, nil, err
	}
	if s.Protect == nil {
		return 0, nil, changes.Ignored("nothing answers what waits there: see protection in docs/reports.md. The tool goes on waiting")
	}
	admitted, err := sources.Admit(sources.Event{
		Source: name, EventID: q.Deployment, ChangeID: q.Deployment, Status: sources.Started, At: s.Now(),
		Service: q.Service, Environment: q.Environment, Version: q.Version,
	}, s.Canonical, s.Now())
	if err != nil {
		return 0, nil, err
	}
	ev := admitted.Event()
	if !e.speaksFor(ev.Service) {
		return 0, nil, changes.ErrNotAllowed
	}
	q.Service, q.Environment, q.Version = ev.Service, ev.Environment, ev.Version
	p, added, err := s.Protect(ctx, name, *q)
	if err != nil {
		return 0, nil, err
	}
	status := http.StatusOK
	if added {
		status = http.StatusCreated
	}
	return status, heldDeployment(p), nil
}

// heldDeployment is what a tool holds back, as the API shows it.
func heldDeployment(p store.Protection) api.HeldDeployment {
	return api.HeldDeployment{
		What: p.Wait.Held(), Report: p.Adapter, Service: p.Service, Environment: p.Environment, Version: p.Version,
		WaitsFor: p.Wait.Environment, Since: p.AskedAt, Until: p.Until(), Error: p.LastError,
	}
}
