package engine

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
)

// resident is a receiver that is connected to one replica at a time.
type resident struct {
	notify.Sender
	here *bool
}

func (r resident) Listen(context.Context, notify.Answering) error { return nil }
func (r resident) Connects() bool                                 { return true }
func (r resident) Listening() bool                                { return *r.here }

// A message whose receiver is connected to another replica is left to that one: not tried, not leased, and sent here
// as soon as the receiver is connected here.
func TestMessageOfAResident(t *testing.T) {
	t.Parallel()
	here := false
	b := newBench(t, redRule, nil)
	b.Senders["pager"] = resident{b.box.of("pager"), &here}
	b.bad("v2", nil)
	b.until("a message to the chat", func() bool { return len(b.box.got["chat"]) > 0 })
	b.pass(time.Minute)
	if n := len(b.box.got["pager"]); n != 0 {
		t.Fatalf("%d messages were sent by the wrong replica", n)
	}
	if leased, waiting := b.count(`state = 'pending' AND holder <> ''`), b.count(`state = 'pending'`); leased > 0 || waiting == 0 {
		t.Errorf("%d of %d messages are leased by a replica that cannot send them", leased, waiting)
	}
	here = true
	b.pass(time.Minute)
	if len(b.box.got["pager"]) == 0 {
		t.Error("nothing was sent when the receiver was connected here")
	}
}

// count counts the messages to the pager that meet a condition.
func (b *bench) count(condition string) (n int) {
	b.t.Helper()
	db, err := sql.Open("sqlite", "file:"+b.path)
	b.must(err)
	b.must(db.QueryRowContext(b.t.Context(), `SELECT COUNT(*) FROM outgoing WHERE receiver = 'pager' AND `+condition).Scan(&n))
	b.must(db.Close())
	return n
}
