package api

import (
	"encoding/json"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Accepted is the answer to an event that is stored as part of a change.
type Accepted struct {
	Key       string    `json:"key" doc:"Key of the change, to name it in later requests"`
	Created   bool      `json:"created" doc:"The event began this change"`
	Duplicate bool      `json:"duplicate" doc:"The same event was accepted before; nothing was stored"`
	Change    Change    `json:"change"`
	Warnings  []Warning `json:"warnings,omitempty" doc:"What may be mistyped in an event; it is stored all the same. Looked for in 20 events a second at most"`

	Others []AcceptedChange `json:"others,omitempty" doc:"The other changes that the event began or moved, where its paths are of several services"`
}

// AcceptedChange is one of several changes that one event is about.
type AcceptedChange struct {
	Key       string `json:"key"`
	Service   string `json:"service"`
	Created   bool   `json:"created"`
	Duplicate bool   `json:"duplicate"`
}

// Warning is something about an event that its sender may have mistyped.
type Warning struct {
	Code   string `json:"code" enum:"ambiguous-name,unknown-service,unwatched-environment,unwatched"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty" doc:"The nearest name, or those that there are"`
}

// Ignored is the answer to an authentic delivery that is not about a change, such
// as a ping. Nothing was stored.
type Ignored struct {
	Ignored bool   `json:"ignored" doc:"Always true"`
	Reason  string `json:"reason"`
}

// Change is a change with its state in its slot.
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
	State string `json:"state" doc:"The state of its watches, the most urgent one, or unwatched" enum:"unwatched,waiting,watching,healthy,regressed,inconclusive,blind,superseded"`
	Grade string `json:"grade" doc:"The highest grade of its watches" enum:"none,suspect,likely,certain"`
	Order string `json:"order,omitempty" doc:"State of its rollback order; absent if there is none"`

	Instances string `json:"instances,omitempty" doc:"While it rolls: how many instances run its version, by a source of kind versions"`
}

// Changes is one page of the list, newest first.
type Changes struct {
	Changes []ChangeSummary `json:"changes"`
	Before  time.Time       `json:"before,omitzero" doc:"Pass as ?before= for the next page; absent on the last one"`
}

// Explanation is everything stored about one change: enough to show its verdicts,
// and to judge again.
type Explanation struct {
	Change   ChangeSummary `json:"change"`
	Watches  []Watch       `json:"watches"`
	Order    *Order        `json:"order,omitempty"`
	Messages []Message     `json:"messages"`
	Journal  []Entry       `json:"journal"`
	Others   []OtherChange `json:"others,omitempty" doc:"Of a change under suspicion: other changes at about the same time, of its service and what that depends on"`
	Page     string        `json:"page" doc:"Address of the change's page"`
}

// OtherChange is a change that may be the cause of what another one is suspected of.
type OtherChange struct {
	ChangeSummary
	Distance int  `json:"distance" doc:"Steps along the dependencies from the service under suspicion; 0: the service itself"`
	Blamed   bool `json:"blamed" doc:"By a verdict, another change is as likely the cause"`
}

// Watch is one change under one rule, with its last look.
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
	After    time.Time         `json:"after,omitzero" doc:"For the watch after a rollback: when that rollback was done"`
	Acts     bool              `json:"acts"`
	Grades   []watch.GradeAt   `json:"grades,omitempty" doc:"Each grade that it had, and since when; absent before the first that is not none"`
	Plan     detector.Plan     `json:"plan"`
	Inputs   []watch.Input     `json:"inputs"`
	Profiles map[string]string `json:"profiles,omitempty" doc:"Hash of the profile that each signal is judged with"`
	Last     *Record           `json:"last,omitempty" doc:"The newest record; absent before the first look"`
	Damaged  string            `json:"damaged,omitempty" doc:"Why the newest record cannot be read; absent if it can"`
}

// Record is one look: its observation and the verdict on it.
type Record struct {
	Seq         int64                `json:"seq"`
	At          time.Time            `json:"at"`
	Verdict     detector.Verdict     `json:"verdict"`
	Observation detector.Observation `json:"observation"`

	Chances map[string]string `json:"chances,omitempty" doc:"By signal: its p-value in words, as in: would happen by chance once in 5,000 quiet half hours. A signal that was not tested has none, and neither has a verdict that is blind"`
}

// Records are the looks of one change, a list for each watch, oldest first.
type Records struct {
	Key     string         `json:"key"`
	Watches []WatchRecords `json:"watches"`
}

// WatchRecords are the looks of one watch, oldest first.
type WatchRecords struct {
	Watch   string   `json:"watch"`
	Rule    string   `json:"rule"`
	Records []Record `json:"records"`
	Damaged string   `json:"damaged,omitempty" doc:"Which records are damaged in the database and missing here; absent if none is"`
}

// Message is a message to one receiver, sent or to be sent.
type Message struct {
	ID        string    `json:"id"`
	Receiver  string    `json:"receiver"`
	Kind      string    `json:"kind"`
	Severity  string    `json:"severity"`
	Title     string    `json:"title"`
	State     string    `json:"state" enum:"pending,sent,failed,grouped" doc:"grouped: not sent, because its receiver got one message about the whole fleet instead"`
	GroupedIn string    `json:"grouped_in,omitempty" doc:"Of a grouped message: the message that its receiver gets instead"`
	Attempts  int       `json:"attempts"`
	LastError string    `json:"last_error,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	SentAt    time.Time `json:"sent_at,omitzero"`
}

// Entry is one entry of the journal: who decided what, and when.
type Entry struct {
	Seq    int64           `json:"seq"`
	At     time.Time       `json:"at"`
	Actor  string          `json:"actor"`
	Action string          `json:"action"`
	Detail json.RawMessage `json:"detail,omitempty"`
}

// AuditProfile is a line of the exported journal that is no entry: a profile, stored by
// Profile.Pack, which entries after it name.
type AuditProfile struct {
	Profile string `json:"profile" doc:"SHA-256 of the body, in hexadecimal"`
	Body    []byte `json:"body" doc:"The profile as it is stored, in base64"`
}

// AuditEntry is one line of the exported journal. Hash covers the entry and Prev,
// the hash of the entry before.
type AuditEntry struct {
	Entry
	Change string `json:"change,omitempty" doc:"Key of the change; absent if the entry is about none"`
	Prev   string `json:"prev,omitempty"`
	Hash   string `json:"hash,omitempty" doc:"Absent for entries written before entries were hashed"`
}
