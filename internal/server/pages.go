package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// pageHandler handles a page for readers, and sends whoever may not read to the
// sign-in page.
func (s *Server) pageHandler(show func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return s.htmlHandler(identity.Read, show)
}

// formHandler handles a page's form for whoever has the role that it needs for every service, and sends
// strangers to the sign-in page.
func (s *Server) formHandler(needs Role, take func(http.ResponseWriter, *http.Request) error) http.HandlerFunc { //nolint:unused // for the forms of further pages
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

func (s *Server) frame(r *http.Request, title string) web.Frame {
	f := web.Frame{Title: title, SignedIn: s.signedIn(r), CanSign: s.TokenFile != "" || s.SignIn != nil, Here: here(r)}
	i := s.who(r)
	f.AskName = !i.Personal()
	if f.SignedIn {
		f.Who, f.Role = whoText(i), i.Role().String()
		f.MayRespond, f.MayOperate = i.May(identity.Respond), i.May(identity.Operate)
	}
	if !i.May(identity.Read) {
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
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(p.Status)
	page := web.Problem{Frame: s.frame(r, p.Title), Status: p.Status, Detail: p.Detail, Hint: p.Hint, Keys: p.Keys}
	if err := s.pages.Problem(w, page); err != nil {
		s.Log.Error("cannot render a page; the reader gets an incomplete answer", "path", r.URL.Path, "error", err)
	}
}

func (s *Server) listPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f := store.ChangeFilter{Service: q.Get("service"), Environment: q.Get("environment"), Limit: defaultPage}
	if at, err := time.Parse(time.RFC3339Nano, q.Get("before")); err == nil {
		f.Before = at
	}
	changes, err := s.readPage(r.Context(), f)
	if err != nil {
		return s.storeProblem(err)
	}
	waiting, err := s.waitingForApproval(r.Context())
	if err != nil {
		return s.storeProblem(err)
	}
	l := web.List{Frame: s.frame(r, "Changes"), Service: f.Service, Environment: f.Environment, Waiting: waiting, Unknown: unknownRows(s.listUnknown())}
	l.Days, l.Older = web.ByDay(rows(changes.Changes)), olderPage(q, changes.Before)
	return showLive(w, r, l, s.pages.List, s.pages.ListSince)
}

// olderPage returns the address of the next page with the same filters.
func olderPage(q url.Values, before time.Time) string {
	if before.IsZero() {
		return ""
	}
	q.Set("before", before.Format(time.RFC3339Nano))
	return "/?" + q.Encode()
}

// waitingForApproval lists the changes whose rollback waits for a person.
func (s *Server) waitingForApproval(ctx context.Context) ([]web.Row, error) {
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
	c, err := s.findChange(r.Context(), r.PathValue("key"))
	if err != nil {
		return err
	}
	e, err := s.explain(r.Context(), c)
	if err != nil {
		return s.storeProblem(err)
	}
	page := s.changePageOf(e)
	page.Frame = s.frame(r, c.Service+" "+c.What())
	page.MayRespond = page.MayRespond && s.mayFor(r, identity.Respond, c.Service)
	page.MayOperate = page.MayOperate && s.mayFor(r, identity.Operate, c.Service)
	return showLive(w, r, page, s.pages.Change, s.pages.ChangeSince)
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
