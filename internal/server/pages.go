package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// page wraps a page for readers. A browser that may not read is sent to sign in.
func (s *Server) page(show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.shown(s.mayRead, show)
}

// form wraps what a page's form sends: only who may change anything.
func (s *Server) form(take func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.shown(s.mayChange, take)
}

func (s *Server) shown(may func(*http.Request) bool, show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		if !may(r) {
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(pageAfter(r)), http.StatusSeeOther)
			return
		}
		if err := show(w, r); err != nil {
			s.problemPage(w, r, err)
		}
	}
}

// pageAfter is where to go once signed in: the page asked for, or the one the
// form was on.
func pageAfter(r *http.Request) string {
	if r.Method == http.MethodGet {
		return r.URL.RequestURI()
	}
	return "/changes/" + url.PathEscape(r.PathValue("key"))
}

func (s *Server) frame(r *http.Request, title string) web.Frame {
	f := web.Frame{Title: title, SignedIn: s.signedIn(r), CanSign: s.TokenFile != "", Here: r.URL.RequestURI()}
	if s.Frozen != nil {
		if frozen, why := s.Frozen(); frozen {
			f.Frozen = why
		}
	}
	if s.mayRead(r) {
		f.Holds = s.heldNow(r.Context())
		for _, p := range s.Ready() {
			f.Troubles = append(f.Troubles, web.Trouble(p))
		}
	}
	return f
}

// heldNow is what is held, in sentences. A page is shown without them where
// they cannot be read: what else is on it may be why somebody looks.
func (s *Server) heldNow(ctx context.Context) (sentences []string) {
	held, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		s.Log.Error("the holds could not be read", "error", err)
	}
	for _, h := range held {
		what := "Pushes of " + cmp.Or(h.Service, "every service") + " are held"
		if h.Kind == store.FleetHold {
			what = "All automatic rollbacks, and all pushes, are held"
		}
		sentences = append(sentences, fmt.Sprintf("%s by %s: %s (pushback release %s)", what, h.Actor, h.Why, h.ID))
	}
	return sentences
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, err error) {
	var p *api.Problem
	if !errors.As(err, &p) {
		s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
		p = problem(http.StatusInternalServerError, "this page could not be shown", "the log says why")
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	page := web.Problem{Frame: s.frame(r, p.Title), Status: p.Status, Detail: p.Detail, Hint: p.Hint, Keys: p.Keys}
	if err := s.pages.Problem(w, page); err != nil {
		s.Log.Error("a page could not be shown", "path", r.URL.Path, "error", err)
	}
}

func (s *Server) listPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f := store.ChangeFilter{Service: q.Get("service"), Environment: q.Get("environment"), Limit: defaultPage}
	if at, err := time.Parse(time.RFC3339Nano, q.Get("before")); err == nil {
		f.Before = at
	}
	changes, err := s.list(r.Context(), f)
	if err != nil {
		return s.unreadable(err)
	}
	waiting, err := s.waiting(r.Context())
	if err != nil {
		return s.unreadable(err)
	}
	l := web.List{Frame: s.frame(r, "Changes"), Service: f.Service, Environment: f.Environment, Waiting: waiting}
	l.Days, l.Older = web.ByDay(rows(changes.Changes)), older(q, changes.Before)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.List(w, l)
}

// older is the address of the next page under the same filters.
func older(q url.Values, before time.Time) string {
	if before.IsZero() {
		return ""
	}
	q.Set("before", before.Format(time.RFC3339Nano))
	return "/?" + q.Encode()
}

// waiting is the changes whose rollback waits for a person.
func (s *Server) waiting(ctx context.Context) ([]web.Row, error) {
	found, err := s.Store.Orders(ctx, []rollback.State{rollback.Proposed}, defaultPage)
	waiting := make([]web.Row, len(found))
	for i, o := range found {
		c := api.ChangeSummary{Change: api.Change{Change: o.Change, Key: o.Key}, Order: string(o.State)}
		waiting[i] = row(c)
		waiting[i].At = o.CreatedAt
	}
	return waiting, err
}

func (s *Server) changePage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.find(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	e, err := s.explain(r.Context(), c)
	if err != nil {
		return s.unreadable(err)
	}
	page := changeView(e, s.Now())
	page.Frame = s.frame(r, c.Service+" "+c.Version)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.Change(w, page)
}

func (s *Server) approveSaid(ctx context.Context, key string, said api.Decision) error {
	return s.Engine.Approve(ctx, key, said.Actor)
}

func (s *Server) rejectSaid(ctx context.Context, key string, said api.Decision) error {
	return s.Engine.Reject(ctx, key, said.Actor, said.Why)
}

// saidIn is what a form says to an order.
func saidIn(r *http.Request) (api.Decision, error) {
	said := api.Decision{Actor: oneLine(strings.TrimSpace(r.PostFormValue("actor"))), Why: oneLine(strings.TrimSpace(r.PostFormValue("why")))}
	if said.Actor == "" {
		return said, problem(http.StatusBadRequest, "somebody has to decide", "fill in your name")
	}
	return said, nil
}

// decideForm settles an order as its page's form says, and shows the page.
func (s *Server) decideForm(w http.ResponseWriter, r *http.Request, settle func(key string, said api.Decision) error) error {
	said, err := saidIn(r)
	if err != nil {
		return err
	}
	key := r.PathValue("key")
	if _, err := s.decide(r.Context(), key, func(key string) error { return settle(key, said) }); err != nil {
		return err
	}
	http.Redirect(w, r, "/changes/"+url.PathEscape(key), http.StatusSeeOther)
	return nil
}
