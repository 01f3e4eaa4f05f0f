package server

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// readEntry is an entry of the journal with its detail, as far as that can be read.
type readEntry struct {
	api.Entry
	entryDetail
}

// readEntries reads the entries, which are in the order in which they were written. The times of what one look wrote differ by less than a
// millisecond, either way: no entry is told before the one that was written before it.
func readEntries(journal []api.Entry) []readEntry {
	all := make([]readEntry, len(journal))
	for i, j := range journal {
		all[i].Entry = j
		if i > 0 && all[i-1].At.Sub(j.At) < time.Second {
			all[i].At = laterOf(j.At, all[i-1].At)
		}
		if json.Unmarshal(j.Detail, &all[i].entryDetail) != nil {
			all[i].entryDetail = entryDetail{}
		}
	}
	return all
}

// entry adds an entry of the journal, unless something else says the same.
func (t *timelineWriter) entry(j readEntry) {
	why := colon(sources.OneLine(j.Why, sources.MaxText))
	switch j.Action {
	case "end", "judged":
	case "respond":
		t.response(j)
	case "order":
		t.order(j, why)
	case "permit":
		t.permit(j)
	case "clear":
		t.add(j.At, "good", "%s cleared the version%s", j.Actor, why)
	case "false-alarm":
		t.add(j.At, "good", "%s called it a false alarm%s", j.Actor, why)
	case "missed":
		t.add(j.At, "bad", "%s said that it was bad and was not found%s", j.Actor, why)
	case "propose":
		t.add(j.At, "warn", "%s proposed to roll it back%s", j.Actor, why)
	case "pass":
		t.add(j.At, "busy", "the gate let a fix of it through")
	case "remark":
		t.add(j.At, "warn", "it %s", sources.OneLine(j.Text, sources.MaxText))
	case "missed_delivery":
		t.add(j.At, "warn", "a delivery of %s about it was lost, and found by asking", j.Source)
	default:
		t.add(j.At, "quiet", "%s: %s%s", j.Actor, j.Action, why)
	}
}

// response adds a response that is about a rollback: who was told is said by the messages.
func (t *timelineWriter) response(j readEntry) {
	switch r := j.Rollback; {
	case r == nil:
	case r.Ordered:
		t.add(j.At, "warn", "%s asked for a rollback by the hook %s, in mode %s", j.Actor, r.Hook, r.Mode)
	default:
		t.add(j.At, "quiet", "%s would have rolled back by the hook %s, and did not%s", j.Actor, r.Hook, colon(r.Said))
	}
}

// orderSteps say which state an order came into. They follow "the rollback".
var orderSteps = map[rollback.State]struct{ words, tone string }{
	rollback.Proposed:  {"waits for a person", "warn"},
	rollback.Approved:  {"was approved", "busy"},
	rollback.Decided:   {"is ordered", "busy"},
	rollback.Sending:   {"was sent to its hook", "busy"},
	rollback.Done:      {"is done", "good"},
	rollback.Failed:    {"failed", "bad"},
	rollback.Unknown:   {"may have run or not: nobody can tell", "bad"},
	rollback.Cancelled: {"was cancelled", "quiet"},
	rollback.Expired:   {"was not approved in time", "warn"},
	rollback.Refused:   {"was refused", "warn"},
}

// order adds a step of the order.
func (t *timelineWriter) order(j readEntry, why string) {
	state, to := j.To, ""
	if j.Order != nil {
		state, to = j.Order.State, " to "+j.Order.Target
	}
	if j.Verification != nil && state == "" {
		t.add(j.At, "quiet", "after the rollback: %s", sources.OneLine(j.Verification.String(), sources.MaxText))
		return
	}
	step, known := orderSteps[state]
	if !known {
		t.add(j.At, "quiet", "the rollback: %s%s", state, why)
		return
	}
	if j.Receipt != nil {
		why += colon("the hook answered " + sources.OneLine(j.Receipt.Status, sources.MaxText))
	}
	t.add(j.At, step.tone, "the rollback%s %s%s%s", strings.TrimSuffix(to, " to "), step.words, byWhom(j.Actor), why)
}

// byWhom names a person who moved an order: rules and Pushback itself need no naming.
func byWhom(actor string) string {
	if actor == "pushback" || strings.HasPrefix(actor, "rule ") {
		return ""
	}
	return " by " + actor
}

// permit adds what the guards said.
func (t *timelineWriter) permit(j readEntry) {
	if len(j.Refusals) == 0 {
		t.add(j.At, "quiet", "the guards permitted the rollback")
		return
	}
	why := make([]string, len(j.Refusals))
	for i, r := range j.Refusals {
		why[i] = r.Why
	}
	t.add(j.At, "warn", "the guards held the rollback: %s", sources.OneLine(strings.Join(why, "; "), sources.MaxText))
}
