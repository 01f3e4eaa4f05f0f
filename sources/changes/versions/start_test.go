package versions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/sources/changes"
)

// TestADeployAtTheFirstStart is found, however late the metric store answers for the first time. What
// was deployed before the start is the baseline.
func TestADeployAtTheFirstStart(t *testing.T) {
	f := func(deployed time.Duration, want ...string) {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(48*time.Hour + 5*time.Second)
			start := time.Now()
			w := &world{runs: steps(start, -24*time.Hour, "v1=3", deployed, "v1=2 v2=1", time.Hour, "v2=3"), from: start.Add(10 * time.Minute)}
			w.run(t, w.feed(t, nil), 30*time.Minute)
			if !slices.Equal(w.taken, want) {
				t.Errorf("deployed %s after the start: %q, want %q", deployed, w.taken, want)
			}
			if text := w.log.String(); strings.Count(text, `msg="read which versions run" services=1`) != 1 {
				t.Error(text)
			}
		})
	}
	f(-time.Minute)
	f(time.Second, "started v2 at 00:00:15")
	f(9*time.Minute, "started v2 at 00:09:15")
	f(11*time.Minute, "started v2 at 00:11:15")
}

// memory is what the daemon's store keeps of a feed.
type memory struct {
	changes.NoMemory
	first, last time.Time
	err         error
}

func (m *memory) Reads(context.Context, string) (first, last time.Time, err error) {
	return m.first, m.last, m.err
}

func (m *memory) NoteRead(_ context.Context, _ string, at time.Time) error {
	if m.first.IsZero() {
		m.first = at
	}
	m.last = at
	return m.err
}

// TestADeployBetweenTwoRuns is found with its time, although the store knows no change of the service:
// at whatever moment the first run ends, and even if a version was seen only once in it.
func TestADeployBetweenTwoRuns(t *testing.T) {
	for _, ran := range []time.Duration{time.Second, time.Minute, 20 * time.Minute, 20*time.Minute + 16*time.Second, 20*time.Minute + 59*time.Second} {
		synctest.Test(t, func(t *testing.T) {
			time.Sleep(48 * time.Hour)
			w := &world{runs: steps(time.Now(), -24*time.Hour, "v1=3", ran, "v2=3")}
			m := new(memory)
			for _, d := range []time.Duration{ran + time.Second, 10 * time.Minute} {
				f := w.feed(t, nil)
				f.Remember(m)
				w.run(t, f, d)
				time.Sleep(5 * time.Minute)
			}
			if len(w.taken) != 2 || !strings.HasPrefix(w.taken[0], "started v2") || !strings.HasPrefix(w.taken[1], "succeeded v2") {
				t.Errorf("deployed after %s: %q", ran, w.taken)
			}
		})
	}
}

// TestWhatWasThereBefore stays the baseline over restarts.
func TestWhatWasThereBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(48 * time.Hour)
		w := &world{runs: steps(time.Now(), -24*time.Hour, "v1=3", -30*time.Second, "v1=2 v2=1", time.Hour, "v2=3")}
		m := new(memory)
		for range 4 {
			f := w.feed(t, nil)
			f.Remember(m)
			w.run(t, f, 20*time.Second)
		}
		if len(w.taken) > 0 {
			t.Errorf("%q", w.taken)
		}
	})
}

// TestTheMemoryFails delays what is found, and loses nothing.
func TestTheMemoryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(48 * time.Hour)
		w := &world{runs: steps(time.Now(), -24*time.Hour, "v1=3", time.Minute, "v2=3")}
		f, m := w.feed(t, nil), &memory{err: errors.New("the database is locked")}
		f.Remember(m)
		w.run(t, f, 5*time.Minute)
		if !strings.Contains(f.Trouble(), "locked") || len(w.taken) > 0 {
			t.Errorf("trouble %q, %q", f.Trouble(), w.taken)
		}
		m.err = nil
		w.run(t, f, 5*time.Minute)
		m.err = errors.New("the database is locked")
		w.run(t, f, 5*time.Minute)
		if want := []string{"started v2 at 00:01:00", "succeeded v2 at 00:01:00"}; !slices.Equal(w.taken, want) {
			t.Errorf("%q, want %q; %s", w.taken, want, f.Trouble())
		}
	})
}
