// Package freezing keeps the journal's account of the freeze file, and lifts a freeze whose time is over.
//
//	pushback freeze, the API, a page    leave beside the file who did it and when: recorded as theirs
//	touch, rm, anything else            is recorded as found
//
// Nobody needs the daemon to freeze: the file holds without it, and without the database.
package freezing

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback/freezefile"
)

// What the journal says of the freeze file. A rollback that it stopped is recorded with the guards of its order.
const (
	Freeze   = "freeze"
	Unfreeze = "unfreeze"
)

// Store is the journal.
type Store interface {
	Append(ctx context.Context, e store.Entry) error
	Journal(ctx context.Context, changeKey string) ([]store.Entry, error)
}

// detail is the detail of an entry about the freeze file.
type detail struct {
	Why  string `json:"why,omitempty"`
	File string `json:"file"`
	ID   string `json:"id,omitempty"` // of the action that the command line left
}

// Log records in the journal that acting was frozen, and that it no longer is. It is safe for concurrent use.
type Log struct {
	Store   Store
	File    string                // the freeze file; "": there is none, and nothing is recorded
	Changed func(page string)     // is told of the page whose state moved
	Frozen  func() (bool, string) // reads the file
	Now     func() time.Time
	Log     *slog.Logger

	mu      sync.Mutex           // one at a time: the sweep, and people who freeze
	last    atomic.Pointer[bool] // what was noted last; nil: nothing since the start
	actions []string             // recorded ones that could not be deleted, by ID
}

// Note records what the command line did, and where it did nothing, that the freeze file
// came or went. The file is read before the actions: an action is there before the file
// changes, so that every change of the file that is seen has its action beside it.
func (f *Log) Note(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	frozen, why := f.Frozen()
	if f.File == "" {
		return nil
	}
	if recorded, err := f.recordActions(ctx); err != nil || recorded {
		return err // the next sweep compares the file with what was recorded now
	}
	return f.noteFile(ctx, frozen, why)
}

// noteFile records the state of the freeze file where it has changed.
func (f *Log) noteFile(ctx context.Context, frozen bool, why string) error {
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
func (f *Log) recordActions(ctx context.Context) (recorded bool, err error) {
	actions, err := freezefile.Actions(f.File)
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
func (f *Log) forget(a freezefile.Action) {
	if err := freezefile.Forget(f.File, a); err != nil {
		f.Log.Warn("cannot delete the record of who froze or unfroze; it is in the journal, and stays beside the freeze file", "error", err)
		f.actions = append(f.actions, a.ID)
	}
}

// record appends one freeze or unfreeze to the journal.
func (f *Log) record(ctx context.Context, a freezefile.Action) error {
	said, err := json.Marshal(detail{Why: a.Why, File: f.File, ID: a.ID})
	if err != nil {
		return fmt.Errorf("recording the freeze: %w", err)
	}
	entry := store.Entry{At: a.At, Actor: a.Actor, Action: Unfreeze, Detail: said}
	if a.Frozen {
		entry.Action = Freeze
	}
	return f.Store.Append(ctx, entry)
}

// recorded is what the journal recorded last, and the IDs of all actions in it.
func (f *Log) recorded(ctx context.Context) (frozen bool, actions map[string]bool, err error) {
	entries, err := f.Store.Journal(ctx, "")
	if err != nil {
		return false, nil, fmt.Errorf("reading past freezes: %w", err)
	}
	actions = map[string]bool{}
	for _, entry := range entries {
		if entry.Action != Freeze && entry.Action != Unfreeze {
			continue
		}
		frozen = entry.Action == Freeze
		var d detail
		if json.Unmarshal(entry.Detail, &d) == nil && d.ID != "" { // entries were without it once
			actions[d.ID] = true
		}
	}
	return frozen, actions, nil
}

// EndIfOver lifts a freeze whose time is over.
func (f *Log) EndIfOver() {
	if f.File == "" {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	ended, err := freezefile.EndIfOver(f.File, f.Now())
	if err != nil {
		f.Log.Warn("cannot lift a freeze whose time may be over; acting stays frozen", "error", err)
	}
	if ended {
		f.Log.Info("the time of a freeze was over; acting goes on")
		f.Changed("/holds")
	}
}
