package wall

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources"
)

// fakeStore answers with the Unix minute of each point, and remembers what it was asked.
type fakeStore struct {
	mu     sync.Mutex
	asked  []sources.Window
	expr   string
	err    error
	series int
}

func (f *fakeStore) Range(_ context.Context, q sources.Query, w sources.Window) ([]sources.Series, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked, f.expr = append(f.asked, w), q.Expr
	if f.err != nil {
		return nil, f.err
	}
	var s sources.Series
	for at := w.From; !at.After(w.To); at = at.Add(q.Step) {
		s.Samples = append(s.Samples, sources.Sample{T: at.UnixMilli(), V: float64(at.Unix() / 60)})
	}
	all := make([]sources.Series, f.series)
	for i := range all {
		all[i] = s
	}
	return all, nil
}

// change looks at the store, or changes it, while nobody asks.
func (f *fakeStore) change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

func (f *fakeStore) Resolution() time.Duration { return 15 * time.Second }
func (f *fakeStore) Latency() time.Duration    { return 30 * time.Second }

// running starts a wall of one signal in a bubble.
func running(t *testing.T, store *fakeStore) *Wall {
	w := New([]Settings{{Name: "orders", Query: "sum(rate(orders_total[$__rate_interval]))"}}, map[string]Store{"": store}, time.Now, slog.New(slog.DiscardHandler))
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	synctest.Wait()
	return w
}

// whole fails unless the line has each point of the day up to now.
func whole(t *testing.T, l Line) {
	t.Helper()
	end := time.Now().Add(-30 * time.Second).Truncate(Step)
	if l.Fault != "" || len(l.Values) != 721 || !l.From.Equal(end.Add(-Span)) {
		t.Fatalf("%d values from %v, %q", len(l.Values), l.From, l.Fault)
	}
	for i, v := range l.Values {
		if want := float64(l.From.Unix()/60 + 2*int64(i)); v != want {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
}

func TestAskedOnceForTheDayAndThenForWhatIsNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{series: 1}
		w := running(t, store)
		whole(t, w.Lines()[0])
		store.change(func() {
			if store.expr != "sum(rate(orders_total[2m15s]))" {
				t.Error(store.expr)
			}
		})
		time.Sleep(30 * time.Minute)
		synctest.Wait()
		whole(t, w.Lines()[0])
		store.change(func() {
			if n := len(store.asked); n != 31 {
				t.Errorf("asked %d times in half an hour", n)
			}
			for _, asked := range store.asked[1:] {
				if d := asked.To.Sub(asked.From); d > overlap+Step {
					t.Errorf("asked for %v again", d)
				}
			}
		})
	})
}

// A store that does not answer is said, and what was read stays until it does.
func TestAFaultIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := &fakeStore{series: 1}
		w := running(t, store)
		store.change(func() { store.err = errors.New("connection refused") })
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		l := w.Lines()[0]
		if l.Fault != "connection refused" || len(l.Values) != 721 || time.Since(l.ReadAt) < 9*time.Minute {
			t.Errorf("%q, %d values read at %v", l.Fault, len(l.Values), l.ReadAt)
		}
		store.change(func() { store.err = nil })
		time.Sleep(askEvery)
		synctest.Wait()
		whole(t, w.Lines()[0])
	})
}

func TestAQueryHasOneSeries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for series, want := range map[int]string{0: "no result", 3: "3 series"} {
			w := running(t, &fakeStore{series: series})
			if l := w.Lines()[0]; !strings.Contains(l.Fault, want) {
				t.Errorf("%d series: %q", series, l.Fault)
			}
		}
		w := New([]Settings{{Name: "x", Store: "gone"}}, nil, time.Now, slog.New(slog.DiscardHandler))
		w.read(t.Context(), 0, w.Lines()[0])
		if l := w.Lines()[0]; !strings.Contains(l.Fault, `no metric store "gone"`) {
			t.Error(l.Fault)
		}
	})
}

func TestSamplesOutsideOfTheDayAreLeftOut(t *testing.T) {
	values := []float64{math.NaN(), math.NaN()}
	put(values, time.Unix(1200, 0), []sources.Sample{{T: 0, V: 1}, {T: 1_200_000, V: 2}, {T: 1_320_000, V: math.Inf(1)}, {T: 9_000_000, V: 3}})
	if values[0] != 2 || !math.IsNaN(values[1]) {
		t.Error(values)
	}
}
