package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// messages are what one answered line sends: a row for each receiver, named after the
// watch, the line and the receiver, so that sending it again is the same row.
func (k *looker) messages(ctx context.Context, l look, a rules.Action, said string, o *rollback.Order) ([]store.Outgoing, error) {
	ofRollout := l.bound.Rule().Respond[a.Line].On == string(detector.FailedRollout)
	if l.verdict != nil && l.verdict.Outcome == detector.Blind && !ofRollout {
		return k.outages.Messages(ctx, l.watch.Inputs, a.Tell)
	}
	m := messages.Unaddressed(k.text.Verdict(k.messageLook(l)), a.NoReceiver)
	m.Action = said
	m = k.recorded(ctx, l, m)
	earlier, err := k.earlierOrder(ctx, l.change.Key)
	m = messages.BesideOrder(messages.WithAsk(m, messages.AskedBeside(earlier, o, l.watch.Rule)), o)
	return k.rows(fmt.Sprintf("%s/%d", l.watch.ID, a.Line), l.change.Key, a.Tell, m), err
}

// recorded adds how often the rule was wrong so far.
func (k *looker) recorded(ctx context.Context, l look, m notify.Message) notify.Message {
	wrong, fired := k.trust.Record(ctx, l.watch.RuleHash)
	return messages.WithRecord(m, wrong, fired)
}

func (k *looker) rows(id, changeKey string, receivers []string, m notify.Message) []store.Outgoing {
	return store.Messages(id, changeKey, receivers, m, k.Now())
}

// messageLook is what a look found, for a message about it.
func (k *looker) messageLook(l look) messages.Look {
	return messages.Look{Key: l.change.Key, Change: l.change.Change, Watch: l.next, Verdict: l.verdict, Others: l.overlapping, At: k.Now()}
}

// action says what was done, would be done, or must be done by a person.
func (k *looker) action(ctx context.Context, l look, a rules.Action, o *rollback.Order) (string, error) {
	switch {
	case a.Rollback == nil:
		return "", nil
	case o != nil:
		return k.ordered(ctx, *o)
	case !l.watch.Acts:
		return messages.MayNotAct(l.change.Change), nil
	case !k.knowsHook(a):
		return messages.NoHook(l.change.Service, a.Rollback.Hook), nil
	case k.hookRefuses(l, a) != "":
		return messages.BoundHook(k.hookRefuses(l, a)), nil
	case l.verdict == nil:
		return messages.Observed(*a.Rollback, ""), nil
	}
	draft, err := k.draftOrder(ctx, l, a)
	if err != nil {
		return "", err
	}
	against, err := k.refusalReasons(ctx, draft)
	return messages.Observed(*a.Rollback, against), err
}

// ordered announces the order that a look makes, unless an earlier rule has made it.
func (k *looker) ordered(ctx context.Context, o rollback.Order) (string, error) {
	earlier, err := k.earlierOrder(ctx, o.Key)
	switch {
	case err != nil:
		return "", err
	case earlier == nil:
		return k.text.Ordered(o), nil
	}
	return messages.OrderedBefore(*earlier), nil
}

// earlierOrder is the order that a change has already, nil if it has none.
func (k *looker) earlierOrder(ctx context.Context, key string) (*rollback.Order, error) {
	o, err := k.Store.Order(ctx, key)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading order %s: %w", key, err)
	}
	return &o, nil
}

// endMessages are the messages of a watch's end. A healthy end resolves what was said
// before, of this change and of the one that it repaired.
func (k *looker) endMessages(ctx context.Context, l look) ([]store.Outgoing, error) {
	recovery := !l.watch.After.IsZero()
	switch {
	case l.next.State == watch.Regressed && recovery:
		return k.toThread(ctx, l, k.text.RollbackDidNotHelp(k.messageLook(l)))
	case recovery && (l.next.State == watch.Inconclusive || l.next.State == watch.Blind):
		return k.toThread(ctx, l, k.text.RecoveryUnclear(k.messageLook(l)))
	case l.next.State != watch.Healthy:
		return nil, nil
	}
	rows, err := k.resolved(ctx, l, l.change.Key)
	if err != nil {
		return nil, err
	}
	p, known, err := k.Store.Predecessor(ctx, l.change)
	if err != nil {
		return nil, fmt.Errorf("reading the predecessor: %w", err)
	}
	if known {
		earlier, err := k.resolved(ctx, l, p.Key)
		if err != nil {
			return nil, err
		}
		rows = append(rows, earlier...)
	}
	return rows, nil
}

// toThread sends a message to everybody who got one about the change.
func (k *looker) toThread(ctx context.Context, l look, m notify.Message) ([]store.Outgoing, error) {
	thread := messages.Thread(l.change.Key, l.watch.Rule)
	receivers, err := k.receiversOf(ctx, l.change.Key, thread)
	if err != nil || len(receivers) == 0 {
		return nil, err
	}
	m, err = k.withEarlier(ctx, l.change.Key, k.recorded(ctx, l, m))
	return k.rows(l.watch.ID, l.change.Key, receivers, m), err
}

// resolved ends the thread of one change for everybody who got a message of it, and not
// only one about everything that was bad at once.
func (k *looker) resolved(ctx context.Context, l look, changeKey string) ([]store.Outgoing, error) {
	thread := messages.Thread(changeKey, l.watch.Rule)
	receivers, err := k.receiversOf(ctx, changeKey, thread, store.Grouped)
	if err != nil || len(receivers) == 0 {
		return nil, err // most changes are healthy, and nobody was told of them
	}
	m, err := k.withEarlier(ctx, changeKey, k.recorded(ctx, l, k.text.Resolved(k.messageLook(l), thread)))
	return k.rows("resolved/"+thread, changeKey, receivers, m), err
}

// withEarlier adds the numbers that its receivers know of the thread.
func (k *looker) withEarlier(ctx context.Context, changeKey string, m notify.Message) (notify.Message, error) {
	rows, err := k.Store.OutgoingOf(ctx, changeKey)
	if err != nil {
		return m, fmt.Errorf("reading the messages of %s: %w", changeKey, err)
	}
	return messages.WithEarlier(m, store.LastLines(rows, m.Key)), nil
}
