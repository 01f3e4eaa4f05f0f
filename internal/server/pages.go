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
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// pageHandler handles a page for readers, and sends whoever may not read to the
// sign-in page.
func (s *Server) pageHandler(show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.htmlHandler(identity.Read, show)
}

// formHandler handles a page's form for whoever has the role that it needs for every service, and sends
// strangers to the sign-in page.
func (s *Server) formHandler(needs Role, take func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.htmlHandler(scopeOf(needs), func(w http.ResponseWriter, r *http.Request) error {
		if err := checkAllTeams(s.who(r), scopeOf(needs)); err != nil {
			return err
		}
		return take(w, r)
	})
}

// serviceFormHandler is formHandler for a form about one service, whose take checks by checkTeam whose it is.
func (s *Server) serviceFormHandler(needs Role, take func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.htmlHandler(scopeOf(needs), take)
}

func (s *Server) htmlHandler(does identity.Scope, show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := s.refusal(r, does)
		if err != nil && s.asProblem(err).Status == http.StatusUnauthorized {
			http.Redirect(w, r, "/signin?next="+url.QueryEscape(returnPath(r)), http.StatusSeeOther)
			return
		}
		if err == nil {
			err = show(w, r)
		}
		if err != nil {
			s.problemPage(w, r, err)
		}
	}
}

// returnPath returns the page to show after signing in: the requested one, or the
// one with the form.
func returnPath(r *http.Request) string {
	if r.Method == http.MethodGet {
		return here(r)
	}
	if service := r.PathValue("service"); service != "" {
		return web.ServicePath(service)
	}
	if page, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); page != "changes" {
		return "/" + page
	}
	return "/changes/" + url.PathEscape(r.PathValue("key"))
}

// here is the address of a page, to come back to after signing in. The token of an approval
// link is left out: it would stand in the address of the sign-in, and who is signed in needs none.
func here(r *http.Request) string {
	if r.URL.Query().Has("token") {
		return r.URL.EscapedPath()
	}
	return r.URL.RequestURI()
}

// viewer is the frame of a page as far as it is about who reads.
func (s *Server) viewer(r *http.Request, title string) web.Frame {
	f := web.Frame{Title: title, SignedIn: s.signedIn(r), CanSign: s.TokenFile != "" || s.SignIn != nil, Here: here(r)}
	i := s.who(r)
	f.AskName = !i.Personal()
	if f.SignedIn {
		f.Who, f.Role = whoText(i), i.Role().String()
		f.MayRespond, f.MayOperate = i.May(identity.Respond), i.May(identity.Operate)
	}
	return f
}

// about is the frame of a page about one service, whose reader may do there what they may do for its team; "" is a page
// about all.
func (s *Server) about(r *http.Request, service string, f web.Frame) web.Frame {
	if service != "" {
		f.MayRespond = f.MayRespond && s.mayFor(r, identity.Respond, service)
		f.MayOperate = f.MayOperate && s.mayFor(r, identity.Operate, service)
	}
	return f
}

func (s *Server) frame(r *http.Request, title string) web.Frame {
	f := s.viewer(r, title)
	if !s.who(r).May(identity.Read) {
		return f // what stops or troubles Pushback is for readers
	}
	if s.Frozen != nil {
		f.Frozen, f.FrozenBy = s.Frozen()
	}
	f.Holds = s.holdSentences(r.Context())
	for _, p := range s.Ready() {
		f.Troubles = append(f.Troubles, web.Trouble(p))
	}
	return f
}

// whoText is who is signed in, for the head of a page.
func whoText(i identity.Identity) string {
	if i.How == identity.Shared && i.Name == "" {
		return "a shared token"
	}
	return i.Actor("")
}

// holdSentences describes the holds in force, one sentence each. If they cannot
// be read, the page is shown without them, because the rest of it may be needed.
func (s *Server) holdSentences(ctx context.Context) (sentences []string) {
	held, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		s.Log.Error("cannot read the holds; showing a page without them", "error", err)
	}
	for _, h := range held {
		what := "Deploys of " + cmp.Or(h.Service, "every service") + " are held"
		if h.Kind == store.FleetHold {
			what = "All automatic rollbacks and all deploys are held"
		}
		sentences = append(sentences, fmt.Sprintf("%s by %s: %s (pushback release %s)", what, h.Actor, h.Why, h.ID))
	}
	return sentences
}

// asProblem is an error as it is answered.
func (s *Server) asProblem(err error) *api.Problem {
	var p *api.Problem
	if !errors.As(err, &p) {
		s.Log.Error("cannot answer a request; answering 500", "error", err)
		p = problem(http.StatusInternalServerError, "this could not be answered", "the log says why")
	}
	return p
}

func (s *Server) problemPage(w http.ResponseWriter, r *http.Request, err error) {
	p := s.asProblem(err)
	s.writeProblemPage(w, r, s.frame(r, p.Title), p)
}

// olderPage returns the address of the next page with the same filters.
func olderPage(q url.Values, before time.Time) string {
	if before.IsZero() {
		return ""
	}
	q.Set("before", before.Format(time.RFC3339Nano))
	return "/changes?" + q.Encode()
}

func (s *Server) changePage(w http.ResponseWriter, r *http.Request) error {
	c, err := s.findChange(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	return s.showShared(w, r, c.Service+" "+c.What(), c.Service, func(ctx context.Context, f web.Frame) (*web.Rendered, error) {
		e, err := s.explain(ctx, c)
		if err != nil {
			return nil, s.storeProblem(err)
		}
		page := s.changePageOf(e)
		page.Frame = f
		return s.pages.RenderChange(page)
	})
}

func (s *Server) approveDecision(ctx context.Context, key string, d api.Decision) error {
	return s.Engine.Approve(ctx, key, d.Actor, d.Why)
}

func (s *Server) rejectDecision(ctx context.Context, key string, d api.Decision) error {
	return s.Engine.Reject(ctx, key, d.Actor, d.Why)
}

// formDecision returns the decision in a form that was read, in the name of the sender.
func formDecision(r *http.Request) (api.Decision, error) {
	d := api.Decision{Actor: sources.OneLine(r.PostForm.Get("actor"), sources.MaxName), Why: secret.BlotLinks(sources.OneLine(r.PostForm.Get("why"), sources.MaxText))}
	if identityOf(r.Context()).Actor(d.Actor) == "" {
		return d, problem(http.StatusBadRequest, "the decision needs a name", "fill in your name")
	}
	return d, nil
}

// serviceForm is what a form about a service says, and who says it: nobody whose team does not own it.
func (s *Server) serviceForm(r *http.Request, service string) (d api.Decision, err error) {
	if err := s.checkTeam(r.Context(), identity.Respond, service); err != nil {
		return d, err
	}
	if d, err = formDecision(r); err != nil {
		return d, err
	}
	d.Actor, err = actor(r.Context(), d.Actor)
	return d, err
}

// decideForm approves or rejects an order as a form says, and redirects to the
// change's page.
func (s *Server) decideForm(w http.ResponseWriter, r *http.Request, decide decision) error {
	d, err := formDecision(r)
	if err != nil {
		return err
	}
	key := r.PathValue("key")
	if _, err := s.decide(r.Context(), key, d, decide); err != nil {
		return err
	}
	http.Redirect(w, r, "/changes/"+url.PathEscape(key), http.StatusSeeOther)
	return nil
}
