package store

import (
	"fmt"
	"testing"

	"github.com/pushback/pushback/sources"
)

// changesOfVersion finds the newest change of each slot, by every filter.
func changesOfVersion(t *testing.T, s *Store) {
	for i, of := range []struct{ service, environment, region, version, group string }{
		{"cart", "production", "eu", "v1", ""},
		{"cart", "production", "us", "v1", ""},
		{"cart", "production", "eu", "v2", ""},
		{"cart", "production", "eu", "v1", ""}, // again, after v2
		{"cart", "staging", "", "v1", ""},
		{"shop", "production", "", "v1", ""},
		{"cart", "production", "", "v1", "dark-mode"},
	} {
		e := eventOf(fmt.Sprint("c", i), of.version, sources.Succeeded, 10+i)
		e.Service, e.Environment, e.Region, e.Group = of.service, of.environment, of.region, of.group
		if of.group != "" {
			e.Kind = sources.Flag
		}
		accept(t, s, e)
	}
	f := func(filter VersionFilter, want ...string) {
		t.Helper()
		got := []string{}
		found, err := s.ChangesOfVersion(t.Context(), filter)
		for _, c := range found {
			got = append(got, c.ID)
		}
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%+v: %v, %v; want %v", filter, got, err, want)
		}
	}
	cart := VersionFilter{Service: "cart", Environment: "production", Version: "v1"}
	f(cart, "c6", "c3", "c1")
	f(VersionFilter{Service: "cart", Environment: "production", Version: "v1", Region: "us"}, "c1")
	f(VersionFilter{Service: "cart", Environment: "production", Version: "v1", Kind: sources.Deploy}, "c3", "c1")
	f(VersionFilter{Service: "cart", Environment: "production", Version: "v1", Group: "dark-mode"}, "c6")
	f(VersionFilter{Service: "cart", Environment: "staging", Version: "v1"}, "c4")
	f(VersionFilter{Service: "shop", Environment: "production", Version: "v1"}, "c5")
	f(VersionFilter{Service: "cart", Environment: "production", Version: "v9"})
}
