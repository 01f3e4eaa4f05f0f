package engine

import (
	"context"
	"database/sql"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/rollback"
)

// looksThatFail counts the looks that failed, where failedLooks fails the test.
type looksThatFail struct {
	slog.Handler
	n int
}

func (l *looksThatFail) Enabled(context.Context, slog.Level) bool { return true }

func (l *looksThatFail) Handle(_ context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "a look failed") {
		l.n++
	}
	return nil
}

// A look that cannot be recorded is repeated at the pace of the rule, and nothing follows
// from it until one is recorded: no message, no order.
func TestFailedLooksAreRepeated(t *testing.T) {
	t.Parallel()
	failed := &looksThatFail{Handler: slog.DiscardHandler}
	b := newBench(t, redRule, func(o *Options) { o.Log = slog.New(failed) })
	key := b.bad("v2", nil)
	b.pass(30 * time.Second) // settled, and observed once
	before, records := b.watch(key), b.records(key)
	b.exec(`CREATE TRIGGER broken BEFORE INSERT ON records BEGIN SELECT RAISE(ABORT, 'the disk is full'); END`)
	b.pass(4 * time.Minute)
	if failed.n < 15 || failed.n > 16 {
		t.Errorf("%d looks failed in 4 minutes, want one in every 15 s", failed.n)
	}
	if after := b.watch(key); after.Revision != before.Revision || b.records(key) != records {
		t.Errorf("while no look can be recorded, revision %d with %d records became %d with %d", before.Revision, records, after.Revision, b.records(key))
	}
	b.wantState(key, "")
	b.exec(`DROP TRIGGER broken`)
	b.pass(30 * time.Second)
	b.wantState(key, rollback.Done)
	b.wantCalls(1)
	b.wantMessage("pager", "rolled back to v1 ")
}

// records is how many looks are stored of the change's watch.
func (b *bench) records(key string) int {
	b.t.Helper()
	all, err := b.Store.Records(b.t.Context(), b.watch(key).ID)
	b.must(err)
	return len(all)
}

// exec changes the database from outside the engine.
func (b *bench) exec(statement string) {
	b.t.Helper()
	db, err := sql.Open("sqlite", "file:"+b.path)
	b.must(err)
	_, err = db.ExecContext(b.t.Context(), statement)
	b.must(err)
	b.must(db.Close())
}
