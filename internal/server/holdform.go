package server

import (
	"net/http"
	"slices"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// holdForm holds the deploys of a service, as the form on its page says.
func (s *Server) holdForm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	service := sources.OneLine(r.PathValue("service"), sources.MaxName)
	d, err := s.serviceForm(r, service)
	if err != nil {
		return err
	}
	if d.Why == "" {
		return problem(http.StatusBadRequest, "the hold needs a reason", "say why: whoever may not deploy reads it")
	}
	until, err := holdUntil(r.PostForm.Get("for"), s.Now())
	if err != nil {
		return err
	}
	_, _, err = s.Engine.Hold(r.Context(), store.Hold{
		Service: service, Environment: sources.OneLine(r.PostForm.Get("environment"), sources.MaxName), Why: d.Why, Actor: d.Actor, Until: until,
	})
	if err != nil {
		return s.holdProblem(err)
	}
	http.Redirect(w, r, web.ServicePath(service), http.StatusSeeOther)
	return nil
}

// holdUntil is when a hold ends that lasts as long as the form offers; zero for one that somebody ends.
func holdUntil(lasts string, now time.Time) (time.Time, error) {
	if !slices.ContainsFunc(web.Durations, func(c web.Choice) bool { return c.Value == lasts }) {
		return time.Time{}, problem(http.StatusBadRequest, "nobody can tell how long the hold is to last", "choose one of the times of the form")
	}
	if lasts == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseDuration(lasts)
	return now.Add(d), err
}

// releaseForm ends a hold of the service on whose page it stands.
func (s *Server) releaseForm(w http.ResponseWriter, r *http.Request) error {
	if err := readForm(w, r); err != nil {
		return err
	}
	service, id := sources.OneLine(r.PathValue("service"), sources.MaxName), r.PostForm.Get("id")
	d, err := s.serviceForm(r, service)
	if err != nil {
		return err
	}
	held, err := s.Store.Holds(r.Context(), s.Now())
	if err != nil {
		return s.storeProblem(err)
	}
	if !slices.ContainsFunc(held, func(h store.Hold) bool { return h.ID == id && h.Service == service }) {
		return problem(http.StatusNotFound, "no hold of this service with that id is in force", "it may have ended; /holds lists the holds")
	}
	if _, err := s.Engine.Release(r.Context(), id, d.Actor); err != nil {
		return s.holdProblem(err)
	}
	http.Redirect(w, r, web.ServicePath(service), http.StatusSeeOther)
	return nil
}
