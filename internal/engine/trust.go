package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// Trust is earned by a way of judging, which its hash names, with one service
// after the other. Nothing is trusted further by itself: what was earned is
// proposed, and a person takes it up.

// refusal is a conflict that says itself what is in the way.
type refusal struct{ why string }

func refuse(format string, args ...any) error { return refusal{fmt.Sprintf(format, args...)} }

func (r refusal) Error() string { return r.why }
func (r refusal) Unwrap() error { return store.ErrConflict }

// earned is how far a way of judging may go with a service. A record that
// cannot be read earns nothing.
func (e *Engine) earned(ctx context.Context, hash, service string) rules.Mode {
	given, err := e.Store.TrustOf(ctx, hash)
	if err != nil {
		e.Log.Error("how far a rule may go", "error", err)
		return rules.Observe
	}
	return e.given(given, service)
}

// given is what people gave, for this service or for every one, and otherwise
// what every new rule has.
func (e *Engine) given(all []store.Trust, service string) rules.Mode {
	t, ok := trustIn(all, service)
	if !ok {
		return e.Trust.New
	}
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(t.Mode)); err != nil {
		return rules.Observe
	}
	return mode
}

func trustIn(all []store.Trust, service string) (store.Trust, bool) {
	for _, name := range []string{service, store.EveryService} {
		if i := slices.IndexFunc(all, func(t store.Trust) bool { return t.Service == name }); i >= 0 {
			return all[i], true
		}
	}
	return store.Trust{}, false
}

// outcomeOf is what a look adds to the record: that the rule fired, which a
// transient may take back from the grade, and what came of it in the end. The
// watch of a rollback adds to that of the change it put right.
func outcomeOf(l look) *store.Outcome {
	w := l.next
	ended := w.State != l.watch.State && !w.State.Open()
	fires := w.Grade >= detector.Likely && l.watch.Grade < detector.Likely && w.After.IsZero()
	if !ended && !fires {
		return nil
	}
	o := &store.Outcome{
		WatchID: w.ID, ChangeKey: w.ChangeKey, Rule: w.Rule, RuleHash: w.RuleHash, Service: l.change.Service, EndedAt: l.moment.Now,
		Fired: w.Grade >= detector.Likely, Clean: standingAfter(l) == store.Good && w.Grade < detector.Likely,
	}
	if w.After.IsZero() {
		return o
	}
	if w.State != watch.Healthy {
		return nil
	}
	o.WatchID, o.Fired, o.Clean, o.Saved = w.ChangeKey+"."+w.Rule, true, false, true
	return o
}

// FalseAlarm notes, in a person's name, that a rule fired for nothing at a
// change. What it had earned stays; what it earns next begins anew.
func (e *Engine) FalseAlarm(ctx context.Context, changeKey, rule, actor, why string) error {
	ws, err := e.Store.WatchesOf(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the watches: %w", err)
	}
	c, err := e.Store.Change(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	marked := 0
	for _, w := range ws {
		if !w.After.IsZero() || rule != "" && w.Rule != rule || w.Grade < detector.Likely {
			continue
		}
		marked++
		err := e.Store.PutOutcome(ctx, store.Outcome{
			WatchID: w.ID, ChangeKey: changeKey, Rule: w.Rule, RuleHash: w.RuleHash, Service: c.Service,
			EndedAt: e.Now(), Fired: true, FalseAlarm: true,
		})
		if err != nil {
			return err
		}
	}
	if marked == 0 {
		return refuse("no rule was likely or certain at this change")
	}
	detail, err := json.Marshal(map[string]string{"rule": rule, "why": why})
	if err != nil {
		panic(err) // plain text: cannot fail
	}
	return e.Store.Append(ctx, store.Entry{At: e.Now(), ChangeKey: changeKey, Actor: actor, Action: "false-alarm", Detail: detail})
}

// NoteBacktest keeps what a replay said of a rule that is in force.
func (e *Engine) NoteBacktest(ctx context.Context, b store.Backtest) error {
	var mode rules.Mode
	if err := mode.UnmarshalText([]byte(b.Mode)); err != nil || b.FalseAlarms < 0 || b.Judged < b.FalseAlarms || b.Judged < 1 {
		return refuse("these are no figures of a backtest")
	}
	r, err := e.ruleCalled(b.Rule)
	if err != nil {
		return err
	}
	if r.Hash != b.RuleHash {
		return refuse("rule %s judges another way now than it was replayed", b.Rule)
	}
	b.At = e.Now()
	if err := e.Store.PutBacktest(ctx, b); err != nil {
		return err
	}
	return e.propose(ctx, r)
}

func (e *Engine) ruleCalled(name string) (rules.Rule, error) {
	for _, r := range e.rules.set().Rules() {
		if r.Name == name {
			return r, nil
		}
	}
	return rules.Rule{}, fmt.Errorf("no rule in force is called %q: %w", name, store.ErrNotFound)
}

// backtestOf is nil where a way of judging was never replayed.
func (e *Engine) backtestOf(ctx context.Context, hash string) (*store.Backtest, error) {
	b, err := e.Store.BacktestOf(ctx, hash)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return &b, err
}
