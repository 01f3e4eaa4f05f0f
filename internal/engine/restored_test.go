package engine

import (
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// TestRestored: after the database was restored from a backup, nothing is rolled back unasked that
// may have been rolled back since the backup, and nothing to a version that may not have been live.
func TestRestored(t *testing.T) {
	t.Parallel()
	f := func(name string, ago time.Duration, previous string, want rollback.State) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, redRule, nil)
			b.deploy("v1", func(e *sources.Event) { e.Previous = "" })
			restored := b.clock.now.Add(time.Minute)
			_, err := b.Store.DB().ExecContext(t.Context(), `INSERT INTO restores (at, known_to, actor, source) VALUES ($1, 0, 'amy', 'old.db')`, restored.UnixMicro())
			b.must(err)
			b.clock.add(ago + time.Minute)
			key := b.bad("v2", func(e *sources.Event) { e.Previous = previous })
			b.until("an answer", func() bool { s := b.state(key); return s == rollback.Proposed || s.Final() && s != "" })
			b.wantState(key, want)
			if want == rollback.Proposed {
				b.wantCalls(0)
				b.wantMessage("pager", "rollback to v1 waits for a person", "the database was restored from a backup")
			}
		})
	}
	f("after the change", -30*time.Second, "v1", rollback.Proposed)
	f("an hour before, a rollback since may be forgotten", time.Hour, "v1", rollback.Proposed)
	f("seven hours before, and the tool names the target", 7*time.Hour, "v1", rollback.Done)
	f("seven hours before, and a deploy may be forgotten", 7*time.Hour, "", rollback.Proposed)
}
