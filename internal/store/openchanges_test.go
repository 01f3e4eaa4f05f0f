package store

import (
	"fmt"
	"testing"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// openChanges lists what is being watched, the suspected first, with every filter.
func openChanges(t *testing.T, s *Store) {
	for i, of := range []struct {
		service, environment string
		state                watch.State
		grade                detector.Grade
	}{
		{"cart", "production", watch.Watching, detector.Likely},
		{"cart", "production", watch.Healthy, detector.None},
		{"cart", "staging", watch.Watching, detector.None},
		{"shop", "production", watch.Waiting, detector.None},
		{"shop", "production", watch.Regressed, detector.Certain},
		{"shop", "staging", watch.Watching, detector.Suspect},
	} {
		e := eventOf(fmt.Sprint("c", i), "v1", sources.Succeeded, 10+i)
		e.Service, e.Environment = of.service, of.environment
		c := accept(t, s, e).Change
		var ws []watch.Watch
		for _, rule := range []string{"red", "orders"} {
			ws = append(ws, watch.Watch{ID: c.Key + "." + rule, ChangeKey: c.Key, Rule: rule, State: of.state, Grade: of.grade})
		}
		if err := s.PlanChange(t.Context(), c.Key, ws); err != nil {
			t.Fatal(err)
		}
	}
	f := func(filter ChangeFilter, want ...string) {
		t.Helper()
		got := []string{}
		found, err := s.OpenChanges(t.Context(), filter)
		for _, c := range found {
			got = append(got, c.ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %v, %v; want %v", filter, got, err, want)
		}
	}
	f(ChangeFilter{}, "c5", "c0", "c3", "c2")
	f(ChangeFilter{Limit: 1}, "c5")
	f(ChangeFilter{Limit: 3}, "c5", "c0", "c3")
	f(ChangeFilter{Service: "cart"}, "c0", "c2")
	f(ChangeFilter{Environment: "staging"}, "c5", "c2")
	f(ChangeFilter{Service: "shop", Environment: "production"}, "c3")
	f(ChangeFilter{Service: "none"})
}
