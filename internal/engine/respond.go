package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/replay"
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

// respond turns the rule's actions into rows. It stores nothing itself: the rows are
// committed with the verdict, or not at all.
func (k *looker) respond(ctx context.Context, l look) (response, error) {
	r := response{answered: l.watch.Responded}
	if l.verdict != nil {
		r.effects.Record = &store.Record{WatchID: l.watch.ID, At: l.observation.At, Verdict: *l.verdict, Observation: *l.observation}
	}
	l.moment = k.moment(ctx, l)
	for _, a := range k.actions(l) {
		r.answered = append(slices.Clone(r.answered), a.Line)
		a, err := k.addReceivers(ctx, l, a, r.effects.Outgoing)
		if err != nil {
			return r, err
		}
		order, err := k.order(ctx, l, a)
		if err != nil {
			return r, err
		}
		if order != nil {
			r.effects.Order = order
		}
		said, err := k.action(ctx, l, a, order)
		if err != nil {
			return r, err
		}
		rows, err := k.messages(ctx, l, a, said, order)
		if err != nil {
			return r, err
		}
		r.effects.Outgoing = mergeMessages(r.effects.Outgoing, rows)
		if err := k.journal(&r.effects, l, replay.Responded, responseDetail(l, a, order, said)); err != nil {
			return r, err
		}
	}
	if l.next.State != l.watch.State && !l.next.State.Open() {
		ended, err := k.endMessages(ctx, l)
		if err != nil {
			return r, err
		}
		r.effects.Outgoing = append(r.effects.Outgoing, ended...)
		if err := k.journal(&r.effects, l, replay.Ended, map[string]any{"reason": l.next.Reason}); err != nil {
			return r, err
		}
	}
	r.effects.Outcome = outcomeOf(l)
	var err error
	r.effects.Reports, err = k.reports.After(ctx, l.change, l.watch, l.next, l.verdict)
	return r, err
}

// addReceivers adds to the receivers of a rollback everybody who got a message of the
// thread, by an earlier look or by this one: a line that only says `rollback` leaves the
// receivers to the lines before it. Where there are none, it adds the service's pager or
// chat, or else the operators' default receiver, so that somebody knows the outcome.
func (k *looker) addReceivers(ctx context.Context, l look, a rules.Action, rows []store.Outgoing) (rules.Action, error) {
	if a.Rollback == nil {
		return a, nil
	}
	thread := messages.Thread(l.change.Key, l.watch.Rule)
	earlier, err := k.receiversOf(ctx, l.change.Key, thread)
	if err != nil {
		return a, err
	}
	all := slices.Concat(a.Tell, earlier)
	for _, o := range rows {
		if o.Message.Key == thread {
			all = append(all, o.Receiver)
		}
	}
	if s := l.bound.Service(); len(all) == 0 && cmp.Or(s.Pager, s.Chat, s.Default) != "" {
		all = append(all, cmp.Or(s.Pager, s.Chat, s.Default))
	}
	slices.Sort(all)
	a.Tell = slices.Compact(all)
	return a, nil
}

// mergeMessages adds messages to those of earlier lines. A receiver gets one message of
// a look: that of the line that does something, and otherwise that of the first line.
func mergeMessages(rows, more []store.Outgoing) []store.Outgoing {
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

// actions are what the rule's response lines want done. A recovery watch answers no line:
// they were answered for the change, and it ends with messages of its own.
func (k *looker) actions(l look) []rules.Action {
	if !l.watch.After.IsZero() {
		return nil
	}
	return l.bound.Respond(l.moment)
}

// moment is what a rule's response lines may depend on. For them a watch is blind as soon
// as its metric store has failed for long enough to notify people, and not only when the
// bake is over.
func (k *looker) moment(ctx context.Context, l look) rules.Moment {
	m := rules.Moment{
		Change: l.change.Change, State: l.next.State, Grade: l.next.Grade,
		Final: !l.next.State.Open(), Now: k.Now(), Freezes: k.freezes(), Business: k.Business.Holds(k.Now()),
		Earned: rules.Observe, Cap: k.Trust.Cap, Answered: l.watch.Responded,
	}
	if l.bound.Rule().MaxMode() > rules.Observe {
		m.Earned = k.trust.Earned(ctx, l.watch.RuleHash, l.change.Service)
	}
	if l.verdict != nil {
		m.Verdict = *l.verdict
		if l.next.State.Open() && m.Verdict.Outcome == detector.Blind && k.outages.Blind(l.watch.Inputs, k.Now()) {
			m.State = watch.Blind
		}
	}
	m.Verdict.Reason = l.next.Reason // a watch may have a reason that no signal gave, even without a verdict
	return m
}

// order makes the order that an action asks for, nil where the rule only observes, and
// where no hook could carry it out: there is nothing that a person could approve, and the
// change's one order must be left to a rule whose hook can. The guards are asked when the
// order is sent.
func (k *looker) order(ctx context.Context, l look, a rules.Action) (*rollback.Order, error) {
	if a.Rollback == nil || a.Rollback.Mode == rules.Observe || !l.watch.Acts || l.verdict == nil || !k.knowsHook(a) || k.hookRefuses(l, a) != "" {
		return nil, nil
	}
	o, err := k.draftOrder(ctx, l, a)
	if err != nil {
		return nil, err
	}
	if a.Rollback.Mode == rules.Act {
		o.State, o.Automatic, o.DecidedAt = rollback.Decided, true, o.CreatedAt
		o.ExpiresAt = o.CreatedAt.Add(k.Limits.MaxAge)
		return &o, nil
	}
	o.Why, err = k.refusalReasons(ctx, o)
	return &o, err
}

// knowsHook reports whether pushback.yml has the hook that an action's rollback names.
func (k *looker) knowsHook(a rules.Action) bool {
	_, known := k.Hooks[a.Rollback.Hook]
	return known
}

// hookRefuses returns why the rule may not use the hook for the change, "" if it may.
func (k *looker) hookRefuses(l look, a rules.Action) string {
	return k.hookFacts(a.Rollback.Hook).Binding.Refuses(a.Rollback.Hook, l.watch.Team, l.change.Service)
}

// draftOrder is the order that an action's rollback would be, as a proposal.
func (k *looker) draftOrder(ctx context.Context, l look, a rules.Action) (rollback.Order, error) {
	target, _, err := k.situation.Target(ctx, l.change, k.hookFacts(a.Rollback.Hook))
	if err != nil {
		return rollback.Order{}, err
	}
	evidence, err := json.Marshal(l.verdict)
	if err != nil {
		return rollback.Order{}, fmt.Errorf("encoding the evidence: %w", err)
	}
	now := k.Now()
	return rollback.Order{
		Key: l.change.Key, Change: l.change.Change, Rule: l.watch.Rule, Team: l.watch.Team, Hook: a.Rollback.Hook,
		Target: target.Version, State: rollback.Proposed, Epoch: l.change.Epoch, Evidence: evidence,
		CreatedAt: now, ExpiresAt: now.Add(k.Limits.ApproveWithin), Receivers: a.Tell, Runbook: l.watch.Runbook, Watched: l.watch.Plan.Length(),
	}, nil
}

// refusalReasons says what would keep an order from being carried out unasked, for the
// person who judges it: other suspects, and facts that an approval does not change.
func (k *looker) refusalReasons(ctx context.Context, o rollback.Order) (string, error) {
	s, err := k.situation.Of(ctx, o)
	if err != nil {
		return "", err
	}
	s.RuleActs, s.Approved = true, false
	_, refusals := rollback.Permit(o, s)
	return messages.Reasons(refusals), nil
}
