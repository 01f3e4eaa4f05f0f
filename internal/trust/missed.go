package trust

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// Missed records, in a person's name, that a change was bad and that a rule did not find it; ""
// stands for every rule that watched the change and did not fire. The watch no longer counts as
// clean, and the version is marked bad. Its error wraps store.ErrConflict where there is no such
// rule.
//
// See adr/0131.
func (k *Keeper) Missed(ctx context.Context, changeKey, rule, actor, why string) error {
	const none = "every rule that watches this change was likely or certain, or none watches it, so that nothing was missed"
	return k.correct(ctx, changeKey, store.Entry{Actor: actor, Action: "missed"}, rule, why, k.markMissed, none)
}

// correct records, in a person's name, what mark finds wrong in how the watches of a change ended. Where it
// finds nothing, none says why.
func (k *Keeper) correct(ctx context.Context, changeKey string, e store.Entry, rule, why string, mark marking, none string) error {
	ws, err := k.Store.WatchesOf(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the watches of the change: %w", err)
	}
	c, err := k.Store.Change(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	marked, err := mark(ctx, c, ws, rule)
	if err != nil {
		return err
	}
	if marked == 0 {
		return conflict("%s", none)
	}
	if e.Detail, err = json.Marshal(map[string]string{"rule": rule, "why": why}); err != nil {
		panic(err) // plain text: cannot fail
	}
	e.At, e.ChangeKey = k.Now(), changeKey
	return k.Store.Append(ctx, e)
}

// marking records what was wrong of the watches of a rule, or of every rule for "", and counts them.
type marking func(ctx context.Context, c store.Change, ws []watch.Watch, rule string) (marked int, err error)

// markMissed records it of each watch that did not fire, and counts them.
func (k *Keeper) markMissed(ctx context.Context, c store.Change, ws []watch.Watch, rule string) (marked int, err error) {
	for _, w := range ws {
		if !w.After.IsZero() || rule != "" && w.Rule != rule || w.Fired() {
			continue
		}
		marked++
		err := k.Store.PutOutcome(ctx, store.Outcome{
			WatchID: w.ID, ChangeKey: c.Key, Rule: w.Rule, RuleHash: w.RuleHash, Service: c.Service, EndedAt: k.Now(), Missed: true,
		})
		if err != nil {
			return marked, err
		}
	}
	return marked, nil
}
