package engine

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/internal/store"
)

// What the journal says of the freeze file. Whoever writes or removes it needs
// no daemon, so that only the daemon's seeing it can be recorded; a rollback it
// stopped is recorded with the guards of its order.
const (
	freezeSeen = "freeze"
	thawSeen   = "unfreeze"
)

// noteFreeze puts into the journal that acting was frozen, or is no longer.
func (e *Engine) noteFreeze(ctx context.Context) error {
	frozen, why := e.Frozen()
	if was, known := e.noted.Load(freezeSeen); known && was == frozen {
		return nil
	}
	last, err := e.lastFreeze(ctx)
	if err != nil {
		return err
	}
	if frozen != last {
		entry := store.Entry{At: e.Now(), Actor: "freeze file", Action: thawSeen}
		if frozen {
			entry.Action = freezeSeen
			if entry.Detail, err = json.Marshal(map[string]string{"why": why, "file": e.FreezeFile}); err != nil {
				return fmt.Errorf("writing down the freeze: %w", err)
			}
		}
		if err := e.Store.Append(ctx, entry); err != nil {
			return err
		}
	}
	e.noted.Store(freezeSeen, frozen)
	return nil
}

// lastFreeze is what an earlier run of the engine has seen last.
func (e *Engine) lastFreeze(ctx context.Context) (frozen bool, err error) {
	entries, err := e.Store.Journal(ctx, "")
	if err != nil {
		return false, fmt.Errorf("reading past freezes: %w", err)
	}
	for _, entry := range entries {
		switch entry.Action {
		case freezeSeen:
			frozen = true
		case thawSeen:
			frozen = false
		}
	}
	return frozen, nil
}
