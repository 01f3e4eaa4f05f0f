package gate

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
func (k *Keeper) Freeze(ctx context.Context, actor, why string, end time.Time) (was bool, err error) {
	return k.changeFreeze(ctx, func(now time.Time) (freezefile.Done, error) {
		return freezefile.Freeze(k.o.FreezeFile, freezefile.Action{At: now, Actor: actor, Why: why}, end)
	})
}

// Unfreeze removes the freeze file in a person's name. was is false where nothing was frozen.
func (k *Keeper) Unfreeze(ctx context.Context, actor, why string) (was bool, err error) {
	return k.changeFreeze(ctx, func(now time.Time) (freezefile.Done, error) {
		return freezefile.Unfreeze(k.o.FreezeFile, freezefile.Action{At: now, Actor: actor, Why: why})
	})
}

func (k *Keeper) changeFreeze(ctx context.Context, change func(now time.Time) (freezefile.Done, error)) (was bool, err error) {
	if k.o.FreezeFile == "" {
		return false, errNoFreezeFile
	}
	done, err := change(k.o.Now().UTC())
	if done.Unrecorded != nil {
		k.o.Log.Error("cannot leave beside the freeze file who changed it; the journal will not say who did it", "error", done.Unrecorded)
	}
	if err != nil {
		return done.Was, err
	}
	if err := k.o.NoteFreeze(ctx); err != nil {
		k.o.Log.Warn("cannot record the freeze in the journal now; the next sweep tries again", "error", err)
	}
	k.o.Changed(holdsPage)
	return done.Was, nil
}

// FreezeState is what the freeze file says, for people.
func (k *Keeper) FreezeState() freezefile.State {
	if k.o.FreezeFile == "" {
		return freezefile.State{}
	}
	s, err := freezefile.Look(k.o.FreezeFile)
	if err != nil {
		k.o.Log.Warn("cannot read the freeze file, or when it ends; acting is frozen until it is lifted", "error", err)
	}
	return s
}

// FreezeWindow is the first of the operators' freeze windows that holds now, "" for none.
func (k *Keeper) FreezeWindow() string { return k.o.Window(k.o.Now()) }
