package messages

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// ofOrder is a message about an order: what happened, and the numbers of the verdict that it
// was decided on. Who reads only this message of the thread, as on a pager that shows the
// latest, reads from what to what, how sure, and where the runbook is.
func (c Composer) ofOrder(o rollback.Order, what string, at time.Time) notify.Message {
	v := evidence(o)
	m := notify.Message{
		Key: Thread(o.Key, o.Rule), Kind: "order", Severity: notify.Critical, Link: c.Link(o.Key), At: at,
		Title:       named(o.Change) + ": " + what,
		SignalLines: report.Moved(v, o.Watched),
		Fields:      withRunbook(fields(o.Change, o.Rule), o.Runbook),
		People:      c.concerned(o.Change),
		Team:        o.Team, Reason: string(v.Reason),
		Choices: choicesOf(o, v),
	}
	if worst := report.Worst(v); worst != "" {
		m.Title += " — " + worst
	}
	if pictured(v) {
		m.Change = o.Key
	}
	return withOrder(m, o)
}

// withOrder adds the facts of an order that are known.
func withOrder(m notify.Message, o rollback.Order) notify.Message {
	for _, f := range []notify.Field{
		{Name: "hook", Value: o.Hook}, {Name: "target", Value: o.Target}, {Name: "order", Value: string(o.State)}, {Name: "decided by", Value: o.Actor},
	} {
		if f.Value != "" {
			m.Fields = append(m.Fields, f)
		}
	}
	return m
}

// evidence is the verdict that an order was decided on, the zero Verdict where it cannot be
// read: a message without numbers is better than none.
func evidence(o rollback.Order) (v detector.Verdict) {
	if err := json.Unmarshal(o.Evidence, &v); err != nil {
		return detector.Verdict{}
	}
	return v
}

// named is the change in the first words of a title.
func named(c sources.Change) string {
	name := strings.TrimSpace(c.Service + " " + c.What())
	if c.Environment == "" {
		return name
	}
	return fmt.Sprintf("%s in %s", name, c.Environment)
}
