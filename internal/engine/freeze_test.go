package engine

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/freezing"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback/freezefile"
)

// The freeze file is written without the daemon. That the daemon noticed it is recorded once,
// also over a restart.
func TestFreezeIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	f := func(action string, want int) {
		t.Helper()
		b.must(b.freezing.Note(t.Context()))
		b.must(b.freezing.Note(t.Context()))
		if got := b.entries("", action); got != want {
			t.Errorf("%d entries of %s, want %d", got, action, want)
		}
	}
	f(freezing.Freeze, 0)
	b.must(freezefile.Write(b.FreezeFile, "sale"))
	f(freezing.Freeze, 1)
	b.restart()
	f(freezing.Freeze, 1)
	f(freezing.Unfreeze, 0)
	b.must(freezefile.Clear(b.FreezeFile))
	f(freezing.Unfreeze, 1)
}

// act does what `pushback freeze` and `pushback unfreeze` do.
func (b *bench) act(a freezefile.Action) {
	b.t.Helper()
	a, err := freezefile.Record(b.FreezeFile, a)
	b.must(err)
	if a.Frozen {
		b.must(freezefile.Write(b.FreezeFile, a.Why))
	} else {
		b.must(freezefile.Clear(b.FreezeFile))
	}
}

// wantFreezes compares the journal's entries about the freeze file: who did what, and when.
func (b *bench) wantFreezes(want ...store.Entry) {
	b.t.Helper()
	all, err := b.Store.Journal(b.t.Context(), "")
	b.must(err)
	var got []store.Entry
	for _, e := range all {
		if e.Action == freezing.Freeze || e.Action == freezing.Unfreeze {
			got = append(got, e)
		}
	}
	if len(got) != len(want) {
		b.t.Fatalf("%d entries about the freeze file, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		if got[i].Actor != w.Actor || got[i].Action != w.Action || !got[i].At.Equal(w.At) {
			b.t.Errorf("entry %d: %+v, want %+v", i, got[i], w)
		}
	}
}

// A freeze of one second lies between two sweeps. The journal says who froze and unfroze,
// and when, each once, also where the daemon ended before it deleted what it had recorded.
func TestShortFreezeIsRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	at := b.Now().Add(-5 * time.Second).Truncate(time.Microsecond)
	b.act(freezefile.Action{At: at, Frozen: true, Actor: "amy", Why: "sale"})
	b.act(freezefile.Action{At: at.Add(time.Second), Actor: "bob"})
	left, err := freezefile.Actions(b.FreezeFile)
	b.must(err)
	want := []store.Entry{{Actor: "amy", Action: freezing.Freeze, At: at}, {Actor: "bob", Action: freezing.Unfreeze, At: at.Add(time.Second)}}
	note := func() {
		t.Helper()
		for range 3 {
			b.must(b.freezing.Note(t.Context()))
		}
		b.wantFreezes(want...)
		if again, err := freezefile.Actions(b.FreezeFile); len(again) > 0 || err != nil {
			t.Errorf("actions are left: %+v, %v", again, err)
		}
	}
	note()
	b.restart()
	for _, a := range left { // as if it had not been deleted
		b.must(os.WriteFile(filepath.Join(filepath.Dir(b.FreezeFile), a.ID), []byte(`{"frozen": true, "actor": "amy"}`), 0o600))
	}
	note()
	b.act(freezefile.Action{At: b.Now().Add(time.Hour), Frozen: true, Actor: "carl"}) // his clock is ahead
	want = append(want, store.Entry{Actor: "carl", Action: freezing.Freeze, At: b.Now()})
	note()
	b.must(freezefile.Clear(b.FreezeFile)) // as rm does
	want = append(want, store.Entry{Actor: "freeze file", Action: freezing.Unfreeze, At: b.Now()})
	note()
}

// A sweep between the action and the file it is about adds no entry of its own.
func TestSweepAmidAFreeze(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	at := b.Now()
	_, err := freezefile.Record(b.FreezeFile, freezefile.Action{At: at, Frozen: true, Actor: "amy"})
	b.must(err)
	b.must(b.freezing.Note(t.Context()))
	b.must(freezefile.Write(b.FreezeFile, ""))
	b.must(b.freezing.Note(t.Context()))
	b.wantFreezes(store.Entry{Actor: "amy", Action: freezing.Freeze, At: at})
}

// People freeze by the API as by the command: the file is the record, the journal says who did it, and the freeze ends
// by itself when its time is over.
func TestFreezingByTheAPI(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	begun := b.Now().UTC()
	if was, err := b.Freeze(t.Context(), "amy", "sale", begun.Add(time.Hour)); was || err != nil {
		t.Fatal(was, err)
	}
	if frozen, why := b.Frozen(); !frozen || why != "sale" {
		t.Error(frozen, why)
	}
	b.freezing.EndIfOver()
	if s := b.FreezeState(); !s.Frozen || !s.Until.Equal(begun.Add(time.Hour)) {
		t.Errorf("%+v", s)
	}
	b.clock.add(time.Hour)
	b.freezing.EndIfOver()
	if frozen, _ := b.Frozen(); frozen {
		t.Error("still frozen")
	}
	b.must(b.freezing.Note(t.Context()))
	b.wantFreezes(store.Entry{At: begun, Actor: "amy", Action: freezing.Freeze}, store.Entry{At: begun.Add(time.Hour), Actor: "freeze file", Action: freezing.Unfreeze})
	if was, err := b.Unfreeze(t.Context(), "bob", ""); was || err != nil {
		t.Error(was, err)
	}
}
