package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// A message that asks holds a link with a token, which serves for its one
// order, once. Whoever follows it needs no other token, and can do nothing but
// read a page and press one of two buttons. Reading alone decides nothing:
// chats and mail scanners follow links by themselves.

// approvePage shows what the link is about.
func (s *Server) approvePage(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	token := r.URL.Query().Get("token")
	if err := s.leads(r, token); err != nil {
		s.problemPage(w, r, err)
		return
	}
	s.showApproval(w, r, token)
}

// leads says whether a link leads on.
func (s *Server) leads(r *http.Request, token string) error {
	err := s.Engine.Admits(r.Context(), r.PathValue("key"), token)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rollback.ErrLink):
		return problem(http.StatusForbidden, err.Error(), "sign in to see how the rollback stands")
	case errors.Is(err, store.ErrNotFound):
		return noOrder
	}
	return s.unreadable(err)
}

func (s *Server) showApproval(w http.ResponseWriter, r *http.Request, token string) {
	o, err := s.Store.Order(r.Context(), r.PathValue("key"))
	if err != nil {
		s.problemPage(w, r, s.unreadable(err))
		return
	}
	view := orderView(order(o))
	page := web.Approval{
		Frame: s.frame(r, "Roll back "+o.Change.Service+"?"), Key: o.Key, Service: o.Change.Service, Environment: o.Change.Environment,
		Version: o.Change.Version, Token: token, Order: view,
	}
	page.Here = "/changes/" + url.PathEscape(o.Key) // and not the link, which would then stand in the sign-in's address
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := s.pages.Approval(w, page); err != nil {
		s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
	}
}

// deciding wraps the forms that settle an order: for who may change anything,
// and for who comes by the link of this order. The record says of the latter
// that it was the link that let them in.
func (s *Server) deciding(settle func(ctx context.Context, key string, said api.Decision) error) http.HandlerFunc {
	signedIn := s.form(func(w http.ResponseWriter, r *http.Request) error {
		return s.decideForm(w, r, func(key string, said api.Decision) error { return settle(r.Context(), key, said) })
	})
	return func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		token := r.PostFormValue("token")
		if token == "" {
			signedIn(w, r)
			return
		}
		w.Header().Set("Cache-Control", "no-store")
		if err := s.decideByLink(r, token, settle); err != nil {
			s.problemPage(w, r, err)
			return
		}
		s.showApproval(w, r, "")
	}
}

func (s *Server) decideByLink(r *http.Request, token string, settle func(ctx context.Context, key string, said api.Decision) error) error {
	if err := s.leads(r, token); err != nil {
		return err
	}
	said, err := saidIn(r)
	if err != nil {
		return err
	}
	said.Actor += " (by the link of the message)"
	if err := settle(r.Context(), r.PathValue("key"), said); err != nil {
		return s.undecided(err)
	}
	return nil
}
