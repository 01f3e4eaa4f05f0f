package replica

import (
	"context"
	"log/slog"
	"time"
)

const (
	seatLease = 20 * time.Second // how long a seat is taken without a renewal
	seatRenew = 5 * time.Second
	seatDoubt = 10 * time.Second // how long after its last renewal a seat is relied on while the database is away
)

// SeatStore is what a Seat needs of the state database.
type SeatStore interface {
	Shared() bool
	Now(ctx context.Context) (time.Time, error)
	ClaimRun(ctx context.Context, name string, due, now, until time.Time) (bool, error)
	FailRun(ctx context.Context, name string, retry time.Time) error
}

// Seat is work that only one replica at a time may do, and that goes on for as long as it has the seat. It is a row
// of schedules, of a run that never ends. One that is lost is free at once where its replica counts as dead, and
// otherwise when the lease has run out.
//
// See adr/0135.
type Seat struct {
	Name  string
	Store SeatStore
	Log   *slog.Logger
}

// Hold waits for the seat and runs work while this replica has it, until ctx ends. When the seat is lost, the
// context of work ends, and Hold waits for the seat again.
func (s Seat) Hold(ctx context.Context, work func(context.Context)) {
	t := time.NewTicker(seatRenew)
	defer t.Stop()
	for {
		if mine, err := s.claim(ctx); mine && err == nil {
			s.while(ctx, work)
		}
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
	}
}

// while runs work until it ends, ctx ends or the seat is lost, and then frees the seat.
func (s Seat) while(ctx context.Context, work func(context.Context)) {
	working, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		work(working)
	}()
	s.renew(working, ended)
	cancel()
	<-ended
	s.free(context.WithoutCancel(ctx))
}

// renew keeps the seat until work has ended, ctx ends or another replica has the seat.
func (s Seat) renew(ctx context.Context, ended <-chan struct{}) {
	t := time.NewTicker(seatRenew)
	defer t.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ended:
			return
		case <-t.C:
		}
		began := time.Now()
		mine, err := s.claim(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && mine:
			last = began
		case err == nil || time.Since(last) >= seatDoubt:
			s.Log.Warn("lost what only one replica may do; another one may do it now", "what", s.Name, "error", err)
			return
		}
	}
}

// claim reports whether this replica has the seat, for seatLease from now. A database that belongs to one process
// is not asked.
func (s Seat) claim(ctx context.Context) (bool, error) {
	if !s.Store.Shared() {
		return true, nil
	}
	ctx, cancel := context.WithTimeout(ctx, seatRenew)
	defer cancel()
	now, err := s.Store.Now(ctx)
	if err != nil {
		return false, err
	}
	return s.Store.ClaimRun(ctx, s.Name, now, now, now.Add(seatLease))
}

func (s Seat) free(ctx context.Context) {
	if !s.Store.Shared() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, leaveTimeout)
	defer cancel()
	now, err := s.Store.Now(ctx)
	if err == nil {
		err = s.Store.FailRun(ctx, s.Name, now)
	}
	if err != nil {
		s.Log.Warn("cannot free what only one replica may do; others take over when its lease runs out", "what", s.Name, "error", err)
	}
}
