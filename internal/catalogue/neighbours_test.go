package catalogue

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// fakeStore answers instant queries by their text.
type fakeStore struct {
	answers map[string][]sources.Series
	asked   int
}

func (s *fakeStore) Instant(_ context.Context, expr string, _ time.Time) ([]sources.Series, error) {
	s.asked++
	return s.answers[expr], nil
}

var began = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

func labelled(value float64, pairs ...string) sources.Series {
	s := sources.Series{Labels: map[string]string{}, Samples: []sources.Sample{{V: value}}}
	for i := 0; i+1 < len(pairs); i += 2 {
		s.Labels[pairs[i]] = pairs[i+1]
	}
	return s
}

func TestNeighbours(t *testing.T) {
	store := &fakeStore{answers: map[string][]sources.Series{
		"services": {
			labelled(1, "job", "cart", "ns", "shop"), labelled(1, "job", "web", "ns", "edge"), labelled(1, "job", "app", "ns", "edge"),
			labelled(1, "job", "db", "ns", "shop"), labelled(1, "job", "batch", "ns", "night"), labelled(1, "job", "web2", "ns", "night"),
			labelled(1, "job", "app", "ns", "edge"),
		},
		"calls": {
			labelled(9, "client", "web", "server", "cart"), labelled(5, "client", "application", "server", "cart"),
			labelled(7, "client", "cart", "server", "db"), labelled(3, "client", "cart", "server", "cart"),
			labelled(1, "client", "unheard-of", "server", "cart"), labelled(1, "client", "", "server", "cart"),
		},
	}}
	c := New(Config{
		Discover: "services", Name: "job", Match: []string{"job", "ns"}, Aliases: map[string]string{"application": "app"},
		Calls: Calls{Query: "calls", Caller: "client", Callee: "server"}, Depends: map[string][]string{"cart": {"web2"}},
	}, store)
	s, err := c.Service(t.Context(), "cart", began)
	if err != nil {
		t.Fatal(err)
	}
	edgeOf := func(job string) map[string]string { return map[string]string{"job": job, "ns": "edge"} }
	if diff := cmp.Diff([]map[string]string{edgeOf("web"), edgeOf("app")}, s.Callers); diff != "" {
		t.Error("callers:", diff)
	}
	// db stands in shop and web2 in night: the two together select nobody else.
	if diff := cmp.Diff([]map[string]string{{"job": "db", "ns": "shop"}, {"job": "web2", "ns": "night"}}, s.Callees); diff != "" {
		t.Error("callees:", diff)
	}
	if db, err := c.Service(t.Context(), "db", began); err != nil || len(db.Callees) != 0 || len(db.Callers) != 1 {
		t.Errorf("%+v, %v", db, err)
	}
	n := store.asked
	if _, err := c.Service(t.Context(), "cart", began.Add(time.Second)); err != nil || store.asked != n {
		t.Errorf("asked again after a second: %d, %v", store.asked-n, err)
	}
}

// Two neighbours whose labels, mixed, are a third service: it must not be
// judged with them.
func TestNeighboursLetNoStrangerIn(t *testing.T) {
	one := func(job, ns string) rules.Service {
		return rules.Service{Name: job + "." + ns, Match: map[string]string{"job": job, "ns": ns}}
	}
	c := New(Config{
		List:    []rules.Service{one("a", "x"), one("b", "y"), one("a", "y"), {Name: "cart", Match: map[string]string{"job": "cart", "ns": "x"}}},
		Depends: map[string][]string{"cart": {"a.x", "b.y"}},
	}, nil)
	s, err := c.Service(t.Context(), "cart", began)
	if err != nil || len(s.Callees) != 1 {
		t.Errorf("%+v, %v", s.Callees, err)
	}
}
