package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Places reads what the pages of orders, holds, incidents and the audit show.
type Places interface {
	FindOrders(ctx context.Context, f store.OrderFilter) ([]rollback.Order, error)
	OrderSteps(ctx context.Context, keys []string) (map[string][]store.Entry, error)
	PastHolds(ctx context.Context, now, before time.Time, limit int) ([]store.Hold, error)
	OpenIncidents(ctx context.Context) ([]store.Incident, error)
	PastIncidents(ctx context.Context, before time.Time, limit int) ([]store.Incident, error)
	Incident(ctx context.Context, id string) (store.Incident, error)
	ChangesBetween(ctx context.Context, service, environment string, from, to time.Time, limit int) ([]store.Change, error)
	FindJournal(ctx context.Context, f store.JournalFilter) ([]store.FoundEntry, error)
	JournalEnds(ctx context.Context) (first, last int64, err error)
	JournalChecks(ctx context.Context) (map[string]store.JournalCheck, error)
	Audit(ctx context.Context, from, to time.Time, each func(store.Entry) error) error
	PackedProfile(ctx context.Context, hash string) ([]byte, error)
	LastSent(ctx context.Context, receivers []string) (map[string]time.Time, error)
}

// placePage is how many orders, past holds or incidents a page shows.
const placePage = 25

// registerPlaces registers the pages beside those of changes and rules, with their forms.
func (s *Server) registerPlaces(mux *http.ServeMux) {
	mux.HandleFunc("GET /orders", s.pageHandler(s.ordersPage))
	mux.HandleFunc("POST /orders/{key}/approve", s.placeForm(Responder, s.approveFromOrders))
	mux.HandleFunc("POST /orders/{key}/reject", s.placeForm(Responder, s.rejectFromOrders))

	mux.HandleFunc("GET /holds", s.pageHandler(s.holdsPage))
	mux.HandleFunc("POST /holds", s.placeForm(Responder, s.holdFromPage))
	mux.HandleFunc("GET /holds/{id}/release", s.serviceFormHandler(Responder, s.confirmRelease))
	mux.HandleFunc("POST /holds/{id}/release", s.placeForm(Responder, s.releaseFromPage))
	if s.Freezer != nil {
		mux.HandleFunc("POST /holds/freeze", s.placeForm(Operator, s.freezeFromPage))
		mux.HandleFunc("GET /holds/unfreeze", s.formHandler(Operator, s.confirmUnfreeze))
		mux.HandleFunc("POST /holds/unfreeze", s.placeForm(Operator, s.unfreezeFromPage))
		mux.HandleFunc("GET /holds/lift", s.formHandler(Operator, s.confirmLift))
		mux.HandleFunc("POST /holds/lift", s.placeForm(Operator, s.liftFromPage))
	}

	mux.HandleFunc("GET /incidents", s.pageHandler(s.incidentsPage))
	mux.HandleFunc("POST /incidents", s.placeForm(Operator, s.declareFromPage))
	mux.HandleFunc("GET /incidents/{id}/end", s.serviceFormHandler(Operator, s.confirmEnd))
	mux.HandleFunc("POST /incidents/{id}/end", s.placeForm(Operator, s.endFromPage))
	mux.HandleFunc("GET /incidents/{id}/remove", s.serviceFormHandler(Operator, s.confirmRemove))
	mux.HandleFunc("POST /incidents/{id}/remove", s.placeForm(Operator, s.removeFromPage))

	mux.HandleFunc("GET /audit", s.pageHandler(s.auditPage))
	mux.HandleFunc("GET /connections", s.pageHandler(s.connectionsPage))
	if s.Rules != nil {
		mux.HandleFunc("GET /rules/{rule}/promote", s.serviceFormHandler(Operator, s.confirmPromote))
		mux.HandleFunc("POST /rules/{rule}/promote", s.placeForm(Operator, s.promoteFromPage))
		mux.HandleFunc("GET /rules/{rule}/demote", s.serviceFormHandler(Operator, s.confirmDemote))
		mux.HandleFunc("POST /rules/{rule}/demote", s.placeForm(Operator, s.demoteFromPage))
	}
}

// placeForm handles a form that leads back to a page, which then says what happened. The form does what an operation of
// the API does, which checks whose the service is.
func (s *Server) placeForm(needs Role, take func(*http.Request) (page, did string, err error)) http.HandlerFunc {
	return s.serviceFormHandler(needs, func(w http.ResponseWriter, r *http.Request) error {
		if err := readForm(w, r); err != nil {
			return err
		}
		page, did, err := take(r)
		if err != nil {
			return err
		}
		http.Redirect(w, r, page+"?did="+url.QueryEscape(did), http.StatusSeeOther)
		return nil
	})
}

// saidAfter are what pages say after a form. The address names one of them and holds no text of its own.
var saidAfter = map[string]string{
	"approve":  "The rollback is approved. The guards are asked next.",
	"reject":   "The rollback is called off.",
	"hold":     "It is held.",
	"release":  "The hold is released.",
	"freeze":   "All rollbacks are frozen.",
	"unfreeze": "The freeze is lifted. Rollbacks go on.",
	"lift":     "Everything that was shown is lifted.",
	"declare":  "The incident is declared.",
	"end":      "The incident has ended.",
	"remove":   "The incident is taken back.",
	"promote":  "The rule is promoted.",
	"demote":   "The rule is demoted.",
}

func said(r *http.Request) string { return saidAfter[r.URL.Query().Get("did")] }

// showConfirm answers with the page of a second step.
func (s *Server) showConfirm(w http.ResponseWriter, r *http.Request, c web.Confirm) error {
	c.Frame = s.frame(r, c.Question)
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	return s.pages.Confirm(w, c)
}

// field is a line of a form.
func field(r *http.Request, name string, most int) string {
	return secret.BlotLinks(sources.OneLine(r.PostForm.Get(name), most))
}

// needWhy is the reason in a form, which must have one.
func needWhy(r *http.Request) (string, error) {
	why := field(r, "why", sources.MaxText)
	if why == "" {
		return "", problem(http.StatusBadRequest, "this needs a reason", "fill in why: everybody reads it who meets the consequences")
	}
	return why, nil
}

// durations are for how long something may hold.
var durations = []web.Choice{
	{Value: "", Label: "until somebody ends it"},
	{Value: "30m", Label: "30 minutes"},
	{Value: "1h", Label: "1 hour"},
	{Value: "2h", Label: "2 hours"},
	{Value: "4h", Label: "4 hours"},
	{Value: "12h", Label: "12 hours"},
	{Value: "24h", Label: "1 day"},
	{Value: "72h", Label: "3 days"},
	{Value: "168h", Label: "1 week"},
}

// stopForm is who stops something, why, and until when, which is zero for what somebody ends.
func (s *Server) stopForm(r *http.Request) (d api.Decision, end time.Time, err error) {
	if d, err = formDecision(r); err != nil {
		return d, end, err
	}
	if d.Why, err = needWhy(r); err != nil {
		return d, end, err
	}
	end, err = s.endOf(r)
	return d, end, err
}

// durationsWith are the durations for a form that begins with one of them.
func durationsWith(value string) []web.Choice {
	all := slices.Clone(durations)
	for i := range all {
		all[i].Chosen = all[i].Value == value
	}
	return all
}

// endOf is when what a form sets ends by itself; zero for never.
func (s *Server) endOf(r *http.Request) (time.Time, error) {
	value := r.PostForm.Get("for")
	if !slices.ContainsFunc(durations, func(c web.Choice) bool { return c.Value == value }) {
		return time.Time{}, problem(http.StatusBadRequest, "that is not one of the durations", "choose one of the list")
	}
	if value == "" {
		return time.Time{}, nil
	}
	d, err := time.ParseDuration(value)
	return s.Now().Add(d).UTC(), err
}

// knownServices complete what is typed.
func (s *Server) knownServices() []string {
	if s.Services == nil {
		return nil
	}
	names := slices.Sorted(slices.Values(s.Services()))
	return slices.Compact(names[:min(len(names), maxKnown)])
}

// maxKnown bounds how many services a page lists to complete what is typed.
const maxKnown = 500

// beforeIn is the time up to which a page goes back; zero on the first.
func beforeIn(r *http.Request) time.Time {
	at, err := time.Parse(time.RFC3339Nano, r.URL.Query().Get("before"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// olderThan is the address of the page after one whose last row is of a time; "" if there is none.
func olderThan(r *http.Request, more bool, last time.Time) string {
	if !more {
		return ""
	}
	q := r.URL.Query()
	q.Del("did")
	q.Set("before", last.UTC().Format(time.RFC3339Nano))
	return r.URL.Path + "?" + q.Encode()
}
