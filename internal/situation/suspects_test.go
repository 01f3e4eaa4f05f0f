package situation

import (
	"context"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// TestSameThing: the same version going to another region is no suspect. Another flag
// set to the same share is one.
func TestSameThing(t *testing.T) {
	f := func(name string, want bool, edit func(*sources.Change)) {
		t.Helper()
		a := sources.Change{Service: "cart", Environment: "production", Region: "eu", Kind: sources.Flag, Group: "a"}
		b := a
		edit(&b)
		if got := sameThing(a, b); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
	f("another region", true, func(c *sources.Change) { c.Region = "us" })
	f("another flag", false, func(c *sources.Change) { c.Group = "e" })
	f("an experiment", false, func(c *sources.Change) { c.Kind = sources.Experiment })
	f("another service", false, func(c *sources.Change) { c.Service = "payments" })
	if unnamed := (sources.Change{Service: "cart", Kind: sources.Flag}); sameThing(unnamed, unnamed) {
		t.Error("two flags without a name count as one")
	}
}

// one is a store with one earlier change, which was found good by its watch.
type one struct {
	Store
	change, next store.Change
	watch        watch.Watch
}

func (o one) Change(context.Context, string) (store.Change, error) { return o.next, nil }

func (o one) OverlappingChanges(context.Context, store.Change, []string, time.Time, time.Time) ([]store.Change, error) {
	return []store.Change{o.change}, nil
}

func (o one) WatchesOf(context.Context, string) ([]watch.Watch, error) {
	return []watch.Watch{o.watch}, nil
}

func (one) Predecessor(context.Context, store.Change) (store.Change, bool, error) {
	return store.Change{}, false, nil
}

func (one) Order(context.Context, string) (rollback.Order, error) {
	return rollback.Order{}, store.ErrNotFound
}

type alone struct{}

func (alone) Upstream(service string) map[string]int { return map[string]int{service: 0} }

// A good version is under suspicion where its watch had not ended when the regression may have begun: what comes in the
// last ticks of a watch is hidden in it. What took it back to production is not, as for any rollback.
func TestGoodUntilItsWatchEnded(t *testing.T) {
	f := func(name string, suspected bool, onset rollback.Onset, edit func(*one)) {
		t.Helper()
		before := one{watch: watch.Watch{State: watch.Healthy, EndedAt: minute(-5), Plan: detector.Plan{Tick: time.Minute}}}
		before.change = store.Change{Change: sources.Change{Service: "cart", Version: "v1"}, Standing: store.Good}
		edit(&before)
		c := store.Change{Change: sources.Change{Service: "cart", Version: "v2", StartedAt: ten}}
		found, err := (&Reader{Store: before, Catalogue: alone{}}).suspects(t.Context(), c, minute(-60), minute(5), rollback.Situation{Change: c.Change, Onset: onset, BeganAt: ten})
		if err != nil || len(found) > 0 != suspected {
			t.Errorf("%s: %v, %v", name, found, err)
		}
	}
	asItIs := func(*one) {}
	during := rollback.Onset{From: minute(-6), To: minute(1)}
	f("while it was watched", true, during, asItIs)
	f("two ticks after it", true, rollback.Onset{From: minute(-3.1), To: minute(1)}, asItIs)
	f("when it was over", false, rollback.Onset{From: minute(-3), To: minute(1)}, asItIs)
	f("the next one had waited for its end", false, during, func(b *one) { b.watch.EndedAt = minute(-3) })
	f("it was bad before the next one", true, rollback.Onset{From: minute(-6), To: minute(-0.1)}, func(b *one) { b.watch.EndedAt = minute(-3) })
	f("another one in between had waited for its end", false, during, func(b *one) {
		b.change.SupersededBy, b.next.StartedAt = "between", minute(-3)
	})
	f("another one in between came later", true, during, func(b *one) {
		b.change.SupersededBy, b.next.StartedAt = "between", minute(-1)
	})
	f("nobody knows when", false, rollback.Onset{}, asItIs)
	f("while a rollback was watched", false, rollback.Onset{From: minute(-6)}, func(b *one) { b.watch.After = minute(-9) })
	f("what the tool reports of a rollback", false, during, func(b *one) { b.change.RollbackOf = "cart/v0" })
}
