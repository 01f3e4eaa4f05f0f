package situation

import (
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// ten is when the changes of these tests began.
var ten = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

func minute(m float64) time.Time { return ten.Add(time.Duration(m * float64(time.Minute))) }

// An onset is known as exactly as the likely signals say, the one first that may have got worse first.
func TestOnset(t *testing.T) {
	signal := func(grade detector.Grade, from, onset float64) detector.Evidence {
		return detector.Evidence{Grade: grade, OnsetFrom: minute(from), Onset: minute(onset)}
	}
	f := func(name string, from, to float64, signals ...detector.Evidence) {
		t.Helper()
		v := detector.Verdict{Grade: detector.Certain, Signals: signals}
		w := watch.Watch{BaseAt: minute(-5), OwnBaseAt: ten, From: minute(1), Plan: detector.Plan{Tick: time.Minute}}
		got := Onset(w, sources.Change{StartedAt: ten, FinishedAt: ten}, v)
		if !got.From.Equal(minute(from)) || !got.To.Equal(minute(to)) {
			t.Errorf("%s: from %s to %s, want from %v to %v", name, got.From, got.To, from, to)
		}
	}
	certain := signal(detector.Certain, 0, 1)
	f("one signal", 0, 1, certain)
	f("a likely one was worse before", -3, -2, certain, signal(detector.Likely, -3, -2))
	f("a likely one may have been worse before", 0, 1, certain, signal(detector.Likely, -30, 1))
	f("a suspect one says nothing", 0, 1, certain, signal(detector.Suspect, -3, -2))
	stored := detector.Evidence{Grade: detector.Certain, Onset: minute(1)}
	f("stored before it was known how exactly", -5, 1, stored)
}

// The rollout of a change of which only the end is known began before, and not where an inherited
// baseline ends; so did those of its suspects.
func TestBeginningAfterAPredecessor(t *testing.T) {
	c := sources.Change{StartedAt: ten, FinishedAt: ten}
	w := watch.Watch{BaseAt: minute(-5), OwnBaseAt: minute(-1)}
	began := Beginning(w, c)
	if !began.Equal(minute(-1)) {
		t.Errorf("it began at %s", began)
	}
	suspects := withRollouts([]rollback.Suspect{
		{Change: sources.Change{StartedAt: minute(-5), FinishedAt: minute(-5)}},
		{Change: sources.Change{StartedAt: minute(-5), FinishedAt: minute(-4)}},
	}, c, began)
	if !suspects[0].BeganAt.Equal(minute(-6)) || !suspects[1].BeganAt.IsZero() {
		t.Errorf("suspects began at %s and %s", suspects[0].BeganAt, suspects[1].BeganAt)
	}
	w.OwnBaseAt = time.Time{}
	if stored := Beginning(w, c); !stored.Equal(minute(-5)) {
		t.Errorf("a watch without its own baseline began at %s", stored)
	}
}
