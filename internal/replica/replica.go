// Package replica keeps this replica's lease, leases rows in its name, and computes which
// services' watches it looks at.
//
// Several replicas may share a database. Each renews its own lease every few seconds,
// and works only on rows that it has leased. A replica that is killed, frozen or cut off
// renews nothing: when its lease has run out, the others may lease its rows. A frozen
// one that goes on must not act on what it believed before. Two things see to that:
// before an effect outside the database, Lease.Still asks whether the row is still
// leased; and the store records nothing for a replica that does not hold the row.
//
// See adr/0082 and adr/0105.
package replica

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/store"
)

const (
	// renewEvery is how often the lease is renewed, and how often a replica looks who else is
	// there.
	renewEvery = 2 * time.Second
	// fresh is how long a lease of a row is relied on without asking again. With the
	// age that the replica's own lease may have by then, it stays below ReplicaLease.
	fresh = store.ReplicaLease / 3
	// renewTimeout is how long a renewal may take.
	renewTimeout = store.ReplicaLease / 3
	// leaveTimeout is how long a stopping replica tries to end its lease.
	leaveTimeout = 2 * time.Second
)

// Store is what a Keeper needs of the state database.
type Store interface {
	Shared() bool
	Holder() string
	Renew(ctx context.Context, looking bool, watches int) error
	Looking(ctx context.Context, d time.Duration) ([]string, error)
	Leave(ctx context.Context) error
}

// Keeper keeps the lease of this replica, and its shares.
type Keeper struct {
	*Shares
	store Store
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	renewed time.Time  // when the last renewal that succeeded was begun
	watches func() int // counts the watches that this replica looks at; nil while it looks at none
}

// New returns the keeper of a replica that has joined just now.
func New(s Store, log *slog.Logger, now func() time.Time) *Keeper {
	return &Keeper{Shares: newShares(s.Holder), store: s, log: log, now: now, renewed: now()}
}

// Run renews the lease until ctx ends, and then ends it. A database that belongs to one
// process needs no renewal.
func (k *Keeper) Run(ctx context.Context) {
	t := time.NewTicker(renewEvery)
	defer t.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-t.C:
			k.tick(ctx)
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTimeout)
	defer cancel()
	if err := k.store.Leave(ctx); err != nil {
		k.log.Warn("cannot end the lease of this replica; others take over its rows when it runs out", "error", err)
	}
}

// tick renews the lease, and looks who shares the watches.
func (k *Keeper) tick(ctx context.Context) {
	if !k.store.Shared() {
		return
	}
	err := k.renew(ctx, renewEvery/2)
	if err != nil && ctx.Err() == nil {
		k.log.Warn("cannot renew the lease of this replica; others take over its rows and its watches", "error", err)
	}
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	if err := k.share(ctx); err != nil && ctx.Err() == nil {
		k.log.Warn("cannot see which replicas share the watches; looking at the same ones as before", "error", err)
	}
}

// renew renews the lease unless that was done less than age ago.
func (k *Keeper) renew(ctx context.Context, age time.Duration) error {
	if !k.store.Shared() {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	began := k.now()
	since := began.Sub(k.renewed)
	if since < age {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, renewTimeout)
	defer cancel()
	if err := k.store.Renew(ctx, k.watches != nil, k.counted()); err != nil {
		return err
	}
	if since > store.ReplicaLease {
		k.log.Warn("this replica did not renew its lease in time, because it was stopped or cut off; others may have taken over its rows", "since", since.Round(time.Second))
	}
	k.renewed = began
	return nil
}

// counted is how many watches this replica looks at.
func (k *Keeper) counted() int {
	if k.watches == nil {
		return 0
	}
	return k.watches()
}

// Lease is a row that this replica works on.
type Lease struct {
	keeper *Keeper
	row    string
	take   func(context.Context) (bool, error)
	taken  time.Time
}

// Take leases a row. take is the store's statement. Without an error, nil means that
// another replica works on the row.
func (k *Keeper) Take(ctx context.Context, row string, take func(context.Context) (bool, error)) (*Lease, error) {
	l := &Lease{keeper: k, row: row, take: take}
	ok, err := l.renew(ctx)
	if err != nil || !ok {
		return nil, err
	}
	return l, nil
}

// renew leases the row once more. The replica's own lease is renewed before, because a
// row is leased no longer than its replica is alive.
func (l *Lease) renew(ctx context.Context) (bool, error) {
	began := l.keeper.now()
	if err := l.keeper.renew(ctx, renewEvery); err != nil {
		return false, fmt.Errorf("leasing %s: %w", l.row, err)
	}
	ok, err := l.take(ctx)
	if err != nil {
		return false, fmt.Errorf("leasing %s: %w", l.row, err)
	}
	l.taken = began
	return ok, nil
}

// Still reports whether the row is still leased. Ask right before an effect outside the
// database: a process can be stopped between any two of its steps, for longer than its
// lease. Where the lease is lost, that is logged.
func (l *Lease) Still(ctx context.Context) (bool, error) {
	if l.Fresh() {
		return true, nil
	}
	ok, err := l.renew(ctx)
	if err == nil && !ok {
		l.Lost()
	}
	return ok, err
}

// Fresh reports whether the row was leased so short a time ago that nobody can have it.
func (l *Lease) Fresh() bool { return l.keeper.now().Sub(l.taken) < fresh }

// Lost logs that another replica has taken the row over, and that nothing is recorded
// of what this one did with it.
func (l *Lease) Lost() {
	l.keeper.log.Warn("lost the claim on a row: another replica has taken it over, and nothing is recorded of what this one did with it", "row", l.row)
}
