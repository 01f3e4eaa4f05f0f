package gather

import (
	"context"
	"math"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// working answers with 10 at every point, and to "lag" with what waits in the
// given minutes.
type working struct{ lag map[int64]float64 }

func (w working) HeartbeatExpr() string     { return "" }
func (w working) Latency() time.Duration    { return 0 }
func (w working) Resolution() time.Duration { return 15 * time.Second }

func (w working) Instant(context.Context, string, time.Time) ([]sources.Series, error) {
	return nil, nil
}

func (w working) Heartbeat(_ context.Context, at time.Time) (time.Time, error) { return at, nil }

func (w working) Range(_ context.Context, q sources.Query, window sources.Window) ([]sources.Series, error) {
	var s sources.Series
	for at := window.From; !at.After(window.To); at = at.Add(q.Step) {
		v, ok := 10.0, true
		if q.Expr == "lag" {
			v, ok = w.lag[at.Unix()/60]
		}
		if ok {
			s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: v})
		}
	}
	return []sources.Series{s}, nil
}

// minutes is a look two minutes after settling, over ticks of a minute.
func minutes(now time.Time) View {
	return View{
		Before: detector.Grid{Start: time.Unix(0, 0), Tick: time.Minute, N: 4},
		After:  detector.Grid{Start: time.Unix(240, 0), Tick: time.Minute, N: 2},
		Now:    now, Step: 15 * time.Second,
	}
}

func TestTicksWithoutWorkAreLeftOut(t *testing.T) {
	r := working{lag: map[int64]float64{1: 5, 2: 0, 4: 1, 6: 2}}
	query := func(expr string) sources.Query { return sources.Query{Expr: expr, Step: time.Minute} }
	in := watch.Input{Form: watch.FormLevel, Value: query("pace"), OnlyIf: query("lag")}
	v := minutes(time.Unix(360, 0))
	reading, alive, err := Read(t.Context(), r, in, v, func() (*Before, error) { return FetchBefore(t.Context(), r, in, v.Before) })
	if err != nil || !alive || reading.Supply != detector.Fresh {
		t.Fatalf("%+v, %v", reading, err)
	}
	wantHeld := func(what string, got detector.Values, want ...bool) {
		t.Helper()
		for i := range want {
			if i >= len(got) || math.IsNaN(got[i]) == want[i] {
				t.Errorf("%s: %v, want numbers at %v", what, got, want)
				return
			}
		}
	}
	wantHeld("before", reading.Before.Value, true, false, false, true)
	wantHeld("after", reading.After.Value, false, true)
	h, err := History(t.Context(), r, detector.Plan{Tick: time.Minute}, in, 4*time.Minute, time.Unix(240, 0))
	if err != nil {
		t.Fatal(err)
	}
	wantHeld("history", h.Ticks.Value, true, false, false, true)
}

// TestAQueryIsNotGoneBetweenItsTicks: it is asked for once a tick, and looks
// come more often than that.
func TestAQueryIsNotGoneBetweenItsTicks(t *testing.T) {
	f := func(step time.Duration, now int64, want detector.Supply) {
		t.Helper()
		r, v := working{}, minutes(time.Unix(now, 0))
		in := watch.Input{Form: watch.FormLevel, Value: sources.Query{Expr: "pace", Step: step}}
		reading, _, err := Read(t.Context(), stopping{r, time.Unix(360, 0)}, in, v, func() (*Before, error) { return FetchBefore(t.Context(), r, in, v.Before) })
		if err != nil || reading.Supply != want {
			t.Errorf("step %s, at %d: %s, %v; want %s", step, now, reading.Supply, err, want)
		}
	}
	f(15*time.Second, 400, detector.Fresh)
	f(15*time.Second, 420, detector.Gone)
	f(time.Minute, 419, detector.Fresh)
	f(time.Minute, 449, detector.Fresh)
	f(time.Minute, 480, detector.Gone)
}

// stopping has nothing after a moment.
type stopping struct {
	working
	at time.Time
}

func (s stopping) Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	if w.To.After(s.at) {
		w.To = s.at
	}
	return s.working.Range(ctx, q, w)
}

// TestSilentSinceTheNewestSample: a reading that is gone says for how long.
func TestSilentSinceTheNewestSample(t *testing.T) {
	r, v := working{}, minutes(time.Unix(480, 0))
	in := watch.Input{Form: watch.FormLevel, Value: sources.Query{Expr: "pace", Step: 15 * time.Second}}
	reading, _, err := Read(t.Context(), stopping{r, time.Unix(360, 0)}, in, v, func() (*Before, error) {
		return FetchBefore(t.Context(), r, in, v.Before)
	})
	if err != nil || reading.Silent < 2*time.Minute || reading.Silent > 2*time.Minute+15*time.Second {
		t.Errorf("silent for %s, %v", reading.Silent, err)
	}
}

// TestEndedIsNotUnmatched: a signal that was there before the change, and gone before it, is
// not called one that has never matched.
func TestEndedIsNotUnmatched(t *testing.T) {
	r, v := working{}, minutes(time.Unix(480, 0))
	in := watch.Input{Form: watch.FormLevel, Value: sources.Query{Expr: "pace", Step: 15 * time.Second}}
	f := func(until time.Time, want detector.Supply) {
		t.Helper()
		reading, _, err := Read(t.Context(), stopping{r, until}, in, v, func() (*Before, error) {
			return FetchBefore(t.Context(), stopping{r, until}, in, v.Before)
		})
		if err != nil || reading.Supply != want || (reading.Silent > 0) != (want == detector.Ended) {
			t.Errorf("until %s: %s, silent for %s, %v; want %s", until.UTC(), reading.Supply, reading.Silent, err, want)
		}
	}
	f(v.Before.End().Add(-2*time.Minute), detector.Ended)
	f(v.Before.Start.Add(-2*v.Before.Tick), detector.Unmatched)
}
