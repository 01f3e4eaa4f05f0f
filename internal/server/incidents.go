package server

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// maxIncident is the longest incident: no history is longer.
const maxIncident = 90 * 24 * time.Hour

type incidentInput struct{ Body api.NewIncident }

type endIncidentInput struct {
	ID   string `path:"id" maxLength:"50"`
	Body api.IncidentEnd
}

func (s *Server) incidentOperations(h huma.API) {
	operation := func(id, method, path, summary, description string, metadata map[string]any, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Incidents"}, Errors: append([]int{401, 403}, errs...), Metadata: metadata}
	}
	huma.Register(h, operation("list-incidents", http.MethodGet, "/v1/incidents", "Periods that profiles are learned without", "", nil), s.listIncidents)
	huma.Register(h, operation("note-incident", http.MethodPost, "/v1/incidents", "Learn profiles without a period",
		"Profiles whose history it overlaps are learned again, without it.", operateOn()), s.noteIncident)
	huma.Register(h, operation("end-incident", http.MethodPost, "/v1/incidents/{id}/end", "End an incident that goes on",
		"What turned bad in it is cleared.", operateOn(), 404, 409), s.endIncident)
	huma.Register(h, operation("remove-incident", http.MethodPost, "/v1/incidents/{id}/remove", "Learn profiles from a period again",
		"Profiles whose history it overlaps are learned again, with it.", operateOn(), 404), s.removeIncident)
}

func (s *Server) listIncidents(ctx context.Context, _ *struct{}) (*answerOf[api.Incidents], error) {
	found, err := s.Store.Incidents(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	all := []api.Incident{}
	for _, i := range found {
		all = append(all, incident(i))
	}
	return &answerOf[api.Incidents]{Body: api.Incidents{Incidents: all}}, nil
}

func incident(i store.Incident) api.Incident {
	return api.Incident{ID: i.ID, Service: i.Service, Environment: i.Environment, From: i.From, To: i.To, Why: i.Why, Actor: i.Actor, At: i.At}
}

func (s *Server) noteIncident(ctx context.Context, in *incidentInput) (*answerOf[api.Incident], error) {
	b, now := in.Body, s.Now()
	if err := s.checkTeam(ctx, identity.Operate, b.Service); err != nil {
		return nil, err
	}
	by, err := actor(ctx, b.Actor)
	if err != nil {
		return nil, err
	}
	if b.To.IsZero() && !b.Open {
		b.To = now
	}
	if err := checkIncident(b, now); err != nil {
		return nil, err
	}
	i, err := s.Engine.NoteIncident(ctx, store.Incident{
		Service: b.Service, Environment: b.Environment, From: b.From, To: b.To, Why: b.Why, Actor: by,
	})
	if err != nil {
		return nil, s.incidentProblem(err)
	}
	return &answerOf[api.Incident]{Body: incident(i)}, nil
}

// checkIncident refuses a period that no incident can have.
func checkIncident(b api.NewIncident, now time.Time) error {
	until := b.To
	if b.Open {
		until = now
	}
	switch {
	case b.Open && !b.To.IsZero():
		return problem(http.StatusUnprocessableEntity, "an incident that goes on has no end", "leave out to, or open")
	case until.After(now):
		return problem(http.StatusUnprocessableEntity, "to is in the future", "leave it out for an incident that lasts until now, or say open for one that goes on")
	case !b.From.Before(until):
		return problem(http.StatusUnprocessableEntity, "from is not before to", "give the earlier time as from")
	case until.Sub(b.From) > maxIncident:
		return problem(http.StatusUnprocessableEntity, "an incident of more than 90 days is too long", "no history is that long: give the period that was unusual")
	}
	return nil
}

func (s *Server) endIncident(ctx context.Context, in *endIncidentInput) (*answerOf[api.Incident], error) {
	end, now := in.Body.To, s.Now()
	if end.IsZero() {
		end = now
	}
	if end.After(now) {
		return nil, problem(http.StatusUnprocessableEntity, "to is in the future", "leave it out for an incident that ends now")
	}
	if err := s.checkTeamOfIncident(ctx, in.ID); err != nil {
		return nil, err
	}
	by, err := actor(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	i, err := s.Engine.EndIncident(ctx, in.ID, by, end)
	if err != nil {
		return nil, s.incidentProblem(err)
	}
	return &answerOf[api.Incident]{Body: incident(i)}, nil
}

func (s *Server) removeIncident(ctx context.Context, in *releaseInput) (*answerOf[api.Incident], error) {
	if err := s.checkTeamOfIncident(ctx, in.ID); err != nil {
		return nil, err
	}
	by, err := actor(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	i, err := s.Engine.RemoveIncident(ctx, in.ID, by)
	if err != nil {
		return nil, s.incidentProblem(err)
	}
	return &answerOf[api.Incident]{Body: incident(i)}, nil
}

// incidentProblem returns the problem that answers an error of storing an
// incident.
func (s *Server) incidentProblem(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return problem(http.StatusNotFound, "there is no incident of that id", "GET /v1/incidents lists the incidents")
	}
	if errors.Is(err, store.ErrConflict) {
		return problem(http.StatusConflict, "the incident has ended, or began after the end that was given", "GET /v1/incidents shows when")
	}
	s.Log.Error("cannot store an incident or its removal; nothing is changed", "error", err)
	return problem(http.StatusServiceUnavailable, "this could not be stored", "try again; see /readyz and the log")
}
