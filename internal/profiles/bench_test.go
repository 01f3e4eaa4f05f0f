package profiles

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// BenchmarkOf finds the profile of one signal for one look: that the watch is pinned to, or
// none while the service has sixty good deploys behind it.
func BenchmarkOf(b *testing.B) {
	s, err := store.Open(b.Context(), "sqlite:"+b.TempDir()+"/bench.db")
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	goodDeploys(b, s, 60)
	keeper := New(Options{Store: s, Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return began.Add(time.Minute) }})
	signal := detector.Signal{Name: "queue", Worse: detector.Higher}
	w := watch.Watch{ID: "w", BaseAt: began, Plan: detector.Plan{Tick: time.Minute, Before: 60, After: 30, Signals: []detector.Signal{signal}}}
	w.Inputs = []watch.Input{{Signal: "queue", Store: "prod", Value: sources.Query{Expr: "queue_length", Step: time.Minute}}}
	c := store.Change{Change: sources.Change{Service: "cart", Environment: "production"}}
	look := func(b *testing.B, w watch.Watch) {
		b.ReportAllocs()
		for b.Loop() {
			keeper.Of(b.Context(), &w, c, rules.Rule{History: 24 * time.Hour})
		}
	}
	b.Run("none yet", func(b *testing.B) { look(b, w) })
	hash, err := s.PutProfile(b.Context(), "some", detector.Profile{Tick: time.Minute, Ticks: 1}, began)
	if err != nil {
		b.Fatal(err)
	}
	w.Profiles = map[string]string{"queue": hash}
	b.Run("pinned", func(b *testing.B) { look(b, w) })
}

// goodDeploys stores n deploys of cart that were good.
func goodDeploys(b *testing.B, s *store.Store, n int) {
	for i := range n {
		at := began.Add(-time.Duration(i+1) * 20 * time.Minute)
		event := sources.Event{
			Source: "ci", EventID: fmt.Sprint(i), ChangeID: fmt.Sprint(i), Status: sources.Succeeded, At: at,
			Service: "cart", Environment: "production", Kind: sources.Deploy, Version: fmt.Sprint("v", n-i),
		}
		admitted, err := sources.Admit(event, nil, began)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := s.AcceptUnwatched(b.Context(), admitted, nil, began); err != nil {
			b.Fatal(err)
		}
	}
	if _, err := s.DB().ExecContext(b.Context(), `UPDATE changes SET standing = 'good'`); err != nil {
		b.Fatal(err)
	}
}
