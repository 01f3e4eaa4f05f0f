// Package metricstest tests a metric store against the contract of all metric stores,
// so that the engine can treat all kinds alike.
//
//   - points are at From, From+Step, … up to and including To
//   - every error is a *sources.Fault that names the store
//   - a cancelled context ends the call, and errors.Is finds it in the error
//   - the heartbeat is the time of the newest sample
package metricstest

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// Name is what the store under test must be called.
const Name = "under-test"

// Subject is the store under test, which has Samples(Start) as its only series.
type Subject struct {
	Store  metrics.Store
	Start  time.Time         // time of the first sample, in whole seconds
	Query  string            // returns the series
	Absent string            // a valid query that returns nothing
	Fault  sources.FaultKind // the fault of Absent; "": no series and no error
	Broken string            // a query that cannot be parsed
}

const (
	spacing = 15 * time.Second
	count   = 41 // ten minutes
)

// Samples returns the samples that every subject has: one every 15 s for ten minutes,
// with the values 1, 2, 3 …
func Samples(start time.Time) []sources.Sample {
	all := make([]sources.Sample, count)
	for i := range all {
		all[i] = sources.Sample{T: start.Add(time.Duration(i) * spacing).UnixMilli(), V: float64(i + 1)}
	}
	return all
}

// Run runs all tests of the contract.
func Run(t *testing.T, s Subject) {
	t.Run("range", s.testRange)
	t.Run("instant", s.testInstant)
	t.Run("heartbeat", s.testHeartbeat)
	t.Run("absent", s.testAbsent)
	t.Run("faults", s.testFaults)
	t.Run("cancelled", s.testCancelled)
	t.Run("language", s.testLanguage)
}

func (s Subject) testRange(t *testing.T) {
	f := func(name string, from, to, step time.Duration, want ...float64) {
		t.Helper()
		w := sources.Window{From: s.Start.Add(from), To: s.Start.Add(to)}
		got, err := s.Store.Range(t.Context(), sources.Query{Expr: s.Query, Step: step}, w)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		checkPoints(t, name, got, w.From.UnixMilli(), step.Milliseconds(), want)
	}
	f("both ends", 0, time.Minute, 15*time.Second, 1, 2, 3, 4, 5)
	f("every other", 0, time.Minute, 30*time.Second, 1, 3, 5)
	f("end off the grid", 0, 59*time.Second, 30*time.Second, 1, 3)
	f("start off the samples", 7*time.Second, 67*time.Second, 30*time.Second, 1, 3, 5)
	f("one point", 30*time.Second, 30*time.Second, 15*time.Second, 3)
	f("the last sample", 10*time.Minute, 10*time.Minute, 15*time.Second, 41)
	f("end before start", time.Minute, 0, 15*time.Second)
	f("long before", -time.Hour, -50*time.Minute, 15*time.Second)
}

func checkPoints(t *testing.T, name string, got []sources.Series, from, step int64, want []float64) {
	t.Helper()
	if len(want) == 0 {
		if len(got) != 0 {
			t.Errorf("%s: %d series, want none", name, len(got))
		}
		return
	}
	if len(got) != 1 || len(got[0].Samples) != len(want) {
		t.Errorf("%s: got %+v, want one series of %d points", name, got, len(want))
		return
	}
	points := got[0].Samples
	for i, v := range want {
		if at := from + int64(i)*step; points[i].T != at || points[i].V != v {
			t.Errorf("%s: point %d is %v at %d, want %v at %d", name, i, points[i].V, points[i].T, v, at)
		}
	}
}

func (s Subject) testInstant(t *testing.T) {
	at := s.Start.Add(time.Minute)
	got, err := s.Store.Instant(t.Context(), s.Query, at)
	if err != nil {
		t.Fatal(err)
	}
	checkPoints(t, "instant", got, at.UnixMilli(), 0, []float64{5})
}

func (s Subject) testHeartbeat(t *testing.T) {
	last := s.Start.Add((count - 1) * spacing)
	got, err := s.Store.Heartbeat(t.Context(), last.Add(10*time.Second))
	if err != nil || !got.Equal(last) {
		t.Errorf("after the last sample: %v, %v; want %v", got, err, last)
	}
	_, err = s.Store.Heartbeat(t.Context(), s.Start.Add(-24*time.Hour))
	s.checkFault(t, "before every sample", err, sources.NoData)
}

func (s Subject) testAbsent(t *testing.T) {
	w := sources.Window{From: s.Start, To: s.Start.Add(time.Minute)}
	got, err := s.Store.Range(t.Context(), sources.Query{Expr: s.Absent, Step: spacing}, w)
	if s.Fault != "" {
		s.checkFault(t, "absent", err, s.Fault)
		return
	}
	if err != nil || len(got) != 0 {
		t.Errorf("absent: %v, %v; want no series and no error", got, err)
	}
}

func (s Subject) testFaults(t *testing.T) {
	w := sources.Window{From: s.Start, To: s.Start.Add(time.Minute)}
	_, err := s.Store.Range(t.Context(), sources.Query{Expr: s.Broken, Step: spacing}, w)
	s.checkFault(t, "broken range", err, sources.SourceError)
	_, err = s.Store.Instant(t.Context(), s.Broken, s.Start)
	s.checkFault(t, "broken instant", err, sources.SourceError)
	_, err = s.Store.Range(t.Context(), sources.Query{Expr: s.Query}, w)
	s.checkFault(t, "no step", err, sources.SourceError)
}

func (s Subject) testCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := sources.Window{From: s.Start, To: s.Start.Add(time.Minute)}
	_, ranged := s.Store.Range(ctx, sources.Query{Expr: s.Query, Step: spacing}, w)
	_, instant := s.Store.Instant(ctx, s.Query, s.Start)
	_, heartbeat := s.Store.Heartbeat(ctx, s.Start) // a time in the past, for which the store must be queried
	for call, err := range map[string]error{"range": ranged, "instant": instant, "heartbeat": heartbeat} {
		s.checkFault(t, call, err, sources.SourceError)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v does not wrap context.Canceled", call, err)
		}
	}
}

func (s Subject) testLanguage(t *testing.T) {
	language := s.Store.Language()
	if name := language.Name(); name == "" || strings.ToLower(name) != name {
		t.Errorf("the language is called %q; it stands in rules, so write a word in lower case", name)
	}
	if err := language.Parse(s.Query); err != nil {
		t.Errorf("the language refuses the store's own query: %v", err)
	}
	if _, ok := language.Match(map[string][]string{"job": {"cart"}}); language.Selectors() && !ok {
		t.Error("a language with selectors must write $match")
	}
	if s.Store.Latency() < 0 {
		t.Errorf("latency is %s", s.Store.Latency())
	}
	if resolution := s.Store.Resolution(); resolution != spacing {
		t.Errorf("resolution is %s, want %s", resolution, spacing)
	}
}

func (s Subject) checkFault(t *testing.T, name string, err error, kind sources.FaultKind) {
	t.Helper()
	CheckFault(t, name, err, kind)
}

// CheckFault checks that err is a Fault of this kind by the store called Name, that it
// has one line, and that it contains none of the secrets.
func CheckFault(t *testing.T, name string, err error, kind sources.FaultKind, secrets ...string) {
	t.Helper()
	fault := (*sources.Fault)(nil)
	if !errors.As(err, &fault) || fault.Kind != kind || fault.Store != Name {
		t.Errorf("%s: error is %v, want a Fault of kind %s by %s", name, err, kind, Name)
		return
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error has more than one line: %q", name, err)
	}
	for _, secret := range secrets {
		if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: error contains a secret: %v", name, err)
		}
	}
}
