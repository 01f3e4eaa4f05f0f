package versions

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// world is a service whose instances change their version as time goes on, a metric store that
// shows them, and what the daemon knows.
type world struct {
	mu       sync.Mutex
	runs     func(at time.Time) string // "v1=3 v2=1"; "" where nothing is scraped
	down     func(at time.Time) bool
	from     time.Time // nobody can ask it before; zero: always
	last     string    // what the daemon's store knows of before
	reported []sources.Change
	refuses  error
	taken    []string
	remarks  []string
	log      bytes.Buffer
}

func (w *world) Instant(_ context.Context, _ string, at time.Time) ([]sources.Series, error) {
	if w.down != nil && w.down(at) {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("connection refused")}
	}
	var all []sources.Series
	for version, n := range parse(w.runs(at)) {
		all = append(all, sources.Series{
			Labels:  map[string]string{"job": "cart", "version": version},
			Samples: []sources.Sample{{T: at.UnixMilli(), V: float64(n)}},
		})
	}
	return all, nil
}

func (w *world) Range(ctx context.Context, q sources.Query, win sources.Window) (all []sources.Series, err error) {
	if time.Now().Before(w.from) {
		return nil, &sources.Fault{Kind: sources.SourceError, Store: "prod", Err: errors.New("replaying its log")}
	}
	if w.down != nil && w.down(win.To) {
		return w.Instant(ctx, q.Expr, win.To)
	}
	for at := win.From; !at.After(win.To); at = at.Add(q.Step) {
		if w.down != nil && w.down(at) {
			continue
		}
		one, _ := w.Instant(ctx, q.Expr, at)
		all = append(all, one...)
	}
	return all, nil
}

func (w *world) take(_ context.Context, d changes.Delivery) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.refuses != nil {
		return w.refuses
	}
	for _, e := range d.Events {
		if _, err := sources.Admit(e, nil, time.Now()); err != nil {
			return err
		}
		w.taken = append(w.taken, fmt.Sprintf("%s %s at %s", e.Status, e.Version, e.At.Format("15:04:05")))
	}
	return nil
}

// feed makes the feed of a world, which believes to be in the bubble's time.
func (w *world) feed(t *testing.T, change func(*Config)) *Feed {
	t.Helper()
	c := Config{Query: "count by (job, version) (build_info)"}
	c.SetDefaults()
	if change != nil {
		change(&c)
	}
	f, err := New(changes.Options{
		Name: "running", Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		LastVersion:   func(context.Context, sources.Slot) (string, error) { return w.last, nil },
		CanonicalSlot: func(s sources.Slot) sources.Slot { return s },
		Reported: func(_ context.Context, since time.Time) (found []sources.Change, _ error) {
			for _, c := range slices.Backward(w.reported) {
				if !c.StartedAt.Before(since) {
					found = append(found, c)
				}
			}
			return found, nil
		},
		Store: func(string) (changes.MetricStore, error) { return w, nil },
		Remark: func(_ context.Context, c sources.Change, topic, text string) error {
			w.remarks = append(w.remarks, c.Version+" "+text)
			return nil
		},
	}, c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// run lets a feed run for a while.
func (w *world) run(t *testing.T, f *Feed, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if err := f.Run(ctx, w.take); err != nil {
		t.Fatal(err)
	}
}

// steps are versions that run from some time on.
func steps(from time.Time, pairs ...any) func(time.Time) string {
	return func(at time.Time) (now string) {
		for i := 0; i < len(pairs); i += 2 {
			if !at.Before(from.Add(pairs[i].(time.Duration))) {
				now = pairs[i+1].(string)
			}
		}
		return now
	}
}

func TestARollout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now() // midnight, UTC
		w := &world{runs: steps(start, -24*time.Hour, "v1=10", time.Hour, "v1=7 v2=3", time.Hour+5*time.Minute, "v2=10")}
		f := w.feed(t, nil)
		w.run(t, f, time.Hour+time.Minute)
		got := f.Instances(sources.Change{Service: "cart", Environment: "production", Kind: sources.Deploy, Version: "v2", Previous: "v1", Status: sources.Started, StartedAt: start.Add(time.Hour)})
		if got != "3 of 10 instances run v2" {
			t.Errorf("instances: %q", got)
		}
		w.run(t, f, 20*time.Minute)
		if want := []string{"started v2 at 01:00:00", "succeeded v2 at 01:05:00"}; !slices.Equal(w.taken, want) {
			t.Errorf("%q, want %q", w.taken, want)
		}
		if f.Trouble() != "" {
			t.Error(f.Trouble())
		}
	})
}

// TestWhatRunsAtTheStart is the baseline, however many services there are, and a change that began
// while no feed ran is found where the store knows the service.
func TestWhatRunsAtTheStart(t *testing.T) {
	f := func(last string, want ...string) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(48 * time.Hour) // no event is of before the year 2000
			w := &world{last: last, runs: steps(time.Now(), -24*time.Hour, "v1=3", -time.Hour, "v2=3")}
			w.run(t, w.feed(t, nil), time.Hour)
			if !slices.Equal(w.taken, want) {
				t.Errorf("last version %q: %q, want %q", last, w.taken, want)
			}
		})
	}
	f("")
	f("v1", "started v2 at 23:00:00", "succeeded v2 at 23:00:00")
}

// TestRestarts make the same events again, which the store takes for duplicates.
func TestRestarts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{last: "v1", runs: steps(time.Now(), -24*time.Hour, "v1=3", 30*time.Minute, "v1=2 v2=1", 40*time.Minute, "v2=3")}
		ids := map[string]int{}
		for range 3 {
			f := w.feed(t, nil)
			ctx, cancel := context.WithTimeout(t.Context(), 17*time.Minute+4*time.Second)
			err := f.Run(ctx, func(_ context.Context, d changes.Delivery) error { ids[d.Events[0].EventID]++; return nil })
			cancel()
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(ids) != 2 {
			t.Errorf("%d events: %v, want 2", len(ids), ids)
		}
	})
}

func TestTheStoreIsDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		between := func(at time.Time, from, to time.Duration) bool {
			return !at.Before(start.Add(from)) && at.Before(start.Add(to))
		}
		w := &world{
			runs: steps(start, -24*time.Hour, "v1=3", 20*time.Minute, "v2=3"),
			down: func(at time.Time) bool {
				return between(at, 0, 5*time.Minute) || between(at, 10*time.Minute, 40*time.Minute)
			},
		}
		f := w.feed(t, nil)
		w.run(t, f, time.Minute)
		if f.Trouble() == "" || len(w.taken) > 0 {
			t.Errorf("trouble %q, events %q", f.Trouble(), w.taken)
		}
		w.run(t, f, time.Hour)
		// What came while nobody could look is found when the store answers again.
		if want := []string{"started v2 at 00:40:00", "succeeded v2 at 00:40:00"}; !slices.Equal(w.taken, want) || f.Trouble() != "" {
			t.Errorf("%q, want %q; trouble %q", w.taken, want, f.Trouble())
		}
	})
}

// TestEventsWaitForTheStore: an event that cannot be stored is sent again, and one that never can be
// is left out.
func TestEventsWaitForTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{refuses: errors.New("disk full"), runs: steps(time.Now(), -24*time.Hour, "v1=3", 10*time.Minute, "v2=3")}
		f := w.feed(t, nil)
		w.run(t, f, 20*time.Minute)
		if !strings.Contains(f.Trouble(), "disk full") {
			t.Errorf("trouble %q", f.Trouble())
		}
		w.refuses = nil
		w.run(t, f, time.Minute)
		if want := []string{"started v2 at 00:10:00", "succeeded v2 at 00:10:00"}; !slices.Equal(w.taken, want) {
			t.Errorf("%q, want %q", w.taken, want)
		}
		w.refuses = changes.ErrNotAllowed
		w.runs = steps(time.Now(), -24*time.Hour, "v3=3")
		w.run(t, f, 10*time.Minute)
		if len(f.pending) > 0 || f.Trouble() != "" {
			t.Errorf("%d events wait, trouble %q", len(f.pending), f.Trouble())
		}
	})
}
