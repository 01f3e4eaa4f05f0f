package replica

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// database is the state database: it counts, and answers with err.
type database struct {
	alone           bool
	renewed, left   int
	err             error
	holds           bool // what leasing a row answers
	leased          int
	renewedAtLeases []int // renewals before each lease of a row
}

func (d *database) Shared() bool { return !d.alone }

func (d *database) Renew(context.Context, bool, int) error { d.renewed++; return d.err }

func (d *database) Holder() string { return "a" }

func (d *database) Looking(context.Context, time.Duration) ([]string, error) {
	return []string{"a"}, d.err
}

func (d *database) Leave(context.Context) error { d.left++; return nil }

func (d *database) take(context.Context) (bool, error) {
	d.leased++
	d.renewedAtLeases = append(d.renewedAtLeases, d.renewed)
	return d.holds, d.err
}

// with runs do under a fake clock, and returns what was logged.
func with(t *testing.T, d *database, do func(t *testing.T, k *Keeper)) string {
	t.Helper()
	var logged bytes.Buffer
	synctest.Test(t, func(t *testing.T) {
		do(t, New(d, slog.New(slog.NewTextHandler(&logged, nil)), time.Now))
	})
	return logged.String()
}

func TestRenewing(t *testing.T) {
	f := func(alone bool, renewed int) {
		t.Helper()
		d := &database{alone: alone}
		with(t, d, func(t *testing.T, k *Keeper) {
			ctx, cancel := context.WithTimeout(t.Context(), 61*time.Second)
			defer cancel()
			k.Run(ctx)
		})
		if d.renewed != renewed || d.left != 1 {
			t.Errorf("renewed %d times in a minute, left %d times; want %d, 1", d.renewed, d.left, renewed)
		}
	}
	f(false, 30)
	f(true, 0)
}

// A lease is relied on for a third of the time after which others take over. After that
// it is asked for, and the replica's own lease renewed before.
func TestStill(t *testing.T) {
	f := func(name string, stopped time.Duration, holds bool, err error, want bool, leased int, says string) {
		t.Run(name, func(t *testing.T) {
			d := &database{holds: true}
			logged := with(t, d, func(t *testing.T, k *Keeper) {
				l, failed := k.Take(t.Context(), "order x", d.take)
				if failed != nil || l == nil {
					t.Fatal("not leased:", failed)
				}
				time.Sleep(stopped)
				d.holds, d.err = holds, err
				still, failed := l.Still(t.Context())
				if still != want || !errors.Is(failed, err) {
					t.Errorf("still %v, %v", still, failed)
				}
			})
			if d.leased != leased {
				t.Errorf("leased %d times, want %d", d.leased, leased)
			}
			if leased == 2 && d.renewedAtLeases[1] == 0 {
				t.Error("the row was leased in the name of a replica whose own lease was old")
			}
			if !strings.Contains(logged, says) || says == "" && logged != "" {
				t.Errorf("logged %q, want %q", logged, says)
			}
		})
	}
	away := errors.New("the database is away")
	f("fresh", 4*time.Second, false, nil, true, 1, "")
	f("older", 6*time.Second, true, nil, true, 2, "")
	f("frozen, and nobody took over", 2*store.ReplicaLease, true, nil, true, 2, "did not renew its lease in time")
	f("frozen, and taken over", 2*store.ReplicaLease, false, nil, false, 2, `lost the claim on a row`)
	f("cut off", 6*time.Second, true, away, false, 1, "")
}

func TestTakenElsewhere(t *testing.T) {
	d := &database{}
	with(t, d, func(t *testing.T, k *Keeper) {
		if l, err := k.Take(t.Context(), "order x", d.take); l != nil || err != nil {
			t.Errorf("leased what another replica has: %v, %v", l, err)
		}
	})
}

// Between the start of the replica's own renewal and an effect, less than its lease may
// pass, whatever is measured as fresh.
func TestMargins(t *testing.T) {
	if renewEvery+fresh >= store.ReplicaLease {
		t.Errorf("a lease of %s may have ended when an effect begins %s after it was renewed", store.ReplicaLease, renewEvery+fresh)
	}
}
