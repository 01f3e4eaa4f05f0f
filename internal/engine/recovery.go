package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// undoneAt is when our own rollback of a change was done; zero where it was not.
func (e *Engine) undoneAt(ctx context.Context, key string) (time.Time, error) {
	o, err := e.orderOf(ctx, key)
	if err != nil || o == nil || o.State != rollback.Done {
		return time.Time{}, err
	}
	return o.EndedAt, nil
}

// superseded says whether something newer has taken the place of what a watch
// looks at. The deploy tool's word of our own rollback takes the place of the
// change, but not of the watch that asks whether the rollback helped: that one
// goes on until something newer still has come.
func (e *Engine) superseded(ctx context.Context, w watch.Watch, c store.Change) (bool, error) {
	if c.SupersededBy == "" || w.After.IsZero() {
		return c.SupersededBy != "", nil
	}
	return e.overtaken(ctx, c)
}

// overtaken says whether something that is not the echo of our own rollback
// has taken the place of a change that was rolled back.
func (e *Engine) overtaken(ctx context.Context, c store.Change) (bool, error) {
	if c.SupersededBy == "" {
		return false, nil
	}
	newer, err := e.Store.Change(ctx, c.SupersededBy)
	if err != nil {
		return false, fmt.Errorf("reading the newer change: %w", err)
	}
	o, err := e.orderOf(ctx, c.Key)
	if err != nil {
		return false, err
	}
	echo := precedent{order: o}.undoneBy(newer)
	return !echo || newer.SupersededBy != "", nil
}

// watchRecovery begins the watch that asks whether a rollback helped. It is
// stored before the watch it follows ends: after a crash in between, the
// latter ends at its next look and the former is there already.
func (e *Engine) watchRecovery(ctx context.Context, w watch.Watch, undone time.Time) error {
	if err := e.Store.Plan(ctx, w.ChangeKey, []watch.Watch{w.Recovery(undone, e.Now())}); err != nil {
		return fmt.Errorf("beginning to watch the rollback: %w", err)
	}
	return e.looks.reload(ctx)
}

// unhelped tells everybody who heard of the change that its rollback did not
// help. Pushback then stops: going back further is for people.
func (e *Engine) unhelped(ctx context.Context, l look) ([]store.Outgoing, error) {
	receivers, err := e.told(ctx, l.change.Key, matter(l.change.Key, l.watch.Rule))
	if err != nil {
		return nil, err
	}
	m := e.verdictMessage(l)
	m.Severity = notify.Critical
	m.Title = fmt.Sprintf("%s: the rollback of %s did not help", l.change.Service, l.change.Version)
	m.Action = "Pushback does nothing more: the change may not be what made things worse. It is blamed no longer, and nothing goes further back by itself."
	return e.outgoing(l.watch.ID, l.change.Key, receivers, m), nil
}

// unclear tells them that nobody can say whether it helped: the watch after
// the rollback ended without a verdict.
func (e *Engine) unclear(ctx context.Context, l look) ([]store.Outgoing, error) {
	receivers, err := e.told(ctx, l.change.Key, matter(l.change.Key, l.watch.Rule))
	if err != nil {
		return nil, err
	}
	m := e.verdictMessage(l)
	m.Severity = notify.Error
	m.Title = fmt.Sprintf("%s: whether the rollback of %s helped cannot be told", l.change.Service, l.change.Version)
	m.Action = "The watch after it ended " + string(l.next.State) + ". Somebody has to look."
	return e.outgoing(l.watch.ID, l.change.Key, receivers, m), nil
}
