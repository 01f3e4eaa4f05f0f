package engine

import (
	"bytes"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// Another replica is simulated by its rows: "other/1" holds what it works on, and is alive
// while its own lease is in force.

// other makes the other replica alive or dead.
func (b *bench) other(alive bool) {
	b.t.Helper()
	until := 1
	if alive {
		until = 9e15
	}
	b.exec(fmt.Sprintf(`INSERT INTO replicas (holder, name, started_at, seen_at, leased_until) VALUES ('other/1', 'other', 1, 1, %d)
		ON CONFLICT (holder) DO UPDATE SET leased_until = excluded.leased_until`, until))
}

// held gives all rows of a table to the other replica, for ever.
func (b *bench) held(table string) {
	b.t.Helper()
	b.exec(`UPDATE ` + table + ` SET holder = 'other/1', leased_until = 9000000000000000`)
}

// Nothing is done with a row that another replica works on, and all of it once that one is
// dead.
func TestRowsOfAnotherReplica(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.other(true)
	key := b.bad("v2", nil)
	b.decided(key)
	b.held("orders")
	b.held("outgoing")
	b.held("reports")
	sent, posted := b.box.tries, len(b.grafana.puts)
	for range 12 {
		b.clock.add(5 * time.Second)
		b.must(b.ensureJobs(t.Context()))
		b.queue.run(b)
	}
	b.wantState(key, rollback.Decided)
	b.wantCalls(0)
	if b.box.tries != sent || len(b.grafana.puts) != posted {
		t.Errorf("%d messages and %d annotations sent that another replica sends", b.box.tries-sent, len(b.grafana.puts)-posted)
	}
	b.other(false)
	b.pass(15 * time.Second)
	b.wantState(key, rollback.Done)
	b.wantCalls(1)
	b.wantMessage("pager", "rolled back to v1 ")
}

// The sender is dead while a hook is called that must not be called twice: the other
// replica says so within a sweep, however long the hook's own time-out is.
func TestTakingOverASend(t *testing.T) {
	t.Parallel()
	f := func(name string, change func(*Options), want rollback.State, calls int, says string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, change)
			b.other(true)
			key := b.bad("v2", nil)
			b.decided(key)
			b.exec(fmt.Sprintf(`UPDATE orders SET state = 'sending', claim = 1, sent_at = %d, sent_by = 'other/1'`, b.clock.Now().UnixMicro()))
			b.held("orders")
			b.pass(30 * time.Second)
			b.wantState(key, rollback.Sending)
			b.wantCalls(0)
			b.other(false)
			b.pass(sweepEvery + waitEvery)
			b.wantState(key, want)
			b.wantCalls(calls)
			b.wantMessage("pager", says)
		})
	}
	f("once", nil, rollback.Unknown, 0, "replica other was interrupted while sending")
	f("idempotent", idempotent, rollback.Done, 1, "rolled back to v1 ")
}

// A replica that was frozen while it called a hook, and was taken for dead, records nothing
// of the call, and logs that it lost the claim.
func TestThawedSenderRecordsNothing(t *testing.T) {
	t.Parallel()
	var logged bytes.Buffer
	b := newBench(t, redRule, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&logged, nil)) })
	b.other(true)
	key := b.bad("v2", nil)
	b.hook.do = func(int) error { b.held("orders"); return nil }
	b.until("a call", func() bool { return len(b.hook.calls) == 1 })
	b.wantState(key, rollback.Sending)
	if !bytes.Contains(logged.Bytes(), []byte("lost the claim on a row")) || !bytes.Contains(logged.Bytes(), []byte("order "+key)) {
		t.Errorf("a lost claim is not logged:\n%s", logged.String())
	}
	b.other(false)
	b.must(b.ensureJobs(t.Context()))
	b.turn()
	b.wantState(key, rollback.Unknown)
	b.wantCalls(1)
}

// A replica that was frozen while it asked the guards, and was taken for dead, records
// nothing of their answers.
func TestFrozenWhileAsking(t *testing.T) {
	t.Parallel()
	var b *bench
	b = newBench(t, redRule, func(o *Options) {
		o.Log = slog.New(slog.DiscardHandler)
		h := o.Hooks["deployer"]
		h.Hook = looking{h.Hook.(*hook), func() []rollback.Check {
			b.clock.add(2 * store.ReplicaLease)
			b.held("orders")
			return []rollback.Check{{What: "target", Problem: "v1 is gone"}}
		}}
		o.Hooks["deployer"] = h
	})
	b.other(true)
	key := b.bad("v2", nil)
	b.decided(key)
	b.turn()
	b.wantState(key, rollback.Decided)
	b.wantCalls(0)
	entries, err := b.Store.Journal(t.Context(), key)
	b.must(err)
	for _, e := range entries {
		if e.Actor == "guards" {
			t.Errorf("the journal has an answer of the guards to a dead replica: %s", e.Detail)
		}
	}
}

// A replica that was frozen between its claim and the call asks again before it calls.
func TestFrozenBeforeTheCall(t *testing.T) {
	t.Parallel()
	f := func(name string, frozen time.Duration, meanwhile func(b *bench), want rollback.State, calls int) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, func(o *Options) { o.Log = slog.New(slog.DiscardHandler) })
			b.other(true)
			key := b.bad("v2", nil)
			b.decided(key)
			lease, err := b.leaseRow(t.Context(), orderJob, key, time.Minute)
			b.must(err)
			o, err := b.Store.Order(t.Context(), key)
			b.must(err)
			_, warrant, refusals, err := b.orders.ask(t.Context(), o)
			b.must(err)
			claim, won, err := b.Store.ClaimOrder(t.Context(), key, o.Epoch, b.clock.Now())
			b.must(err)
			if !won || len(refusals) > 0 {
				t.Fatalf("claim %v, refused by %v", won, refusals)
			}
			b.clock.add(frozen)
			meanwhile(b)
			b.must(b.orders.send(t.Context(), o, lease, claim, warrant))
			b.wantState(key, want)
			b.wantCalls(calls)
		})
	}
	f("for a moment", time.Second, func(*bench) {}, rollback.Done, 1)
	f("nobody took over", 2*store.ReplicaLease, func(*bench) {}, rollback.Done, 1)
	f("taken over", 2*store.ReplicaLease, func(b *bench) { b.held("orders") }, rollback.Sending, 0)
	f("overtaken", 2*store.ReplicaLease, func(b *bench) { b.deploy("v3", nil) }, rollback.Failed, 0)
}

// The database stored a claim and could not say so: the hook was certainly not called, so
// it is, even where it must not be called twice.
func TestClaimWithoutAnAnswer(t *testing.T) {
	t.Parallel()
	f := func(name string, unsent bool, want rollback.State, calls int) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			key := b.bad("v2", nil)
			b.decided(key)
			if unsent {
				b.orders.unsent.Store(key, true)
			}
			o, err := b.Store.Order(t.Context(), key)
			b.must(err)
			_, err = b.leaseRow(t.Context(), orderJob, key, time.Minute)
			b.must(err)
			_, won, err := b.Store.ClaimOrder(t.Context(), key, o.Epoch, b.clock.Now())
			b.must(err)
			if !won {
				t.Fatal("no claim")
			}
			b.pass(15 * time.Second)
			b.wantState(key, want)
			b.wantCalls(calls)
		})
	}
	f("this run was told nothing", true, rollback.Done, 1)
	f("the call is over, or was never made", false, rollback.Unknown, 0)
}
