package api

import (
	"encoding/json"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Accepted is the answer to one event: it is on disk, as part of this change.
type Accepted struct {
	Key       string `json:"key" doc:"Key of the change, for every later question about it"`
	Created   bool   `json:"created" doc:"The event began a new change"`
	Duplicate bool   `json:"duplicate" doc:"The same event had been accepted before; nothing was started"`
	Change    Change `json:"change"`
}

// Ignored is the answer to a delivery that is genuine but says nothing about
// a change (a ping, a kind of event nobody asked for). Nothing was stored.
type Ignored struct {
	Ignored bool   `json:"ignored" doc:"Always true"`
	Reason  string `json:"reason"`
}

// Change is a change as it stands in its slot.
type Change struct {
	sources.Change
	Key          string    `json:"key"`
	SupersededBy string    `json:"superseded_by,omitempty" doc:"Key of the newer change that took its place"`
	SuspendedBy  string    `json:"suspended_by,omitempty" doc:"Key of a newer change of the slot that is still rolling"`
	Standing     string    `json:"standing,omitempty" enum:"good,bad,cleared" doc:"What is known of its version; absent while nothing is. bad: judged bad, or rolled back. cleared: marked bad, and no longer"`
	ReceivedAt   time.Time `json:"received_at,omitzero"`
}

// ChangeSummary is one line of the list of changes.
type ChangeSummary struct {
	Change
	State string `json:"state" doc:"The worst of its watches, or unwatched" enum:"unwatched,waiting,watching,healthy,regressed,inconclusive,blind,superseded"`
	Grade string `json:"grade" doc:"The highest grade of its watches" enum:"none,suspect,likely,certain"`
	Order string `json:"order,omitempty" doc:"State of its rollback order, where there is one"`
}

// Changes is one page of the list, newest first.
type Changes struct {
	Changes []ChangeSummary `json:"changes"`
	Before  time.Time       `json:"before,omitzero" doc:"Pass as ?before= for the next page; absent on the last one"`
}

// Explanation is everything kept about one change: enough to render its
// verdicts again, and to replay them.
type Explanation struct {
	Change   ChangeSummary `json:"change"`
	Watches  []Watch       `json:"watches"`
	Order    *Order        `json:"order,omitempty"`
	Messages []Message     `json:"messages"`
	Journal  []Entry       `json:"journal"`
	Page     string        `json:"page" doc:"Address of the page that shows this"`
}

// Watch is one change under one rule, and the last thing it saw.
type Watch struct {
	ID       string            `json:"id"`
	Team     string            `json:"team"`
	Rule     string            `json:"rule"`
	RuleHash string            `json:"rule_hash"`
	RuleText string            `json:"rule_text"`
	Runbook  string            `json:"runbook,omitempty"`
	State    string            `json:"state" enum:"waiting,watching,healthy,regressed,inconclusive,blind,superseded"`
	Grade    string            `json:"grade" enum:"none,suspect,likely,certain"`
	Reason   string            `json:"reason,omitempty"`
	BaseAt   time.Time         `json:"base_at,omitzero"`
	Settle   time.Duration     `json:"settle"`
	Bake     time.Duration     `json:"bake"`
	Every    time.Duration     `json:"every"`
	Next     time.Time         `json:"next,omitzero"`
	From     time.Time         `json:"from,omitzero"`
	Until    time.Time         `json:"until,omitzero"`
	EndedAt  time.Time         `json:"ended_at,omitzero"`
	After    time.Time         `json:"after,omitzero" doc:"When the rollback was done that this watch looks at; absent for the change itself"`
	Acts     bool              `json:"acts"`
	Plan     detector.Plan     `json:"plan"`
	Inputs   []watch.Input     `json:"inputs"`
	Profiles map[string]string `json:"profiles,omitempty" doc:"Signal to the hash of the profile it is judged by"`
	Last     *Record           `json:"last,omitempty" doc:"The newest record; absent before the first look"`
}

// Record is one look: what was seen, and what was said about it.
type Record struct {
	Seq         int64                `json:"seq"`
	At          time.Time            `json:"at"`
	Verdict     detector.Verdict     `json:"verdict"`
	Observation detector.Observation `json:"observation"`
}

// Records are the looks of one change, a list a watch, oldest first.
type Records struct {
	Key     string         `json:"key"`
	Watches []WatchRecords `json:"watches"`
}

// WatchRecords are the looks of one watch, oldest first.
type WatchRecords struct {
	Watch   string   `json:"watch"`
	Rule    string   `json:"rule"`
	Records []Record `json:"records"`
}

// Message is one thing that was, or will be, told to somebody.
type Message struct {
	ID        string    `json:"id"`
	Receiver  string    `json:"receiver"`
	Kind      string    `json:"kind"`
	Severity  string    `json:"severity"`
	Title     string    `json:"title"`
	State     string    `json:"state" enum:"pending,sent,failed,grouped" doc:"grouped: not sent, because its receiver was told of the whole fleet"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"last_error,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	SentAt    time.Time `json:"sent_at,omitzero"`
}

// Entry is one line of the journal: who decided what, when.
type Entry struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// Audited is one line of the exported journal. Hash covers the entry and Prev,
// the hash of the entry before.
type Audited struct {
	Entry
	Change string `json:"change,omitempty" doc:"Key of the change; absent for what belongs to none"`
	Prev   string `json:"prev,omitempty"`
	Hash   string `json:"hash,omitempty" doc:"Absent where the entry is older than the chain"`
}
