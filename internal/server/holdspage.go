package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

func (s *Server) holdsPage(w http.ResponseWriter, r *http.Request) error {
	ctx, now := r.Context(), s.Now()
	inForce, err := s.Store.Holds(ctx, now)
	if err != nil {
		return s.storeProblem(err)
	}
	past, err := s.Store.PastHolds(ctx, now, beforeIn(r), placePage+1)
	if err != nil {
		return s.storeProblem(err)
	}
	page := web.Holds{Frame: s.frame(r, "Holds and freezes"), Said: said(r), For: durationsWith(""), Known: s.knownServices()}
	if more := len(past) > placePage; more {
		past = past[:placePage]
		page.Older = olderThan(r, more, past[placePage-1].At)
	}
	page.InForce, page.Past = holdViews(inForce), holdViews(past)
	for i, h := range inForce {
		page.InForce[i].MayRelease = page.MayRespond && s.checkTeam(ctx, identity.Respond, h.Service) == nil
	}
	if page.Freeze, err = s.freezeView(ctx); err != nil {
		return s.storeProblem(err)
	}
	page.Freeze.CanForm = s.Freezer != nil && checkAllTeams(s.who(r), identity.Operate) == nil
	return showLive(w, r, page, s.pages.Holds, s.pages.HoldsSince)
}

func holdViews(holds []store.Hold) []web.Hold {
	views := make([]web.Hold, len(holds))
	for i, h := range holds {
		what := holdWords(h)
		views[i] = web.Hold{
			ID: h.ID, Why: h.Why, Actor: h.Actor, At: h.At, Until: h.Until, EndedBy: h.ReleasedBy, Fleet: h.Kind == store.FleetHold,
			Stops: strings.ToUpper(what[:1]) + what[1:] + " are stopped",
		}
		if views[i].Ended = h.ReleasedAt; h.ReleasedAt.IsZero() {
			views[i].Ended = h.Until
		}
	}
	return views
}

// freezeView is the freeze with who froze, as the journal has it.
func (s *Server) freezeView(ctx context.Context) (web.Freeze, error) {
	now := s.freezeState()
	v := web.Freeze{Frozen: now.Frozen, Why: now.Why, Since: now.Since, Until: now.Until, Window: now.Window}
	replicas, err := s.Store.Replicas(ctx)
	if err != nil {
		return v, err
	}
	for _, r := range replicas {
		if r.Alive {
			v.OneOf++
		}
	}
	if !now.Frozen {
		return v, nil
	}
	v.By, err = s.whoFroze(ctx)
	return v, err
}

// whoFroze is the actor of the newest freeze in the journal; "" where something else wrote the file, or the journal
// does not know of it yet.
func (s *Server) whoFroze(ctx context.Context) (string, error) {
	froze, err := s.Store.FindJournal(ctx, store.JournalFilter{Action: "freeze", Limit: 1})
	if err != nil || len(froze) == 0 {
		return "", err
	}
	lifted, err := s.Store.FindJournal(ctx, store.JournalFilter{Action: "unfreeze", Limit: 1})
	if err != nil || len(lifted) > 0 && lifted[0].Seq > froze[0].Seq || froze[0].Actor == "freeze file" {
		return "", err
	}
	return froze[0].Actor, nil
}

// holdFromPage holds as the API does, so that its guards and the journal are the same.
func (s *Server) holdFromPage(r *http.Request) (page, did string, err error) {
	d, end, err := s.stopForm(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.hold(r.Context(), &holdInput{Unknown: "refuse", Body: api.NewHold{
		Service: field(r, "service", sources.MaxName), Environment: field(r, "environment", sources.MaxName), Why: d.Why, Actor: d.Actor, Until: end,
	}})
	return "/holds", "hold", err
}

func (s *Server) holdInForce(ctx context.Context, id string) (store.Hold, error) {
	all, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		return store.Hold{}, s.storeProblem(err)
	}
	if i := slices.IndexFunc(all, func(h store.Hold) bool { return h.ID == id }); i >= 0 {
		return all[i], s.checkTeam(ctx, identity.Respond, all[i].Service)
	}
	return store.Hold{}, s.holdProblem(store.ErrNotFound)
}

func (s *Server) confirmRelease(w http.ResponseWriter, r *http.Request) error {
	h, err := s.holdInForce(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	follows := "Deploy tools that ask the gate may deploy again, unless something else closes it."
	if h.Kind == store.FleetHold {
		follows = "Automatic rollbacks go on, and deploy tools that ask the gate may deploy again. A rollback that is sent cannot be taken back."
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "Release " + h.ID + "?", Text: []string{holdViews([]store.Hold{h})[0].Stops + ": " + h.Why, follows},
		Action: "/holds/" + h.ID + "/release", Button: "Release", Back: "/holds", NoWhy: true,
	})
}

func (s *Server) releaseFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.releaseHold(r.Context(), &releaseInput{ID: r.PathValue("id"), Body: d})
	return "/holds", "release", err
}

func (s *Server) freezeFromPage(r *http.Request) (page, did string, err error) {
	d, end, err := s.stopForm(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.freeze(r.Context(), &freezeInput{Body: api.NewFreeze{Why: d.Why, Actor: d.Actor, Until: end}})
	return "/holds", "freeze", err
}

// waitingOrders says how many orders go on when nothing stops them.
func (s *Server) waitingOrders(ctx context.Context) (string, error) {
	open, err := s.Store.Orders(ctx, []rollback.State{rollback.Approved, rollback.Decided}, maxOpenOrders)
	if err != nil {
		return "", s.storeProblem(err)
	}
	switch n := len(open); n {
	case 0:
		return "No rollback is ordered now; the next one that is may be sent.", nil
	case 1:
		return "One rollback is ordered and may be sent at once. What is sent cannot be taken back.", nil
	default:
		return fmt.Sprintf("%d rollbacks are ordered and may be sent at once. What is sent cannot be taken back.", n), nil
	}
}

func (s *Server) confirmUnfreeze(w http.ResponseWriter, r *http.Request) error {
	now := s.freezeState()
	if !now.Frozen {
		return problem(http.StatusConflict, "nothing is frozen", "somebody has lifted the freeze: see /holds")
	}
	waiting, err := s.waitingOrders(r.Context())
	if err != nil {
		return err
	}
	return s.showConfirm(w, r, web.Confirm{
		Question: "Lift the freeze?", Text: []string{"Frozen" + colon(now.Why), waiting},
		Action: "/holds/unfreeze", Button: "Lift the freeze", Back: "/holds",
	})
}

func (s *Server) unfreezeFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	_, err = s.liftFreeze(r.Context(), &liftInput{Body: d})
	return "/holds", "unfreeze", err
}

// confirmLift lists everything that would be lifted. The form names it, so that what is set in between stays.
func (s *Server) confirmLift(w http.ResponseWriter, r *http.Request) error {
	holds, err := s.Store.Holds(r.Context(), s.Now())
	if err != nil {
		return s.storeProblem(err)
	}
	waiting, err := s.waitingOrders(r.Context())
	if err != nil {
		return err
	}
	c := web.Confirm{Question: "Lift everything?", Text: []string{waiting, "This is lifted:"}, Action: "/holds/lift", Button: "Lift everything", Back: "/holds"}
	if now := s.freezeState(); now.Frozen {
		c.Listed, c.Hidden = append(c.Listed, "The freeze"+colon(now.Why)), append(c.Hidden, web.Field{Name: "freeze", Value: "yes"})
	}
	for i, v := range holdViews(holds) {
		c.Listed, c.Hidden = append(c.Listed, v.ID+": "+v.Stops+": "+v.Why), append(c.Hidden, web.Field{Name: "hold", Value: holds[i].ID})
	}
	if len(c.Listed) == 0 {
		return problem(http.StatusConflict, "nothing is held and nothing is frozen", "see /holds")
	}
	return s.showConfirm(w, r, c)
}

// liftFromPage releases the holds of a form and lifts the freeze if the form has it. What somebody else has lifted
// meanwhile is no error. The freeze comes last: while a hold cannot be released, rollbacks stay stopped.
func (s *Server) liftFromPage(r *http.Request) (page, did string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	if err := checkAllTeams(s.who(r), identity.Operate); err != nil {
		return "", "", err
	}
	for _, id := range r.PostForm["hold"] {
		if _, err := s.releaseHold(r.Context(), &releaseInput{ID: id, Body: d}); err != nil && !gone(err) {
			return "", "", err
		}
	}
	if r.PostForm.Has("freeze") {
		if _, err := s.liftFreeze(r.Context(), &liftInput{Body: d}); err != nil && !gone(err) {
			return "", "", err
		}
	}
	return "/holds", "lift", nil
}

// gone says whether a problem is that there is nothing to end any more.
func gone(err error) bool {
	var p *api.Problem
	return errors.As(err, &p) && (p.Status == http.StatusNotFound || p.Status == http.StatusConflict)
}
