package web

import "io"

// Rules is the list of rules in force.
type Rules struct {
	Frame
	Standings []Standing
}

// Standing is how one rule stands with one service, in one line.
type Standing struct {
	Rule, Team, Place  string
	Service            string // * for those it has no record of
	Mode, Written, Why string
	Ended, Fired       int
	FalseAlarms        int
	Replayed           string // the alarms of a backtest at moments without a change; "" for none
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
