package messages

import (
	"fmt"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Restore is a restore of the database from a backup.
type Restore struct {
	At, KnownTo time.Time // when it was restored, and the newest thing that the backup knows
	Actor       string
	Orders      []rollback.Order // that were ended
	Messages    int64            // that were ended
}

// Restored says that the database was restored, and what has to be looked at.
func (c Composer) Restored(r Restore) notify.Message {
	m := notify.Message{
		Key: fmt.Sprintf("restore/%d", r.At.Unix()), Kind: "restore", Severity: notify.Critical, At: r.At, Link: c.ExternalURL,
		Title: fmt.Sprintf("Pushback's database was restored by %s: what happened between %s and %s is not in it", r.Actor, moment(r.KnownTo), moment(r.At)),
		SignalLines: []string{
			fmt.Sprintf("rollbacks ended, of which nobody can tell whether they were sent: %d; messages not sent: %d", len(r.Orders), r.Messages),
		},
		Action: "Find out which versions are live. Set holds, incidents and what rules may do again as they were. " +
			"Changes of before the restore are rolled back only when a person approves.",
	}
	names := make([]string, len(r.Orders))
	for i, o := range r.Orders {
		names[i] = fmt.Sprintf("%s %s in %s: %s", o.Change.Service, o.Change.What(), o.Change.Environment, OrderState(o))
	}
	m.SignalLines = append(m.SignalLines, bounded(names)...)
	return m
}

// OrderRestored says that a restore has ended an order.
func (c Composer) OrderRestored(o rollback.Order, at time.Time) notify.Message {
	m := c.ofOrder(o, OrderState(o), at)
	m.Action = because("It is over: ", o.Why) + "Find out which version is live. Pushback does nothing more for this change unless a person rolls it back by hand."
	m.Choices = nil // the outcomes that a command would correct may be lost with the database
	return m
}

// moment is a time with its date: what it is compared with may be days ago.
func moment(t time.Time) string {
	if t.IsZero() {
		return "the beginning"
	}
	return t.UTC().Format("2006-01-02 15:04 MST")
}
