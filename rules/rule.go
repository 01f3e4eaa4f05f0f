package rules

import (
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Mode is how far a rule may go. Its zero value, Observe, only reports what would
// have been done.
type Mode int

// The modes, in order.
const (
	Observe Mode = iota
	Ask
	Act
)

// Rule is one rule as its team wrote it, defaults filled in.
type Rule struct {
	Team     string
	Name     string
	File     string // path within the rules folder
	Line     int
	Text     string // the YAML of this rule alone, stored with every verdict
	Hash     string // of everything that judges, see hashOf; what the rule has earned belongs to it
	Watch    Selector
	Judge    string // callers or callees: whose signals are judged instead of the service's own
	Site     bool   // scope: site — watches every change, never rolls back
	Settle   time.Duration
	Bake     time.Duration
	Every    time.Duration
	Tick     time.Duration // 0: bake/30 rounded up to the store's resolution
	Before   int           // ticks
	History  time.Duration
	Rollout  time.Duration    // `rollout:`, for tools that report only the end of a change
	Store    string           // the metric store's name; "" is the default one
	Language sources.Language // what that store speaks
	Needs    []string         `json:",omitempty"` // signals without which no verdict is healthy; omitted if empty, so that older hashes hold
	Signals  []Signal
	Override []Override
	Respond  []Response
	Runbook  string          // an http address: what people should do when this rule notifies them
	Quiet    string          // a freeze window in which notifications that can wait are held back
	Policies map[string]Mode // by reason code: the furthest mode for evidence with that reason
	Budget   Budget          // how often it may be wrong
}

// MaxMode is the highest mode of its lines.
func (r Rule) MaxMode() Mode {
	mode := Observe
	for _, line := range r.Respond {
		if line.Rollback != nil {
			mode = max(mode, line.Rollback.Mode)
		}
	}
	return mode
}

// Selector says which changes a rule watches. Globs are path.Match patterns.
type Selector struct {
	Service     string // required; "*" for all
	Except      []string
	Team        string // the service's owner in the catalogue
	Environment string
	Region      string
	Kind        []sources.Kind    // empty: all
	Labels      map[string]string // of the change: each must be there and match its glob
}

// Signal is one signal as written; a histogram becomes two for the detector.
type Signal struct {
	Name          string
	AnyOf         []Expr // the first that has history for the service
	MinEffect     MinEffect
	MinEvents     float64
	Limit         *Limit
	Worse         detector.Worse
	ActOnLost     bool
	SkipUnmatched bool
	By            string // a label: each of its values is judged as a part
	OnlyIf        string // an expression: judged only in ticks in which it has a value other than 0
	Season        time.Duration
	Combine       detector.Combine `json:",omitempty"` // of a query with several series; omitted if empty, so that older hashes hold
	Line          int              `json:"-"`          // in the rule's file; 0: not known
	Slow          time.Duration    // histogram: the bound of the slow fraction; 0: chosen from before
}

// Expr is where one signal's numbers come from; exactly one form is set.
type Expr struct {
	Counter              string       // a raw counter selector
	Bad                  string       // label matchers that make a counter's event bad
	Histogram            string       // classic (without _bucket), native, or a summary
	Unit                 string       `json:",omitempty"` // of a histogram, where its name does not say it; omitted if empty, so that older hashes hold
	Query                string       // any expression of the store
	QueryKind            string       // gauge, rate, ratio or mean
	BadQuery, TotalQuery string       // kind: ratio
	Control              *ControlExpr // nil: compared with the time before alone
	Metrics              string       `json:"-"` // without any of these, joined by |, a service has no data; empty: not known
}

// MinEffect is the smallest effect that matters, for the main value (a
// histogram's mean) and for a histogram's slow fraction.
type MinEffect struct {
	Main detector.MinEffect
	Slow detector.MinEffect
}

// Limit is a value that is wrong even if it was the same before. Of a histogram it
// bounds the slow fraction if Fraction is set, and the mean otherwise.
type Limit struct {
	Value    float64
	Fraction bool
}

// Override changes settings for the services a glob matches.
type Override struct {
	Service string
	Set     map[string]string // "latency.slow" → "1s"
}

// Response is one line of `respond`.
type Response struct {
	AtLeast  detector.Grade
	On       string // "", or blind, inconclusive, healthy, or a reason code
	When     string // expr-lang; "" always holds
	Tell     []string
	Rollback *Rollback
}

// Rollback is the rollback of a response line.
type Rollback struct {
	Hook string
	Mode Mode
}

// Service is a change's service as the catalogue knows it.
type Service struct {
	Name  string
	Match map[string]string // labels that select it in the metric store
	Owner string            // receiver prefix behind $owner
	Chat  string            // $owner.chat
	Pager string            // $owner.pager
	Hook  string            // $service.hook

	Default string // the operators' default receiver, who is told where a word of tell is nobody

	Callers, Callees []map[string]string // the labels that select each of its neighbours
}
