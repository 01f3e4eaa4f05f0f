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
	Timeline     Timeline
	Links        []Link
	Suspects     []Suspect // other changes at about the same time
	Blamed       bool      // one of them is as likely the cause
	Right        *Right    // nil: nobody can say whether the verdict was right
	Marks        Marks
}

// Link is an address beside the change, and what is there.
type Link struct{ Word, URL string }

// Suspect is another change at about the same time.
type Suspect struct {
	Row
	After string // how long after the change itself it began: "−3 min"
	Where string // the service that the change's own depends on; "" for the same service
}

// Right is whether the verdict was right, for people to say.
type Right struct {
	Fired  string // the rules that were likely or certain; "" for none: there is no false alarm
	Silent string // the rules that were neither; "" for none: nothing can have been missed
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
	Runbook     string      // what the rule tells people to read; "" for nothing
	Signals     []Signal    // those with a plot: wholes, and the parts that moved
	Parts       []Parts     // the routes or instances of each signal that has any
	Plots       *WatchPlots // nil: not looked yet
	Folded      bool        // on the page: others say more
	Notes       []string    // what is to be said of every signal
}

// Parts are the routes or instances of one signal, the worst first.
type Parts struct {
	Of   string
	Rows []Signal
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
	Stoppable bool   // it waits for something else, and a person can end it
}

// Badge is how the order's state is shown.
func (o Order) Badge() Badge { return OrderBadge(o.State) }

// Marks are the moments that every plot draws a line at; Unix seconds, 0
// where the moment has not come.
type Marks struct {
	Started  float64 `json:"started"`
	Finished float64 `json:"finished,omitempty"`
	Rollback float64 `json:"rollback,omitempty"`
}
