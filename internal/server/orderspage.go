package server

import (
	"context"
	"net/http"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// orderStates are what the page of orders can be narrowed to.
var orderStates = []struct {
	value, label string
	states       []rollback.State
}{
	{"", "all", nil},
	{"proposed", "waiting for a person", []rollback.State{rollback.Proposed}},
	{"underway", "under way", []rollback.State{rollback.Approved, rollback.Decided, rollback.Sending}},
	{"done", "rolled back", []rollback.State{rollback.Done}},
	{"troubled", "failed, or nobody knows", []rollback.State{rollback.Failed, rollback.Unknown}},
	{"cancelled", "called off", []rollback.State{rollback.Cancelled}},
	{"expired", "not decided in time", []rollback.State{rollback.Expired}},
	{"refused", "refused by the guards", []rollback.State{rollback.Refused}},
}

func (s *Server) ordersPage(w http.ResponseWriter, r *http.Request) error {
	q := r.URL.Query()
	f := store.OrderFilter{Service: s.canonicalName(q.Get("service")), Before: beforeIn(r), Limit: placePage + 1}
	page := web.Orders{Frame: s.frame(r, "Orders"), Said: said(r), Service: q.Get("service")}
	for _, state := range orderStates {
		chosen := state.value == q.Get("state")
		page.States = append(page.States, web.Choice{Value: state.value, Label: state.label, Chosen: chosen})
		if chosen {
			f.States = state.states
		}
	}
	found, err := s.Store.FindOrders(r.Context(), f)
	if err != nil {
		return s.storeProblem(err)
	}
	if len(found) > placePage {
		found = found[:orderPageEnd(found, placePage)]
		page.Older = olderThan(r, true, found[len(found)-1].CreatedAt)
	}
	if page.Orders, err = s.placedOrders(r.Context(), found); err != nil {
		return s.storeProblem(err)
	}
	for i := range page.Orders {
		o := &page.Orders[i]
		may := page.MayRespond && s.mayFor(r, identity.Respond, o.Service)
		o.MayDecide, o.MayStop = o.Waiting && may, o.Stoppable && may
	}
	return showLive(w, r, page, s.pages.Orders, s.pages.OrdersSince)
}

// orderPageEnd is pageEnd for orders.
func orderPageEnd(found []rollback.Order, limit int) int {
	for n := limit; n > 0; n-- {
		if !found[n-1].CreatedAt.Equal(found[n].CreatedAt) {
			return n
		}
	}
	return limit
}

func (s *Server) placedOrders(ctx context.Context, found []rollback.Order) ([]web.PlacedOrder, error) {
	keys := make([]string, len(found))
	for i, o := range found {
		keys[i] = o.Key
	}
	steps, err := s.Store.OrderSteps(ctx, keys)
	if err != nil {
		return nil, err
	}
	all := make([]web.PlacedOrder, len(found))
	for i, o := range found {
		all[i] = placedOrder(o, steps[o.Key])
	}
	return all, nil
}

// placedOrder shows what the API's order says, so that the page shows nothing that a program could not read.
func placedOrder(o rollback.Order, steps []store.Entry) web.PlacedOrder {
	a := order(o)
	p := web.PlacedOrder{
		Key: a.Key, Service: a.Change.Service, Environment: a.Change.Environment, Region: a.Change.Region, Version: a.Change.Version, Thing: a.Change.Thing(),
		Order: *orderView(a), DecidedAt: a.DecidedAt, SentAt: a.SentAt, SentBy: a.SentBy, Sentence: orderSentence(a), Waits: waitsFor(o),
	}
	if p.Sentence == "" {
		p.Sentence = orderMoves[o.State] + because(o.Why) + "."
	}
	for _, e := range steps {
		p.Steps = append(p.Steps, web.Step{At: e.At, Actor: e.Actor, Words: entryWords(e)})
	}
	return p
}

// waitsFor is what an order waits for and why; "" where it has ended.
func waitsFor(o rollback.Order) string {
	switch o.State {
	case rollback.Proposed:
		return "Waits for a person" + until(o.ExpiresAt) + because(o.Why) + "."
	case rollback.Approved:
		return "Waits for the guards, which are asked next."
	case rollback.Decided:
		if o.Why == "" {
			return "Waits for the guards, which are asked next."
		}
		return "Waits" + because(o.Why) + "."
	case rollback.Sending:
		return "Waits for the hook to say what came of it."
	}
	return ""
}

func (s *Server) approveFromOrders(r *http.Request) (page, did string, err error) {
	return s.decideFromOrders(r, "approve", s.approve)
}

func (s *Server) rejectFromOrders(r *http.Request) (page, did string, err error) {
	return s.decideFromOrders(r, "reject", s.reject)
}

// decideFromOrders decides as the API does, so that guards, journal and messages are the same.
func (s *Server) decideFromOrders(r *http.Request, did string, decide func(context.Context, *decisionInput) (*answerOf[api.Order], error)) (page, done string, err error) {
	d, err := formDecision(r)
	if err != nil {
		return "", "", err
	}
	_, err = decide(r.Context(), &decisionInput{Key: r.PathValue("key"), Body: d})
	return "/orders", did, err
}
