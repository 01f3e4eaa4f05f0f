package web

import (
	"io"
	"time"
)

// Rules is the list of rules in force.
type Rules struct {
	Frame
	Said      string
	Standings []Standing
	Uncovered []string // services of the catalogue that no rule watches
	Services  int      // how many services the catalogue has; 0 where it cannot tell
}

// Standing is how one rule stands with one service, in one line.
type Standing struct {
	Rule, Team, Place  string
	Service            string // * for those it has no record of
	Mode, Written, Why string
	Ended, Fired       int
	FalseAlarms        int
	Replayed           string // the alarms of a backtest at moments without a change; "" for none

	Saves    int
	LastFire time.Time // zero: never
	Measured string    // how it did so far, in words
	Next     string    // the mode that it has earned and waits for; "" for none
	Lower    bool      // people have given it more than to observe
	MayMove  bool      // the reader may promote and demote it
}

// Rule is the page of one rule: its budget, the thresholds that follow from
// it, and what they cost in power.
type Rule struct {
	Frame
	Name, Team, Place string
	Budget            string
	Watched           string // changes a week; "" where that is not known yet
	Levels            []Level
	Powers            []Power
	Standings         []Standing

	Said           string
	Text           string // the rule as YAML, with what it inherits
	Watches, For   string
	Signals        []RuleSignal
	Respond        []RuleResponse
	Covers, Misses []string
	Fires          []RuleFire
	HasDetails     bool
}

// RuleSignal is one signal of a rule.
type RuleSignal struct {
	Name, Worse, Smallest, Limit, Parts string
	From                                []string
}

// RuleResponse is one response line of a rule, in words.
type RuleResponse struct {
	When, Does string
	Tells      []string
}

// RuleFire is one change at which a rule was likely or certain of harm.
type RuleFire struct {
	Change, Service, Came string
	At                    time.Time
}

// Level is the p at which a signal reaches a grade.
type Level struct {
	Grade, P, Default string
	Most              string // how much may be wrong at that; "" where the pace is not known
}

// Power is the smallest shift of one signal that is found, at the rule's
// thresholds and at the defaults.
type Power struct {
	Service, Signal       string
	Likely, LikelyUsual   string
	Certain, CertainUsual string
}

// Rules writes the list of rules.
func (p *Pages) Rules(w io.Writer, l Rules) error { return p.write(w, "rules", &l.Frame, &l) }

// Rule writes the page of one rule.
func (p *Pages) Rule(w io.Writer, r Rule) error { return p.write(w, "rule", &r.Frame, &r) }

// Replayed writes how often a backtest alarmed at moments without a change.
func Replayed(alarms, judged int) string {
	if judged <= 0 {
		return ""
	}
	return Number(float64(alarms)/float64(judged), "fraction") + " of " + Number(float64(judged), "")
}

// Often writes how often something may be: 1 false page a week.
func Often(times float64, what, period string) string {
	number := Number(times, "")
	if number != "1" {
		what += "s"
	}
	return number + " " + what + " a " + period
}
