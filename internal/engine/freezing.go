package engine

import (
	"context"
	"errors"
	"time"

	"github.com/pushback/pushback/rollback/freezefile"
)

// errNoFreezeFile is the answer to whoever would freeze where pushback.yml names no file.
var errNoFreezeFile = errors.New("there is no freeze file: guards.freeze_file of pushback.yml is empty")

// Freeze stops all acting of this process in a person's name, until end unless it is zero. The freeze file is the
// record: it holds without the database, and the journal is told of it now or by the next sweep.
//
// See adr/0133.
func (e *Engine) Freeze(ctx context.Context, actor, why string, end time.Time) (was bool, err error) {
	return e.changeFreeze(ctx, func(now time.Time) (freezefile.Done, error) {
		return freezefile.Freeze(e.FreezeFile, freezefile.Action{At: now, Actor: actor, Why: why}, end)
	})
}

// Unfreeze removes the freeze file in a person's name. was is false where nothing was frozen.
func (e *Engine) Unfreeze(ctx context.Context, actor, why string) (was bool, err error) {
	return e.changeFreeze(ctx, func(now time.Time) (freezefile.Done, error) {
		return freezefile.Unfreeze(e.FreezeFile, freezefile.Action{At: now, Actor: actor, Why: why})
	})
}

func (e *Engine) changeFreeze(ctx context.Context, change func(now time.Time) (freezefile.Done, error)) (was bool, err error) {
	if e.FreezeFile == "" {
		return false, errNoFreezeFile
	}
	done, err := change(e.Now().UTC())
	if done.Unrecorded != nil {
		e.Log.Error("cannot leave beside the freeze file who changed it; the journal will not say who did it", "error", done.Unrecorded)
	}
	if err != nil {
		return done.Was, err
	}
	if err := e.freezeLog.note(ctx); err != nil {
		e.Log.Warn("cannot record the freeze in the journal now; the next sweep tries again", "error", err)
	}
	e.listeners.publish("/holds")
	return done.Was, nil
}

// FreezeState is what the freeze file says, for people.
func (c *core) FreezeState() freezefile.State {
	if c.FreezeFile == "" {
		return freezefile.State{}
	}
	s, err := freezefile.Look(c.FreezeFile)
	if err != nil {
		c.Log.Warn("cannot read the freeze file, or when it ends; acting is frozen until it is lifted", "error", err)
	}
	return s
}

// FreezeWindow is the first of the operators' freeze windows that holds now, "" for none.
func (c *core) FreezeWindow() string { return c.window(c.Now()) }

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
