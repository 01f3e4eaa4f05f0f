package server

import (
	"net/http"
	"slices"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// holdForm holds the deploys of a service, as the form on its page says.
func (s *Server) holdForm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	service := sources.OneLine(r.PathValue("service"), sources.MaxName)
	d, until, err := s.stopForm(r)
	if err != nil {
		return err
	}
	_, err = s.hold(r.Context(), &holdInput{Body: api.NewHold{
		Service: service, Environment: sources.OneLine(r.PostForm.Get("environment"), sources.MaxName), Why: d.Why, Actor: d.Actor, Until: until,
	}})
	if err != nil {
		return err
	}
	http.Redirect(w, r, web.ServicePath(service), http.StatusSeeOther)
	return nil
}

// releaseForm ends a hold of the service on whose page it stands.
func (s *Server) releaseForm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	service, id := sources.OneLine(r.PathValue("service"), sources.MaxName), r.PostForm.Get("id")
	d, err := formDecision(r)
	if err != nil {
		return err
	}
	if err := s.checkTeam(r.Context(), identity.Respond, service); err != nil {
		return err
	}
	held, err := s.Store.Holds(r.Context(), s.Now())
	if err != nil {
		return s.storeProblem(err)
	}
	if !slices.ContainsFunc(held, func(h store.Hold) bool { return h.ID == id && h.Service == service }) {
		return problem(http.StatusNotFound, "no hold of this service with that id is in force", "it may have ended; /holds lists the holds")
	}
	if _, err := s.releaseHold(r.Context(), &releaseInput{ID: id, Body: d}); err != nil {
		return err
	}
	http.Redirect(w, r, web.ServicePath(service), http.StatusSeeOther)
	return nil
}
