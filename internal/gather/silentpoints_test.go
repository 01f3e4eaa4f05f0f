package gather

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// carrying answers like Prometheus: the last sample is repeated until lookback is
// over. samples are seconds; what asks for the pulse gets their times.
type carrying struct {
	samples    []int64
	resolution time.Duration
	asked      atomic.Int64
}

func (c *carrying) HeartbeatExpr() string     { return "pulse" }
func (c *carrying) Latency() time.Duration    { return 0 }
func (c *carrying) Resolution() time.Duration { return c.resolution }

func (c *carrying) Instant(context.Context, string, time.Time) ([]sources.Series, error) {
	return nil, nil
}

func (c *carrying) Heartbeat(context.Context, time.Time) (time.Time, error) {
	return time.Time{}, nil
}

func (c *carrying) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	c.asked.Add(1)
	var s sources.Series
	for at := w.From; !at.After(w.To); at = at.Add(q.Step) {
		for i := len(c.samples) - 1; i >= 0; i-- {
			if c.samples[i] > at.Unix() {
				continue
			}
			v := float64(i)
			if q.Expr == "pulse" {
				v = float64(c.samples[i])
			}
			s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: v})
			break
		}
	}
	return []sources.Series{s}, nil
}

func TestFetchLeavesOutWhatTheStoreSlept(t *testing.T) {
	f := func(name string, resolution, step, to int64, samples, want []int64) {
		t.Run(name, func(t *testing.T) {
			c := &carrying{samples: samples, resolution: time.Duration(resolution) * time.Second}
			w := sources.Window{From: time.Unix(0, 0), To: time.Unix(to, 0)}
			raw, err := Fetch(t.Context(), c, watch.Input{Value: sources.Query{Expr: "x"}}, w, time.Duration(step)*time.Second)
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for _, p := range raw.Value[0].Samples {
				got = append(got, p.T/1000)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("points kept (-want +got):\n%s", diff)
			}
		})
	}
	f("nothing missed", 5, 5, 20, []int64{0, 4, 9, 14, 19}, []int64{0, 5, 10, 15, 20})
	f("an outage", 5, 5, 40, []int64{0, 4, 9, 33, 38}, []int64{0, 5, 10, 15, 35, 40})
	f("one late scrape", 5, 5, 20, []int64{0, 4, 12, 17}, []int64{0, 5, 10, 15, 20})
	f("scraped less often than said", 5, 5, 60, []int64{0, 20, 40, 60},
		[]int64{0, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 55, 60})
	f("a step of many scrapes", 5, 30, 120, []int64{0, 29, 118}, []int64{0, 30, 60, 120})
}

func TestFetchBelievesNoImpossibleNumbers(t *testing.T) {
	f := func(name string, pulse, value float64, form watch.Form, want string) {
		t.Helper()
		r := &constant{pulse: pulse, value: value}
		w := sources.Window{From: time.Unix(1000, 0), To: time.Unix(1010, 0)}
		_, err := Fetch(t.Context(), r, watch.Input{Store: "prod", Form: form, Value: sources.Query{Expr: "x"}}, w, 5*time.Second)
		var fault *sources.Fault
		if want == "" && err != nil || want != "" && (!errors.As(err, &fault) || fault.Store != "prod" || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	f("sound", 1000, 5, watch.FormCounts, "")
	f("clocks a little apart", 1090, 5, watch.FormCounts, "")
	f("a pulse from the future", 1500, 5, watch.FormCounts, "in the future")
	f("a counter below zero", 1000, -5, watch.FormCounts, "below zero")
	f("a level below zero", 1000, -5, watch.FormLevel, "")
}

// A signal that lives is not missed because it is asked for in long steps: the
// newest point of the grid may be a whole step old.
func TestLongStepsLoseNothing(t *testing.T) {
	change := time.Unix(10_000, 0)
	f := func(name string, resolution, step time.Duration, last int64, want detector.Supply) {
		t.Helper()
		c := &carrying{resolution: resolution}
		for at := int64(0); at <= last; at++ {
			c.samples = append(c.samples, at)
		}
		alive := &everlasting{c}
		for since := step; since < 10*time.Minute; since += time.Second {
			v := View{
				Before: detector.Grid{Start: change.Add(-30 * time.Minute), Tick: time.Minute, N: 30},
				After:  detector.Grid{Start: change, Tick: time.Minute, N: int(since / time.Minute)},
				Now:    change.Add(since), Step: resolution,
			}
			in := watch.Input{Form: watch.FormLevel, Value: sources.Query{Expr: "x", Step: step}}
			r, _, err := Read(t.Context(), alive, in, v, func() (*Before, error) {
				return FetchBefore(t.Context(), alive, in, v.Before)
			})
			if err != nil || r.Supply != want {
				t.Fatalf("%s: %s after the change it is %q, %v; want %q", name, since, r.Supply, err, want)
			}
		}
	}
	f("a tick of many scrapes", 5*time.Second, time.Minute, 11_000, detector.Fresh)
	f("looked at every third scrape", 5*time.Second, 15*time.Second, 11_000, detector.Fresh)
	f("a step a scrape", 15*time.Second, 15*time.Second, 11_000, detector.Fresh)
}

// everlasting has a pulse at every moment.
type everlasting struct{ *carrying }

func (everlasting) Heartbeat(_ context.Context, at time.Time) (time.Time, error) { return at, nil }

// constant says the same at every moment.
type constant struct {
	carrying
	pulse, value float64
}

func (c *constant) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	v := c.value
	if q.Expr == "pulse" {
		v = c.pulse
	}
	return []sources.Series{{Samples: []sources.Sample{{T: w.From.UnixMilli(), V: v}, {T: w.To.UnixMilli(), V: v}}}}, nil
}

func TestSharedAsksOnce(t *testing.T) {
	c := &carrying{samples: []int64{0}, resolution: time.Second}
	s := ShareAll(c)
	q, w := sources.Query{Expr: "x", Step: time.Second}, sources.Window{From: time.Unix(0, 0), To: time.Unix(3, 0)}
	for range 3 {
		if _, err := s.Range(t.Context(), q, w); err != nil {
			t.Fatal(err)
		}
	}
	w.To = time.Unix(4, 0)
	if _, err := s.Range(t.Context(), q, w); err != nil {
		t.Fatal(err)
	}
	if n := c.asked.Load(); n != 2 {
		t.Errorf("asked %d times; want 2: one a window", n)
	}
}
