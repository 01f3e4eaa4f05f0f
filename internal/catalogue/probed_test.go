package catalogue

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// showing is a metric store in which one service is discovered.
type showing string

func (s showing) Instant(context.Context, string, time.Time) ([]sources.Series, error) {
	return []sources.Series{{Labels: map[string]string{"job": string(s)}}}, nil
}

// TestProbedServicesAreKnown: the services of probes need no list and are named once, whether
// they are listed or discovered or neither.
func TestProbedServicesAreKnown(t *testing.T) {
	f := func(c Config, want ...string) {
		t.Helper()
		c.Probed = []string{"db", "shop"}
		got, err := New(c, showing("shop")).Names(t.Context(), time.Now())
		slices.Sort(got)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%+v: %v, %v; want %v", c, got, err, want)
		}
	}
	f(Config{}, "db", "shop")
	f(Config{List: []rules.Service{{Name: "cart"}, {Name: "db"}}}, "cart", "db", "shop")
	f(Config{Discover: "up"}, "db", "shop")

	// What selects a service is what the catalogue says, not that it is probed.
	s, err := New(Config{Probed: []string{"db"}, Discover: "up"}, showing("shop")).Service(t.Context(), "db", time.Now())
	if err != nil || len(s.Match) > 0 {
		t.Errorf("the probed service has the labels %v, %v", s.Match, err)
	}
}

// TestProbedServicesAreNotUnknown: beside a list, the service of a probe is one that a deploy may
// name; without one, nobody can tell which services there are.
func TestProbedServicesAreNotUnknown(t *testing.T) {
	f := func(c Config, want ...string) {
		t.Helper()
		c.Probed = []string{"db"}
		catalogue := New(c, showing("shop"))
		if _, err := catalogue.Names(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		if got := catalogue.InMemory(); !slices.Equal(got, want) {
			t.Errorf("%+v: %v; want %v", c, got, want)
		}
	}
	f(Config{})
	f(Config{List: []rules.Service{{Name: "cart"}}}, "cart", "db")
	f(Config{Discover: "up"}, "db", "shop")
}
