package store

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// sharedWatches lists the open watches of some shares. On SQLite, which has one process, they
// are not divided.
func sharedWatches(t *testing.T, s *Store) {
	want := map[string][]string{}
	for i := range 40 {
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Succeeded, 10)
		e.Service = fmt.Sprint("service ü ", i%20)
		c := accept(t, s, e).Change
		w := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", State: watch.Watching}
		if i%2 == 0 {
			if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{w}); err != nil {
				t.Fatal(err)
			}
		} else if _, _, err := s.PlanChanges(t.Context(), []Plan{{Change: c, Watches: []watch.Watch{w}}}); err != nil {
			t.Fatal(err)
		}
		want[ShareOf(e.Service)] = append(want[ShareOf(e.Service)], w.ID)
	}
	if !s.Shared() {
		return
	}
	for share, ids := range want {
		got, err := s.OpenWatchIDs(t.Context(), []string{share, "none"})
		if slices.Sort(ids); err != nil || !slices.Equal(got, ids) {
			t.Errorf("share %s has the watches %v, %v; want %v", share, got, err, ids)
		}
	}
	if got, err := s.OpenWatchIDs(t.Context(), []string{}); err != nil || len(got) > 0 {
		t.Errorf("no share has the watches %v, %v", got, err)
	}
}

// lookingReplicas lists those that look and have renewed their leases a short time ago.
func lookingReplicas(t *testing.T, s *Store) {
	a, b := replicas(t, s)
	f := func(within time.Duration, want ...string) {
		t.Helper()
		got, err := s.Looking(t.Context(), within)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%v look, %v; want %v", got, err, want)
		}
	}
	f(time.Hour)
	for _, r := range []*Store{a, b} {
		if err := r.Renew(t.Context(), true, 1); err != nil {
			t.Fatal(err)
		}
	}
	f(time.Hour, a.Holder(), b.Holder())
	if _, err := s.write.ExecContext(t.Context(), `UPDATE replicas SET seen_at = seen_at - 60000000 WHERE holder = $1`, b.Holder()); err != nil {
		t.Fatal(err)
	}
	f(59*time.Second, a.Holder())
	if err := a.Renew(t.Context(), false, 0); err != nil {
		t.Fatal(err)
	}
	f(59 * time.Second)
}

func TestShareOf(t *testing.T) {
	all := Shares()
	if len(all) != 4096 || !slices.Contains(all, ShareOf("cart")) || !slices.IsSorted(all) {
		t.Errorf("%d shares, and cart is in %s", len(all), ShareOf("cart"))
	}
}
