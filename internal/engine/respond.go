package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// response is what a look leads to: rows to be written with the watch's move.
type response struct {
	effects  store.Effects
	answered []int // lines of `respond` answered so far
}

// respond turns the rule's actions into rows. It writes nothing itself: all
// of it is committed with the verdict it answers, or not at all.
func (e *Engine) respond(ctx context.Context, l look) (response, error) {
	r := response{answered: l.watch.Responded}
	if l.verdict != nil {
		r.effects.Record = &store.Record{WatchID: l.watch.ID, At: l.seen.At, Verdict: *l.verdict, Observation: *l.seen}
	}
	l.moment = e.moment(ctx, l)
	for _, a := range e.actions(l) {
		r.answered = append(slices.Clone(r.answered), a.Line)
		a, err := e.heard(ctx, l, a, r.effects.Outgoing)
		if err != nil {
			return r, err
		}
		order, err := e.order(ctx, l, a)
		if err != nil {
			return r, err
		}
		if order != nil {
			r.effects.Order = order
		}
		told, err := e.messages(ctx, l, a, order)
		if err != nil {
			return r, err
		}
		r.effects.Outgoing = loudest(r.effects.Outgoing, told)
		entry, err := e.entry(l, a, order)
		if err != nil {
			return r, err
		}
		r.effects.Entries = append(r.effects.Entries, entry)
	}
	if l.next.State != l.watch.State && !l.next.State.Open() {
		ended, err := e.ended(ctx, l)
		if err != nil {
			return r, err
		}
		r.effects.Outgoing = append(r.effects.Outgoing, ended...)
	}
	r.effects.Standing, r.effects.Outcome = standingAfter(l), outcomeOf(l)
	var err error
	r.effects.Annotation, err = e.annotationAfter(ctx, l)
	return r, err
}

// heard adds to whom a rollback is told everybody who was told of the matter,
// by an earlier look or by this one: a line that only says `rollback` leaves
// the telling to the lines before it. Where nobody was, the service's pager
// or chat hears of it, because an outcome that nobody knows of is nobody's.
func (e *Engine) heard(ctx context.Context, l look, a rules.Action, telling []store.Outgoing) (rules.Action, error) {
	if a.Rollback == nil {
		return a, nil
	}
	key := matter(l.change.Key, l.watch.Rule)
	earlier, err := e.told(ctx, l.change.Key, key)
	if err != nil {
		return a, err
	}
	all := slices.Concat(a.Tell, earlier)
	for _, o := range telling {
		if o.Message.Key == key {
			all = append(all, o.Receiver)
		}
	}
	if s := l.bound.Service(); len(all) == 0 && cmp.Or(s.Pager, s.Chat) != "" {
		all = append(all, cmp.Or(s.Pager, s.Chat))
	}
	slices.Sort(all)
	a.Tell = slices.Compact(all)
	return a, nil
}

// loudest adds messages to those of earlier lines. A receiver hears once of
// one look: the line that does something, else the first.
func loudest(rows, more []store.Outgoing) []store.Outgoing {
	for _, m := range more {
		at := slices.IndexFunc(rows, func(o store.Outgoing) bool { return o.Receiver == m.Receiver && o.Message.Key == m.Message.Key })
		switch {
		case at < 0:
			rows = append(rows, m)
		case rows[at].Message.Action == "":
			rows[at] = m
		}
	}
	return rows
}

// actions are what the rule's lines want done. A watch of a rollback answers
// none of them: they were answered for the change, and it ends with a word of
// its own.
func (e *Engine) actions(l look) []rules.Action {
	if !l.watch.After.IsZero() {
		return nil
	}
	return l.bound.Respond(l.moment)
}

// moment is what a rule's responses may depend on. A watch is blind for them
// as soon as its store has failed for long enough to tell people, not only
// when the bake is over.
func (e *Engine) moment(ctx context.Context, l look) rules.Moment {
	m := rules.Moment{
		Change: l.change.Change, State: l.next.State, Grade: l.next.Grade,
		Final: !l.next.State.Open(), Now: e.Now(), Freezes: e.freezes(), Business: e.Business.Holds(e.Now()),
		Trust: rules.Observe, Cap: e.Trust.Cap, Answered: l.watch.Responded,
	}
	if l.bound.Rule().Furthest() > rules.Observe {
		m.Trust = e.trust.Earned(ctx, l.watch.RuleHash, l.change.Service)
	}
	if l.verdict != nil {
		m.Verdict = *l.verdict
		if l.next.State.Open() && m.Verdict.Outcome == detector.Blind && e.stores.blind(l.watch.Inputs, e.Now()) {
			m.State = watch.Blind
		}
	}
	m.Verdict.Reason = l.next.Reason // a watch may have one that no signal gave, and without a look
	return m
}

// freezes evaluates every named window once, so that the conditions of a rule
// have no clock of their own.
func (e *Engine) freezes() map[string]bool {
	holds := map[string]bool{}
	for name, f := range e.Freezes {
		holds[name] = f.Holds(e.Now())
	}
	return holds
}

// order makes the order an action asks for, nil where it only observes. The
// guards are asked when it is sent; here only what no later moment can mend
// keeps it from being made.
func (e *Engine) order(ctx context.Context, l look, a rules.Action) (*rollback.Order, error) {
	if a.Rollback == nil || a.Rollback.Mode == rules.Observe || !l.watch.Acts || l.verdict == nil {
		return nil, nil
	}
	o, err := e.wish(ctx, l, a)
	if err != nil {
		return nil, err
	}
	if a.Rollback.Mode == rules.Act {
		o.State, o.Automatic, o.DecidedAt = rollback.Decided, true, o.CreatedAt
		o.ExpiresAt = o.CreatedAt.Add(e.Limits.MaxAge)
		return &o, nil
	}
	o.Why, err = e.doubts(ctx, o)
	return &o, err
}

// wish is the order that an action's rollback would be, put to people.
func (e *Engine) wish(ctx context.Context, l look, a rules.Action) (rollback.Order, error) {
	target, _, err := e.target(ctx, l.change, e.Hooks[a.Rollback.Hook].LastGood)
	if err != nil {
		return rollback.Order{}, err
	}
	evidence, err := json.Marshal(l.verdict)
	if err != nil {
		return rollback.Order{}, fmt.Errorf("writing the evidence: %w", err)
	}
	now := e.Now()
	return rollback.Order{
		Key: l.change.Key, Change: l.change.Change, Rule: l.watch.Rule, Hook: a.Rollback.Hook,
		Target: target.Version, State: rollback.Proposed, Epoch: l.change.Epoch, Evidence: evidence,
		CreatedAt: now, ExpiresAt: now.Add(e.Limits.Approval), Tell: a.Tell,
	}, nil
}

// doubts are what would keep an order from being carried out unasked: a person
// who is to judge is told of the other suspects, and of any fact that approving
// will not help against.
func (e *Engine) doubts(ctx context.Context, o rollback.Order) (string, error) {
	s, err := e.situation(ctx, o)
	if err != nil {
		return "", err
	}
	s.Acts, s.Approved = true, false
	_, refusals := rollback.Permit(o, s)
	return reasons(refusals), nil
}

// entry is what the journal keeps of a response.
func (e *Engine) entry(l look, a rules.Action, o *rollback.Order) (store.Entry, error) {
	detail := map[string]any{
		"watch": l.watch.ID, "line": a.Line, "told": a.Tell, "untold": a.Untold,
		"freezes": l.moment.Freezes, "business_hours": l.moment.Business,
		"grade": l.next.Grade, "state": l.next.State,
		"rule": l.watch.RuleText, "rule_hash": l.watch.RuleHash, "verdict": l.verdict,
	}
	if o != nil {
		detail["observation"] = l.seen // with plan, inputs and rule, enough to judge again
		detail["plan"], detail["inputs"], detail["profiles"] = l.watch.Plan, l.watch.Inputs, l.watch.Profiles
	}
	if a.Rollback != nil {
		detail["rollback"] = map[string]any{
			"hook": a.Rollback.Hook, "mode": a.Rollback.Mode.String(), "written": a.Rollback.Written.String(), "ordered": o != nil,
		}
	}
	b, err := json.Marshal(detail)
	if err != nil {
		return store.Entry{}, fmt.Errorf("writing down the response: %w", err)
	}
	return store.Entry{At: e.Now(), ChangeKey: l.change.Key, Actor: "rule " + l.watch.Rule, Action: "respond", Detail: b}, nil
}
