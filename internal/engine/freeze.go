package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"github.com/pushback/pushback/internal/store"
)

// What the journal says of the freeze file. Nobody needs the daemon to write or remove the
// file, so that only its being noticed can be recorded. A rollback that it stopped is
// recorded with the guards of its order.
const (
	freezeAction   = "freeze"
	unfreezeAction = "unfreeze"
)

// freezeLog records in the journal that acting was frozen, and that it no longer is.
type freezeLog struct {
	*core
	last atomic.Pointer[bool] // what was noted last; nil: nothing since the start
}

// note records the state of the freeze file where it has changed.
func (f *freezeLog) note(ctx context.Context) error {
	frozen, why := f.Frozen()
	if was := f.last.Load(); was != nil && *was == frozen {
		return nil
	}
	last, err := f.lastFreeze(ctx)
	if err != nil {
		return err
	}
	if frozen != last {
		entry := store.Entry{At: f.Now(), Actor: "freeze file", Action: unfreezeAction}
		if frozen {
			entry.Action = freezeAction
			if entry.Detail, err = json.Marshal(map[string]string{"why": why, "file": f.FreezeFile}); err != nil {
				return fmt.Errorf("recording the freeze: %w", err)
			}
		}
		if err := f.Store.Append(ctx, entry); err != nil {
			return err
		}
	}
	f.last.Store(&frozen)
	return nil
}

// lastFreeze is what the journal recorded last.
func (f *freezeLog) lastFreeze(ctx context.Context) (frozen bool, err error) {
	entries, err := f.Store.Journal(ctx, "")
	if err != nil {
		return false, fmt.Errorf("reading past freezes: %w", err)
	}
	for _, entry := range entries {
		switch entry.Action {
		case freezeAction:
			frozen = true
		case unfreezeAction:
			frozen = false
		}
	}
	return frozen, nil
}
