package server

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// A message that asks for approval has a link with a token, which is valid for
// its one order, until that is decided. Whoever follows the link needs no other
// token, and can only read the page and press one of two buttons. Reading the page
// decides nothing, because chats and mail scanners follow links by themselves.

// approvePage shows the order that a link is about, with the two buttons.
func (s *Server) approvePage(w http.ResponseWriter, r *http.Request) {
	token := r.URL.Query().Get("token")
	if err := s.checkLink(r, token); err != nil {
		s.problemPage(w, r, err)
		return
	}
	s.showApproval(w, r, token)
}

// checkLink returns the problem with a link's token, nil if it is valid.
func (s *Server) checkLink(r *http.Request, token string) error {
	err := s.Engine.CheckLink(r.Context(), r.PathValue("key"), token)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, rollback.ErrInvalidLink):
		return problem(http.StatusForbidden, err.Error(), "sign in to see the state of the rollback")
	case errors.Is(err, store.ErrNotFound):
		return noOrder
	}
	return s.storeProblem(err)
}

func (s *Server) showApproval(w http.ResponseWriter, r *http.Request, token string) {
	o, err := s.Store.Order(r.Context(), r.PathValue("key"))
	if err != nil {
		s.problemPage(w, r, s.storeProblem(err))
		return
	}
	view := orderView(order(o))
	page := web.Approval{
		Frame: s.frame(r, "Roll back "+o.Change.Service+"?"), Key: o.Key, Service: o.Change.Service, Environment: o.Change.Environment,
		Version: o.Change.Version, Thing: o.Change.Thing(), Token: token, Order: view,
	}
	page.Here = "/changes/" + url.PathEscape(o.Key) // not the link, because its token would become part of the sign-in's address
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if err := s.pages.Approval(w, page); err != nil {
		s.Log.Error("cannot render a page; the reader gets an incomplete answer", "path", r.URL.Path, "error", err)
	}
}

// decisionHandler handles the forms that approve or reject an order. It takes
// them from whoever may change anything, and from whoever has the order's link. The
// journal says of a decision if it was made by the link.
func (s *Server) decisionHandler(decide decision) http.HandlerFunc {
	signedIn := s.serviceFormHandler(Responder, func(w http.ResponseWriter, r *http.Request) error { return s.decideForm(w, r, decide) })
	return func(w http.ResponseWriter, r *http.Request) {
		if err := readForm(w, r); err != nil {
			s.problemPage(w, r, err)
			return
		}
		token := r.PostForm.Get("token")
		if token == "" {
			signedIn(w, r)
			return
		}
		if err := s.decideByLink(r, token, decide); err != nil {
			s.problemPage(w, r, err)
			return
		}
		s.showApproval(w, r, "")
	}
}

// decideByLink decides whatever role the sender has: the link is the right to. If they are signed in, it is they
// who decide, whatever name the form has.
func (s *Server) decideByLink(r *http.Request, token string, decide decision) error {
	if err := s.checkLink(r, token); err != nil {
		return err
	}
	d, err := formDecision(r)
	if err != nil {
		return err
	}
	d.Actor = identityOf(r.Context()).Actor(d.Actor) + " (by the link of the message)"
	if err := decide(r.Context(), r.PathValue("key"), d); err != nil {
		return s.orderProblem(err)
	}
	return nil
}
