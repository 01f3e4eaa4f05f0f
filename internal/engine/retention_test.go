package engine

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/retention"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// TestRetention: at night the old changes go, with their records; what is left of the journal is
// judged again, as at the end of every bench; and an event of a deleted change begins none.
func TestRetention(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) {
		o.Retention = retention.Policy{Changes: 90 * 24 * time.Hour, Journal: 200 * 24 * time.Hour}
	})
	var keys []string
	for i := range 5 {
		keys = append(keys, b.deploy(fmt.Sprint("v", i+2), nil))
		b.pass(8 * time.Minute)
	}
	first := b.clock.Now().Add(-40 * time.Minute)
	records := func() (n int) {
		b.must(b.Store.DB().QueryRow(`SELECT COUNT(*) FROM records`).Scan(&n))
		return n
	}
	b.must(b.keep("upkeep"))
	if n := records(); n < len(keys) {
		t.Errorf("%d records of %d changes are left while all are new", n, len(keys))
	}
	b.clock.add(100 * 24 * time.Hour)
	b.must(b.keep("upkeep"))
	if n := records(); n != 0 {
		t.Errorf("%d old records are left", n)
	}
	for i, key := range keys {
		_, err := b.Store.Change(t.Context(), key)
		if gone := errors.Is(err, store.ErrNotFound); gone != (i < 3) {
			t.Errorf("v%d: %v", i+2, err)
		}
	}
	again := func(version, event string) error {
		_, err := take(t.Context(), b.Engine, sources.Event{
			Source: "pipeline", EventID: event, ChangeID: version, Status: sources.Succeeded, At: first,
			Service: "cart", Environment: "production", Kind: sources.Deploy, Version: version, Previous: "v1",
		})
		return err
	}
	if err := again("v2", "1"); !errors.Is(err, changes.ErrIgnored) {
		t.Errorf("an event of a deleted change: %v", err)
	}
	if err := again("v6", "5"); err != nil {
		t.Errorf("an event of the live change: %v", err)
	}
	b.bad("v7", func(e *sources.Event) { e.Previous = "" })
	b.until("a rollback", func() bool { return len(b.hook.calls) > 0 })
	if o := b.hook.calls[0].Order(); o.Target != "v6" {
		t.Errorf("back to %s", o.Target)
	}
	b.clock.add(150 * 24 * time.Hour)
	b.must(b.keep("upkeep"))
	if n := b.wantReplayed(); n == 0 {
		t.Error("no verdict is left")
	}
}
