package planning

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A watched change behind 10,000 others begins in the first transaction, and the others
// cost a few transactions and no question about what came before.
func TestAWatchedChangeBeginsBeforeTheBacklog(t *testing.T) {
	f := newFixture(t, nil)
	f.copies(f.accept("batch", "v1", began), 9_999)
	cart := f.accept("cart", "v1", began.Add(time.Hour))
	f.plan()
	if first := f.commits[0]; len(first) != 1 || first[0].Change.Key != cart.Key || len(first[0].Watches) != 1 {
		t.Errorf("the first transaction stored %d plans, want the watched change alone", len(first))
	}
	for _, c := range f.commits {
		if len(c) > maxBatch {
			t.Errorf("a transaction stored %d plans", len(c))
		}
	}
	if n := len(f.commits); n != 1+(10_000+maxBatch-1)/maxBatch || f.asked != 1 || f.unplanned() != 0 {
		t.Errorf("%d transactions, %d questions about predecessors, %d left", n, f.asked, f.unplanned())
	}
	if len(f.begun) != 1 || f.begun[0].ChangeKey != cart.Key || f.reloads != 1 {
		t.Errorf("began %+v, reloaded %d times", f.begun, f.reloads)
	}
}

// More changes than one pass plans are planned by the passes after it, and each page is
// read once to look for watched changes and once to plan the others.
func TestABacklogIsPlannedInPasses(t *testing.T) {
	f := newFixture(t, nil)
	f.pages = 3
	f.copies(f.accept("batch", "v1", began), 3*pageSize+1)
	f.plan()
	if n := f.unplanned(); n != 2 || f.read != 4+3 {
		t.Fatalf("%d are left, want those beyond three pages; %d pages were read", n, f.read)
	}
	if err := f.PlanNew(t.Context()); err != nil || f.unplanned() != 0 {
		t.Errorf("%d are left after the second pass, %v", f.unplanned(), err)
	}
}

// A thousand events that no rule watches leave nothing to plan: no transaction, and no
// read of the store.
func TestUnwatchedChangesAreNotPlannedAgain(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 1000 {
		if !f.Unwatched(event("batch", version(i), began)) {
			t.Fatal("an event of a service without rules is taken for watched")
		}
	}
	admitted, err := sources.Admit(event("batch", "v1", began), nil, began)
	if err != nil {
		t.Fatal(err)
	}
	a, err := f.store.AcceptUnwatched(t.Context(), admitted, nil, began)
	if err != nil {
		t.Fatal(err)
	}
	f.Offer(a.Change)
	if err := f.PlanNew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(f.commits) != 0 || f.asked != 0 || f.reloads != 0 || f.unplanned() != 0 {
		t.Errorf("%d transactions, %d questions, %d reloads, %d left", len(f.commits), f.asked, f.reloads, f.unplanned())
	}
}

func TestWhatIsUnwatched(t *testing.T) {
	f := newFixture(t, nil)
	if f.Unwatched(event("cart", "v1", began)) {
		t.Error("a watched event")
	}
	f.settled = false
	if f.Unwatched(event("batch", "v1", began)) {
		t.Error("an event before the rules are settled")
	}
	f.Offer(f.accept("cart", "v1", began))
	if f.plan(); f.unplanned() != 1 {
		t.Error("a change was planned before the rules are settled")
	}
	f.settled = true
	if f.plan(); f.unplanned() != 0 || len(f.begun) != 1 {
		t.Errorf("%d are left and %d watches began once the rules are settled", f.unplanned(), len(f.begun))
	}
	marked := newFixture(t, func(f *fixture) {
		f.report = func(c store.Change, _ []watch.Watch) []store.Report {
			return []store.Report{{ChangeKey: c.Key, Adapter: store.Grafana}}
		}
	})
	if marked.Unwatched(event("batch", "v1", began)) {
		t.Error("an event that is marked on Grafana")
	}
	batch := marked.accept("batch", "v1", began)
	marked.Offer(batch)
	if err := marked.PlanNew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if a, err := marked.store.Report(t.Context(), store.ReportID(batch.Key, store.Grafana)); err != nil || a.Revision != 1 {
		t.Errorf("report %+v, %v", a, err)
	}
}

// What was offered does not wait for the backlog, and one commit takes all that waits.
func TestOfferedChangesDoNotWaitForTheBacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		f := newFixture(t, nil)
		f.commit = func(ctx context.Context, plans []store.Plan) {
			if plans[0].Change.Service == "batch" {
				<-ctx.Done() // the backlog's transaction does not end
			}
		}
		f.accept("batch", "v1", began)
		f.WakeUp()
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		synctest.Wait()
		for i := range 3 {
			f.Offer(f.accept("cart-"+version(i), "v1", began))
		}
		synctest.Wait()
		if len(f.begun) != 3 {
			t.Errorf("%d watches began while the backlog was planned, want 3", len(f.begun))
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// Changes that were offered and do not fit into memory are found in the store.
func TestMoreThanMemoryTakes(t *testing.T) {
	f := newFixture(t, nil)
	cart := f.accept("cart", "v1", began)
	for range maxWaiting {
		f.Offer(cart)
	}
	other := f.accept("cart-2", "v1", began)
	f.Offer(other)
	if err := f.PlanNew(t.Context()); err != nil {
		t.Fatal(err)
	}
	if f.unplanned() != 0 || len(f.begun) != 2 {
		t.Errorf("%d are left, %d watches began", f.unplanned(), len(f.begun))
	}
}

// A change that cannot be planned holds no other up, and is tried again.
func TestAPoisonChangeIsIsolated(t *testing.T) {
	f := newFixture(t, nil)
	var bad []store.Change
	for i := range 40 {
		c := f.accept("cart-"+version(i), "v1", began.Add(time.Duration(i)*time.Second))
		if i%10 == 3 {
			bad = append(bad, c)
		}
	}
	f.poison[bad[0].Key], f.poison["before "+bad[1].Key] = true, true
	f.poison[bad[2].Key], f.poison[bad[3].Key] = true, true
	f.plan()
	if f.unplanned() != 4 || len(f.begun) != 36 {
		t.Errorf("%d are left, %d watches began", f.unplanned(), len(f.begun))
	}
	for _, c := range bad {
		if !strings.Contains(f.log.String(), c.Key) {
			t.Errorf("nothing was logged of %s", c.Service)
		}
	}
	clear(f.poison)
	if f.plan(); f.unplanned() != 0 {
		t.Errorf("%d are left after they were mended", f.unplanned())
	}
}

// If the database does not answer, that is one error and no fault of any change.
func TestADatabaseThatIsDown(t *testing.T) {
	f := newFixture(t, nil)
	for i := range 5 {
		f.Offer(f.accept("cart-"+version(i), "v1", began))
	}
	f.down = errors.New("connection refused")
	if err := f.PlanNew(t.Context()); !errors.Is(err, f.down) || f.log.Len() > 0 {
		t.Errorf("%v, logged %s", err, &f.log)
	}
	f.down = nil
	if f.plan(); f.unplanned() != 0 {
		t.Errorf("%d are left", f.unplanned())
	}
}

// A change whose row was locked is tried again in a moment, without the sweep.
func TestALockedChangeIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		cart := f.accept("cart", "v1", began)
		f.locked[cart.Key] = true
		f.Offer(cart)
		if err := f.PlanNew(t.Context()); err != nil || f.unplanned() != 1 {
			t.Fatalf("%d are left, %v", f.unplanned(), err)
		}
		clear(f.locked)
		time.Sleep(lockedRetry)
		synctest.Wait()
		if err := f.PlanNew(t.Context()); err != nil || f.unplanned() != 0 || len(f.begun) != 1 {
			t.Errorf("%d are left, %d watches began, %v", f.unplanned(), len(f.begun), err)
		}
	})
}

// Two changes of a slot that are planned together have the baselines that they have one
// after the other: the successor inherits that of a predecessor which nobody has judged.
func TestASuccessorInheritsTheBaselineInOneBatch(t *testing.T) {
	together, apart := newFixture(t, nil), newFixture(t, nil)
	for i := range 3 {
		at := began.Add(time.Duration(i) * time.Minute)
		together.Offer(together.accept("cart", version(i), at))
		apart.Offer(apart.accept("cart", version(i), at))
		if err := apart.PlanNew(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := together.PlanNew(t.Context()); err != nil || len(together.commits) != 1 {
		t.Fatalf("%d transactions, %v", len(together.commits), err)
	}
	if got, want := baselines(together.begun), baselines(apart.begun); got != want || strings.Count(want, began.Format(time.RFC3339)) != 3 {
		t.Errorf("baselines together:\n%sand one after the other:\n%s", got, want)
	}
	// Only the newest was offered: the others are planned later, and count all the same.
	last := newFixture(t, nil)
	last.accept("cart", version(0), began)
	last.Offer(last.accept("cart", version(1), began.Add(time.Minute)))
	if err := last.PlanNew(t.Context()); err != nil || len(last.begun) != 1 || !last.begun[0].BaseAt.Equal(apart.begun[0].BaseAt) {
		t.Errorf("%+v, %v", last.begun, err)
	}
}

func baselines(ws []watch.Watch) string {
	var b strings.Builder
	for _, w := range ws {
		fmt.Fprintln(&b, w.ID, w.BaseAt.Format(time.RFC3339))
	}
	return b.String()
}
