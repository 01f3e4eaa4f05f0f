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

func (s *Server) incidentOperations(h huma.API) {
	operation := func(id, method, path, summary, description string, metadata map[string]any, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Incidents"}, Errors: append([]int{401, 403}, errs...), Metadata: metadata}
	}
	huma.Register(h, operation("list-incidents", http.MethodGet, "/v1/incidents", "Periods that profiles are learned without", "", nil), s.listIncidents)
	huma.Register(h, operation("note-incident", http.MethodPost, "/v1/incidents", "Learn profiles without a period",
		"Profiles whose history it overlaps are learned again, without it.", operateOn()), s.noteIncident)
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
	if b.To.IsZero() {
		b.To = now
	}
	switch {
	case b.To.After(now):
		return nil, problem(http.StatusUnprocessableEntity, "to is in the future", "leave it out for an incident that lasts until now, and note the rest when it is over")
	case !b.From.Before(b.To):
		return nil, problem(http.StatusUnprocessableEntity, "from is not before to", "give the earlier time as from")
	case b.To.Sub(b.From) > maxIncident:
		return nil, problem(http.StatusUnprocessableEntity, "an incident of more than 90 days is too long", "no history is that long: give the period that was unusual")
	}
	i, err := s.Engine.NoteIncident(ctx, store.Incident{
		Service: b.Service, Environment: b.Environment, From: b.From, To: b.To, Why: b.Why, Actor: by,
	})
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
	s.Log.Error("cannot store an incident or its removal; nothing is changed", "error", err)
	return problem(http.StatusServiceUnavailable, "this could not be stored", "try again; see /readyz and the log")
}
