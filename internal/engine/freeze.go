package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback/freezefile"
)

// What the journal says of the freeze file. Nobody needs the daemon to write or remove the
// file. `pushback freeze` and `pushback unfreeze` leave beside it who did it and when; of
// whatever else writes or removes it, only its being noticed can be recorded. A rollback
// that it stopped is recorded with the guards of its order.
const (
	freezeAction   = "freeze"
	unfreezeAction = "unfreeze"
)

// freezeDetail is the detail of an entry about the freeze file.
type freezeDetail struct {
	Why  string `json:"why,omitempty"`
	File string `json:"file"`
	ID   string `json:"id,omitempty"` // of the action that the command line left
}

// freezeLog records in the journal that acting was frozen, and that it no longer is.
type freezeLog struct {
	*core
	mu      sync.Mutex           // one at a time: the sweep, and people who freeze
	last    atomic.Pointer[bool] // what was noted last; nil: nothing since the start
	actions []string             // recorded ones that could not be deleted, by ID
}

// note records what the command line did, and where it did nothing, that the freeze file
// came or went. The file is read before the actions: an action is there before the file
// changes, so that every change of the file that is seen has its action beside it.
func (f *freezeLog) note(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	frozen, why := f.Frozen()
	if f.FreezeFile == "" {
		return nil
	}
	if recorded, err := f.recordActions(ctx); err != nil || recorded {
		return err // the next sweep compares the file with what was recorded now
	}
	return f.noteFile(ctx, frozen, why)
}

// noteFile records the state of the freeze file where it has changed.
func (f *freezeLog) noteFile(ctx context.Context, frozen bool, why string) error {
	if was := f.last.Load(); was != nil && *was == frozen {
		return nil
	}
	last, _, err := f.recorded(ctx)
	if err != nil {
		return err
	}
	if frozen != last {
		a := freezefile.Action{At: f.Now(), Frozen: frozen, Actor: "freeze file", Why: why}
		if err := f.record(ctx, a); err != nil {
			return err
		}
	}
	f.last.Store(&frozen)
	return nil
}

// recordActions records the actions that are not in the journal yet, in their order, and
// deletes them. The journal is asked by their IDs, so that an action is recorded once, also
// where the daemon ended before it deleted it, or may not delete it.
func (f *freezeLog) recordActions(ctx context.Context) (recorded bool, err error) {
	actions, err := freezefile.Actions(f.FreezeFile)
	if err != nil {
		f.Log.Warn("cannot read who froze or unfroze; it is not recorded", "error", err)
	}
	actions = slices.DeleteFunc(actions, func(a freezefile.Action) bool { return slices.Contains(f.actions, a.ID) })
	if len(actions) == 0 {
		return false, nil
	}
	_, known, err := f.recorded(ctx)
	if err != nil {
		return false, err
	}
	for _, a := range actions {
		if !known[a.ID] {
			a.At = earlier(a.At, f.Now())
			if err := f.record(ctx, a); err != nil {
				return false, err
			}
		}
		f.forget(a)
	}
	f.last.Store(nil)
	return true, nil
}

// earlier returns the earlier of two times: the clock of the command line may be ahead.
func earlier(a, b time.Time) time.Time {
	if a.After(b) {
		return b
	}
	return a
}

// forget deletes an action that is recorded, and remembers one that cannot be deleted.
func (f *freezeLog) forget(a freezefile.Action) {
	if err := freezefile.Forget(f.FreezeFile, a); err != nil {
		f.Log.Warn("cannot delete the record of who froze or unfroze; it is in the journal, and stays beside the freeze file", "error", err)
		f.actions = append(f.actions, a.ID)
	}
}

// record appends one freeze or unfreeze to the journal.
func (f *freezeLog) record(ctx context.Context, a freezefile.Action) error {
	detail, err := json.Marshal(freezeDetail{Why: a.Why, File: f.FreezeFile, ID: a.ID})
	if err != nil {
		return fmt.Errorf("recording the freeze: %w", err)
	}
	entry := store.Entry{At: a.At, Actor: a.Actor, Action: unfreezeAction, Detail: detail}
	if a.Frozen {
		entry.Action = freezeAction
	}
	return f.Store.Append(ctx, entry)
}

// recorded is what the journal recorded last, and the IDs of all actions in it.
func (f *freezeLog) recorded(ctx context.Context) (frozen bool, actions map[string]bool, err error) {
	entries, err := f.Store.Journal(ctx, "")
	if err != nil {
		return false, nil, fmt.Errorf("reading past freezes: %w", err)
	}
	actions = map[string]bool{}
	for _, entry := range entries {
		if entry.Action != freezeAction && entry.Action != unfreezeAction {
			continue
		}
		frozen = entry.Action == freezeAction
		var detail freezeDetail
		if json.Unmarshal(entry.Detail, &detail) == nil && detail.ID != "" { // entries were without it once
			actions[detail.ID] = true
		}
	}
	return frozen, actions, nil
}

// endFreeze lifts a freeze whose time is over.
func (f *freezeLog) endFreeze() {
	if f.FreezeFile == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ended, err := freezefile.EndIfOver(f.FreezeFile, f.Now())
	if err != nil {
		f.Log.Warn("cannot lift a freeze whose time may be over; acting stays frozen", "error", err)
	}
	if ended {
		f.Log.Info("the time of a freeze was over; acting goes on")
		f.listeners.publish("/holds")
	}
}
