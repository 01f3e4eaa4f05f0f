package server

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

func accepted(a store.Accepted) api.Accepted {
	return api.Accepted{Key: a.Change.Key, Created: a.Created, Duplicate: a.Duplicate, Change: change(a.Change)}
}

func change(c store.Change) api.Change {
	return api.Change{
		Change: c.Change, Key: c.Key, SupersededBy: c.SupersededBy, SuspendedBy: c.SuspendedBy,
		Standing: string(c.Standing), ReceivedAt: c.ReceivedAt,
	}
}

// summaries returns each change with the worst state of its watches and the state of its
// order. It asks the store twice, however many changes there are.
func (s *Server) summaries(ctx context.Context, changes []store.Change) ([]api.ChangeSummary, error) {
	watches, orders, err := s.watchesAndOrders(ctx, changes)
	all := make([]api.ChangeSummary, len(changes))
	for i, c := range changes {
		all[i] = s.summarise(c, watches[c.Key], orders[c.Key])
	}
	return all, err
}

// watchesAndOrders returns the watches of each change, and the state of its order.
func (s *Server) watchesAndOrders(ctx context.Context, changes []store.Change) (map[string][]watch.Watch, map[string]rollback.State, error) {
	keys := make([]string, len(changes))
	for i, c := range changes {
		keys[i] = c.Key
	}
	watches, err := s.Store.WatchesOfEach(ctx, keys)
	if err != nil {
		return nil, nil, err
	}
	orders, err := s.Store.OrderStates(ctx, keys)
	return watches, orders, err
}

// summarise is a change with the worst state of its watches and the state of its order.
func (s *Server) summarise(c store.Change, watches []watch.Watch, order rollback.State) api.ChangeSummary {
	v := verdict.Of(c, watches)
	return api.ChangeSummary{Change: change(c), State: v.State, Grade: v.Grade.String(), Order: string(order), Instances: s.instances(c)}
}

// instances says how many instances run the version of a change that has not ended, or ended a few
// minutes ago; "" where nobody counts them.
func (s *Server) instances(c store.Change) string {
	if s.Instances == nil || !c.FinishedAt.IsZero() && s.Now().Sub(c.FinishedAt) > shownAfterEnd || c.SupersededBy != "" || c.SuspendedBy != "" {
		return ""
	}
	return s.Instances(c.Change)
}

// shownAfterEnd is how long after its end the instances of a change are shown: many tools report the
// end of a deploy before everything runs.
const shownAfterEnd = 30 * time.Minute

// orderOf returns the change's order, and whether there is one.
func (s *Server) orderOf(ctx context.Context, key string) (rollback.Order, bool, error) {
	o, err := s.Store.Order(ctx, key)
	if errors.Is(err, store.ErrNotFound) {
		return rollback.Order{}, false, nil
	}
	return o, err == nil, err
}

// explain reads everything stored about a change.
func (s *Server) explain(ctx context.Context, c store.Change) (e api.Explanation, err error) {
	watches, err := s.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return e, err
	}
	o, ordered, err := s.orderOf(ctx, c.Key)
	if err != nil {
		return e, err
	}
	e = api.Explanation{Change: s.summarise(c, watches, o.State), Page: s.changeURL(c.Key), Watches: []api.Watch{}}
	if ordered {
		shown := order(o)
		e.Order = &shown
	}
	for _, w := range watches {
		shown, err := s.watch(ctx, w)
		if err != nil {
			return e, err
		}
		e.Watches = append(e.Watches, shown)
	}
	if e.Others, err = s.others(ctx, c, e); err != nil {
		return e, err
	}
	return s.addRecords(ctx, e)
}

// addRecords adds the change's messages and journal.
func (s *Server) addRecords(ctx context.Context, e api.Explanation) (api.Explanation, error) {
	outgoing, err := s.Store.OutgoingOf(ctx, e.Change.Key)
	if err != nil {
		return e, err
	}
	journal, err := s.Store.Journal(ctx, e.Change.Key)
	e.Messages = make([]api.Message, len(outgoing))
	for i, o := range outgoing {
		e.Messages[i] = message(o)
	}
	e.Journal = make([]api.Entry, len(journal))
	for i, j := range journal {
		e.Journal[i] = api.Entry{Seq: j.Seq, At: j.At, Actor: j.Actor, Action: j.Action, Detail: j.Detail}
	}
	return e, err
}

func message(o store.Outgoing) api.Message {
	return api.Message{
		ID: o.ID, Receiver: o.Receiver, Kind: o.Message.Kind, Severity: string(o.Message.Severity), Title: o.Message.Title,
		State: o.State, GroupedIn: o.GroupedIn, Attempts: o.Attempts, LastError: o.LastError, CreatedAt: o.CreatedAt, SentAt: o.SentAt,
	}
}

// watch returns a watch with its newest record.
func (s *Server) watch(ctx context.Context, w watch.Watch) (api.Watch, error) {
	shown := api.Watch{
		ID: w.ID, Team: w.Team, Rule: w.Rule, RuleHash: w.RuleHash, RuleText: w.RuleText, Runbook: w.Runbook,
		State: string(w.State), Grade: w.Grade.String(), Reason: string(w.Reason),
		BaseAt: w.BaseAt, Settle: w.Settle, Bake: w.Bake, Every: w.Every,
		Next: w.Next, From: w.From, Until: w.Until, EndedAt: w.EndedAt, After: w.After, Acts: w.Acts,
		Grades: w.Grades, Plan: w.Plan, Inputs: append([]watch.Input{}, w.Inputs...), Profiles: w.Profiles,
	}
	r, err := s.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) {
		return shown, nil
	}
	if errors.Is(err, store.ErrDamaged) {
		s.Log.Error("the newest record is damaged; showing the watch without it", "watch", w.ID, "error", err)
		shown.Damaged = err.Error()
		return shown, nil
	}
	last := record(r, w.Plan)
	shown.Last = &last
	return shown, err
}

func record(r store.Record, plan detector.Plan) api.Record {
	chances := map[string]string{}
	for _, e := range r.Verdict.Signals {
		if c := report.Chance(e, r.Verdict, plan.Length()); c != "" {
			chances[e.Signal] = c
		}
	}
	return api.Record{Seq: r.Seq, At: r.At, Verdict: r.Verdict, Observation: r.Observation, Chances: chances}
}

func orders(found []rollback.Order) []api.Order {
	shown := make([]api.Order, len(found))
	for i, o := range found {
		shown[i] = order(o)
	}
	return shown
}

func order(o rollback.Order) api.Order {
	return api.Order{
		Key: o.Key, Change: o.Change, Rule: o.Rule, Hook: o.Hook, Target: o.Target, State: string(o.State),
		Epoch: o.Epoch, Claim: o.Claim, Evidence: o.Evidence, CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt,
		DecidedAt: o.DecidedAt, SentAt: o.SentAt, EndedAt: o.EndedAt, Actor: o.Actor, Why: o.Why,
		Receipt: o.Receipt, Verification: o.Verification, SuspendedUntil: o.SuspendedUntil, SentBy: o.SentBy,
	}
}

// changeURL returns the address of a change's page: under the external URL, or
// under the listen address if none is set.
func (s *Server) changeURL(key string) string {
	base := "http://" + s.Listen
	if s.external != nil {
		base = strings.TrimSuffix(s.external.String(), "/")
	}
	return base + "/changes/" + key
}
