package web

import "time"

// Change is the page of one change.
type Change struct {
	Frame
	Row
	Headline     string // the verdict as a sentence
	Aside        string // what to show beside it
	FinishedAt   time.Time
	URL          string
	Riders       []string
	Witnesses    []Witness
	Labels       []Label
	Standing     string // good, bad, cleared or ""
	SupersededBy string // key
	SuspendedBy  string // key
	Watches      []Watch
	Decision     *Order // nil: nothing is to be rolled back
	Messages     []Message
	Journal      []Entry
	Marks        Marks
}

// Witness is one tool that reported the change.
type Witness struct {
	Source, ChangeID string
	At               time.Time
}

// Label is one of the change's labels.
type Label struct{ Name, Value string }

// Watch is the change under one rule.
type Watch struct {
	Rule, Team  string
	State       string
	Grade       string
	Reason      string // the sentence of the reason code
	From, Until time.Time
	EndedAt     time.Time
	After       time.Time // when the rollback was done that this watch looks at; zero: it looks at the change
	LookedAt    time.Time // zero: not yet
	Damaged     bool      // the last look is stored and cannot be read
	HealthyBy   string    // of a healthy watch that did not see every signal: "by latency; errors were never seen"
	Next        time.Time
	Progress    int  // of the bake, in percent
	Acts        bool // what it finds may lead to a rollback
	RuleText    string
	Runbook     string // what the rule tells people to read; "" for nothing
	Signals     []Signal
	Plots       *WatchPlots // nil: not looked yet
}

// Badge is how the watch's state is shown.
func (w Watch) Badge() Badge { return BadgeOf(w.State, w.Grade) }

// Order is what was, or may be, done about the change.
type Order struct {
	State     string
	Rule      string
	Hook      string
	Target    string
	CreatedAt time.Time
	ExpiresAt time.Time
	EndedAt   time.Time
	Actor     string
	Why       string
	Receipt   string // what the hook answered
	Following bool   // the hook has not answered yet: Receipt says how far the rollout has come
	Waiting   bool   // for a person
}

// Badge is how the order's state is shown.
func (o Order) Badge() Badge { return OrderBadge(o.State) }

// Message is one message to one receiver.
type Message struct {
	At              time.Time
	Receiver, Title string
	State           string
	GroupedIn       string // the message that its receiver gets instead; "" for none
	LastError       string
}

// Entry is one line of the journal.
type Entry struct {
	At                    time.Time
	Actor, Action, Detail string
}

// Marks are the moments that every plot draws a line at; Unix seconds, 0
// where the moment has not come.
type Marks struct {
	Started  float64 `json:"started"`
	Finished float64 `json:"finished,omitempty"`
	Rollback float64 `json:"rollback,omitempty"`
}
