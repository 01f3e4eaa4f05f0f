package replica

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// schedules is the table of that name, of which two replicas see the same row.
type schedules struct {
	sync.Mutex
	holder string
	until  time.Time
	broken bool

	sitting, most int // how many work
}

func (s *schedules) sits(n int) {
	s.Lock()
	defer s.Unlock()
	s.sitting += n
	s.most = max(s.most, s.sitting)
}

// seen is the table as one replica sees it.
type seen struct {
	*schedules
	self string
}

func (s seen) Shared() bool                           { return true }
func (s seen) Now(context.Context) (time.Time, error) { return time.Now(), nil }

func (s seen) ClaimRun(_ context.Context, _ string, _, now, until time.Time) (bool, error) {
	s.Lock()
	defer s.Unlock()
	if s.broken {
		return false, errors.New("away")
	}
	if s.holder != s.self && now.Before(s.until) {
		return false, nil
	}
	s.holder, s.until = s.self, until
	return true, nil
}

// One process that has the database for itself asks nobody.
func TestSeatAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		worked := false
		Seat{Store: alone{}, Log: slog.New(slog.DiscardHandler)}.Hold(ctx, func(ctx context.Context) { worked = true; <-ctx.Done() })
		if !worked {
			t.Error("nobody worked")
		}
	})
}

// alone panics when it is asked.
type alone struct{ SeatStore }

func (alone) Shared() bool { return false }

func (s seen) FailRun(_ context.Context, _ string, retry time.Time) error {
	s.Lock()
	defer s.Unlock()
	if s.holder == s.self {
		s.holder, s.until = "", retry
	}
	return nil
}

// Never do two replicas have the seat, and it is not left empty for long: when one stops, when the database is away,
// and when another has taken it.
func TestSeat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		table := &schedules{}
		run := func(name string) (stop func()) {
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				Seat{Name: "receiver/ops", Store: seen{table, name}, Log: slog.New(slog.DiscardHandler)}.Hold(ctx, func(ctx context.Context) {
					table.sits(1)
					<-ctx.Done()
					table.sits(-1)
				})
			}()
			return func() { cancel(); <-ended }
		}
		check := func(when, holder string, want int) {
			t.Helper()
			synctest.Wait()
			table.Lock()
			defer table.Unlock()
			if table.holder != holder || table.sitting != want || table.most > 1 {
				t.Errorf("%s: %q has it, %d work, at most %d at once", when, table.holder, table.sitting, table.most)
			}
		}
		set := func(alter func()) {
			table.Lock()
			defer table.Unlock()
			alter()
		}
		stopA := run("a")
		synctest.Wait()
		stopB := run("b")
		time.Sleep(time.Minute)
		check("at first", "a", 1)
		stopA()
		time.Sleep(seatRenew)
		check("after a stopped", "b", 1)
		set(func() { table.broken = true })
		time.Sleep(seatRenew)
		check("the database is away for a moment", "b", 1)
		time.Sleep(seatDoubt)
		check("the database is away", "", 0)
		set(func() { table.broken = false })
		time.Sleep(2 * seatRenew)
		check("it is back", "b", 1)
		set(func() { table.holder, table.until = "c", time.Now().Add(time.Hour) })
		time.Sleep(seatRenew)
		check("another took it over", "c", 0)
		stopB()
	})
}
