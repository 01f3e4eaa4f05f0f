package store

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/pushback/pushback/sources"
)

// storeEvents stores the events of a group, which is sorted by slot, with as few
// statements as they allow. It locks all slots first, in the order of their keys, and
// updates each once at the end. Its error fails the whole group; what is wrong with one
// event alone is in that event's err.
//
// See adr/0083.
func storeEvents(ctx context.Context, tx executor, group []*pendingEvent) error {
	group = slices.DeleteFunc(slices.Clone(group), func(p *pendingEvent) bool {
		p.err = p.ctx.Err()
		return p.err != nil
	})
	if err := lockSlots(ctx, tx, group); err != nil {
		return err
	}
	for _, round := range rounds(group) {
		if err := storeRound(ctx, tx, round); err != nil {
			return err
		}
	}
	return updateSlots(ctx, tx, group)
}

// rounds splits a group so that no two events of a round have to do with each other: the
// later ones of a slot, or of an event id, come in later rounds, in order.
func rounds(group []*pendingEvent) [][]*pendingEvent {
	type id struct{ source, event string }
	var all [][]*pendingEvent
	slots, ids := map[string]int{}, map[id]int{}
	for _, p := range group {
		slot, event := p.slot, id{p.event.Source, p.event.EventID}
		n := max(slots[slot], ids[event])
		slots[slot], ids[event] = n+1, n+1
		if n == len(all) {
			all = append(all, nil)
		}
		all[n] = append(all[n], p)
	}
	return all
}

// storeRound stores the events of a round in one savepoint. If that fails, each gets a
// savepoint of its own, so that a bad event leaves the others alone.
func storeRound(ctx context.Context, tx executor, round []*pendingEvent) error {
	failed, err := inSavepoint(ctx, tx, "round", func() error { return storeTogether(ctx, tx, round) })
	if err != nil || failed == nil {
		return err
	}
	if len(round) == 1 {
		round[0].accepted, round[0].err = Accepted{}, failed
		return nil
	}
	for _, p := range round {
		if err := storeRound(ctx, tx, []*pendingEvent{p}); err != nil {
			return err
		}
	}
	return nil
}

// inSavepoint undoes what do has done if do fails. The second error says that even that
// was not possible.
func inSavepoint(ctx context.Context, tx executor, name string, do func() error) (failed, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return nil, fmt.Errorf("set savepoint: %w", err)
	}
	if failed = do(); failed != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+name); err != nil {
			return failed, errors.Join(failed, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return failed, fmt.Errorf("release savepoint: %w", err)
	}
	return failed, nil
}

// storeTogether folds the events of a round into their changes.
func storeTogether(ctx context.Context, tx executor, round []*pendingEvent) error {
	round, err := answerDuplicates(ctx, tx, round)
	if err != nil || len(round) == 0 {
		return err
	}
	if err := findChanges(ctx, tx, round); err != nil {
		return err
	}
	if err := foldEvents(ctx, tx, round); err != nil {
		return err
	}
	if err := saveChanges(ctx, tx, round); err != nil {
		return err
	}
	return saveEvents(ctx, tx, round)
}

// foldEvents folds every event into the change that was found, or begins one.
func foldEvents(ctx context.Context, tx executor, round []*pendingEvent) error {
	var began []*pendingEvent
	for _, p := range round {
		c := &p.accepted.Change
		if c.Key != "" {
			c.Change = c.Fold(p.event)
			continue
		}
		*c = Change{Change: sources.Begin(p.event), ReceivedAt: p.now, Planned: p.unwatched}
		c.Key = c.Change.Key()
		p.accepted.Created = true
		began = append(began, p)
	}
	return raiseEpochs(ctx, tx, began)
}

// saveEvents stores the bodies that the tools sent, unchanged, and the tools' own ids of
// the changes.
func saveEvents(ctx context.Context, tx executor, round []*pendingEvent) error {
	var names, events values
	for _, p := range round {
		key := p.accepted.Change.Key
		names.add(p.slot, p.event.ChangeID, key)
		events.add(p.event.Source, p.event.EventID, key, micros(p.now), p.raw)
	}
	if _, err := tx.ExecContext(ctx, names.insert("names", "slot", "name", "key")+` ON CONFLICT (slot, name) DO NOTHING`, names.args...); err != nil {
		return fmt.Errorf("save the changes' names: %w", err)
	}
	_, err := tx.ExecContext(ctx, events.insert("events", "source", "event_id", "change_key", "received_at", "raw"), events.args...)
	return wrap(err, "save events")
}

// updateSlots updates the slots of the stored events, and gives every caller the change
// as it is then. It appends the journal entries last, when all slots are locked, because
// the first entry locks the journal's counter for everybody else.
func updateSlots(ctx context.Context, tx executor, group []*pendingEvent) error {
	stored := slices.DeleteFunc(slices.Clone(group), func(p *pendingEvent) bool { return p.err != nil || p.accepted.Duplicate })
	if len(stored) == 0 {
		return nil
	}
	entries, err := rearrangeSlots(ctx, tx, stored)
	if err != nil {
		return err
	}
	if err := readChanges(ctx, tx, stored); err != nil {
		return err
	}
	return appendEntries(ctx, tx, entries...)
}

// readChanges gives every caller the change as it is after its slot's update.
func readChanges(ctx context.Context, tx executor, stored []*pendingEvent) error {
	var keys []string
	for _, p := range stored {
		keys = append(keys, p.accepted.Change.Key)
	}
	slices.Sort(keys)
	marks, args := oneOf(slices.Compact(keys))
	found, err := collect(ctx, tx, scanChange, selectChange+`WHERE key IN `+marks, args...)
	if err != nil {
		return wrap(err, "read the changes again")
	}
	byKey := map[string]Change{}
	for _, c := range found {
		byKey[c.Key] = c
	}
	for _, p := range stored {
		p.accepted.Change = byKey[p.accepted.Change.Key]
	}
	return nil
}
