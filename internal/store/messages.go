package store

import (
	"slices"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
)

// Messages returns the rows of one message to several receivers. Their ids
// derive from id, so that storing the same message again stores nothing.
func Messages(id, changeKey string, receivers []string, m notify.Message, now time.Time) []Outgoing {
	var rows []Outgoing
	for _, r := range receivers {
		rows = append(rows, Outgoing{
			ID: id + "/" + r, ChangeKey: changeKey, Receiver: r, Message: m, State: Pending, CreatedAt: now,
		})
	}
	return rows
}

// OrderMessages returns the rows of one message about an order. What it says names
// the rows, so that it is said once.
func OrderMessages(o rollback.Order, what string, m notify.Message, now time.Time) []Outgoing {
	return Messages("order/"+o.Key+"/"+what, o.Key, o.Receivers, m, now)
}

// LastLines returns the signal lines of the newest row of a thread that has any and
// does not end it: the numbers that its receivers know.
func LastLines(rows []Outgoing, thread string) []string {
	for _, o := range slices.Backward(rows) {
		if o.Message.Key == thread && !o.Message.Resolved && len(o.Message.SignalLines) > 0 {
			return o.Message.SignalLines
		}
	}
	return nil
}

// ReceiversSince returns the receivers of the rows created at since or later, each
// once, in the order of the rows. Messages that end a thread do not count.
func ReceiversSince(rows []Outgoing, since time.Time) []string {
	var names []string
	for _, o := range rows {
		if !o.Message.Resolved && !o.CreatedAt.Before(since) && !slices.Contains(names, o.Receiver) {
			names = append(names, o.Receiver)
		}
	}
	return names
}
