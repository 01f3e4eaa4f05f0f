package store

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// wantUnplanned fails the test unless these changes, by id, wait to be planned.
func wantUnplanned(t *testing.T, s *Store, want ...string) {
	t.Helper()
	page, err := s.UnplannedChanges(t.Context(), UnplannedPage{}, 1000)
	if err != nil || len(page.Unreadable) > 0 || !slices.Equal(ids(page.Changes), want) {
		t.Fatalf("unplanned %v, want %v; %v, %v", ids(page.Changes), want, page.Unreadable, err)
	}
}

// planOf is a plan with n watches.
func planOf(c Change, n int) Plan {
	p := Plan{Change: c}
	for i := range n {
		p.Watches = append(p.Watches, watch.Watch{ID: fmt.Sprint(c.Key, ".", i), ChangeKey: c.Key, State: watch.Waiting, Next: at(11)})
	}
	return p
}

func plansOnceAndTogether(t *testing.T, s *Store) {
	var plans []Plan
	for i := range 3 {
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Succeeded, i)
		e.Service = fmt.Sprint("service-", i)
		plans = append(plans, planOf(accept(t, s, e).Change, i*1000/2))
	}
	plans[1].Reports = []Report{{ChangeKey: plans[1].Change.Key, Adapter: "hub", Content: notify.Report{Service: "cart"}}}
	stored, _, err := s.PlanChanges(t.Context(), plans[:2])
	if err != nil || len(stored) != 2 {
		t.Fatalf("stored %d plans, %v", len(stored), err)
	}
	wantUnplanned(t, s, "c2")
	if a, err := s.Report(t.Context(), ReportID(plans[1].Change.Key, "hub")); err != nil || a.Content.Service != "cart" || a.Revision != 1 {
		t.Errorf("report %+v, %v", a, err)
	}
	// As another replica that read the same changes does.
	if stored, _, err = s.PlanChanges(t.Context(), plans); err != nil || len(stored) != 1 || stored[0].Change.ID != "c2" {
		t.Errorf("stored %d plans again, %v", len(stored), err)
	}
	for _, p := range plans {
		ws, err := s.WatchesOf(t.Context(), p.Change.Key)
		slices.SortFunc(p.Watches, func(a, b watch.Watch) int { return cmp.Compare(a.ID, b.ID) })
		if diff := gocmp.Diff(p.Watches, ws); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}

func unplannedByPages(t *testing.T, s *Store) {
	for i, minute := range []int{5, 3, 5, 3, 5, 1} { // equal times on either side of a page's end
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Started, minute)
		e.Service = fmt.Sprint("service-", i)
		accept(t, s, e)
	}
	if _, err := s.write.ExecContext(t.Context(), `UPDATE changes SET body = 'not JSON' WHERE id = 'c3'`); err != nil {
		t.Fatal(err)
	}
	var got []Change
	unreadable := 0
	for page, n := (UnplannedPage{}), 0; !page.Last; n++ {
		var err error
		if page, err = s.UnplannedChanges(t.Context(), page, 2); err != nil || n > 3 {
			t.Fatal(n, err)
		}
		got, unreadable = append(got, page.Changes...), unreadable+len(page.Unreadable)
	}
	oldestFirst := slices.IsSortedFunc(got, func(a, b Change) int { return a.StartedAt.Compare(b.StartedAt) })
	names := ids(got)
	if slices.Sort(names); unreadable != 1 || !oldestFirst || !slices.Equal(names, []string{"c0", "c1", "c2", "c4", "c5"}) {
		t.Errorf("%v, %d unreadable, oldest first: %v", ids(got), unreadable, oldestFirst)
	}
}

func unwatchedIsPlanned(t *testing.T, s *Store) {
	began, err := s.AcceptUnwatched(t.Context(), admitted(eventOf("c1", "v1", sources.Started, 5)), nil, now)
	if err != nil || !began.Created || !began.Change.Planned {
		t.Fatalf("%+v, %v", began, err)
	}
	wantUnplanned(t, s)
	// Rules that came in between do not plan a change again.
	if a := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 6)); !a.Change.Planned || a.Created {
		t.Errorf("%+v", a)
	}
	accept(t, s, eventOf("c2", "v2", sources.Started, 7))
	if _, err := s.AcceptUnwatched(t.Context(), admitted(eventOf("c2", "v2", sources.Succeeded, 8)), nil, now); err != nil {
		t.Fatal(err)
	}
	wantUnplanned(t, s, "c2")
}
