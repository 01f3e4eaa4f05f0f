// Package doctor says what is wrong with an installation of Pushback and what to do next. It is
// given what was found out (answers of the adapters, series of the catalogue, the newest history,
// sizes) and asks nobody itself; `pushback doctor` asks, and shows the Report.
//
//	Check, Report        one thing that was looked at; all of them, and the next steps     doctor.go
//	Clock, Looks, Disk   this machine, its database and the running daemon                 machine.go
//	Catalogue            what the discovery found, and what it cannot tell apart           catalogue.go
//	Rules, Coverage      rules that watch nobody; services that no rule has data for       rules.go
//	History              from when on each signal can be judged                            history.go
//	Receivers            who is told nothing                                               receivers.go
//	Environment          variables that nothing reads                                      environment.go
//
// A check is ok only where something was looked at. What could not be looked at is NotChecked,
// with the reason.
//
// See adr/0112.
package doctor

import (
	"fmt"
	"slices"
	"strings"
)

// Status is how a check ended.
type Status string

// The statuses.
const (
	OK         Status = "ok"
	Warn       Status = "warn"        // it works, and hardly as it is meant
	Fail       Status = "fail"        // something does not work
	NotChecked Status = "not_checked" // it could not be looked at; Reason says why
)

// The areas, in the order in which they are looked at.
const (
	Config      = "config"
	Store       = "store"
	Metrics     = "metrics"
	ClockArea   = "clock"
	Services    = "catalogue"
	RulesArea   = "rules"
	Covered     = "coverage"
	HistoryArea = "history"
	Hooks       = "hooks"
	Receiving   = "receivers"
	Sources     = "sources"
	Grafana     = "grafana"
	Permissions = "permissions"
	DiskArea    = "disk"
	Daemon      = "daemon"
)

// Areas are all areas, in the order in which they are looked at.
func Areas() []string {
	return []string{
		Config, Store, Metrics, ClockArea, Services, RulesArea, Covered, HistoryArea, Hooks, Receiving, Sources, Grafana, Permissions, DiskArea, Daemon,
	}
}

// Check is one thing that was looked at.
type Check struct {
	Area   string `json:"area"`
	Name   string `json:"name,omitempty"` // of the thing, where the area has several: metrics.prod
	Status Status `json:"status"`
	Reason string `json:"reason"`
	Next   string `json:"next,omitempty"` // what mends it: a command, or a line of YAML with its file

	waits bool // Next is to wait, which comes last
}

// Of makes a check.
func Of(area, name string, status Status, next, format string, args ...any) Check {
	return Check{Area: area, Name: name, Status: status, Next: next, Reason: fmt.Sprintf(format, args...)}
}

// Report is everything that was looked at.
type Report struct {
	Checks []Check `json:"checks"`
	Next   []Step  `json:"next"`
}

// Step is what to do next, and why.
type Step struct {
	Why string `json:"why"`
	Do  string `json:"do"`
}

// NewReport orders the steps: what fails comes first, among equals what the rest stands on, and
// what only takes time last. Of steps that say to do the same, the first counts.
func NewReport(checks []Check) Report {
	r := Report{Checks: append([]Check{}, checks...), Next: []Step{}}
	for _, status := range []Status{Fail, Warn, NotChecked, OK} {
		r.step(func(c Check) bool { return c.Status == status && !c.waits })
	}
	r.step(func(c Check) bool { return c.waits })
	return r
}

// step adds the steps of some checks.
func (r *Report) step(of func(Check) bool) {
	for _, c := range r.Checks {
		known := func(s Step) bool { return s.Do == c.Next }
		if of(c) && c.Next != "" && !slices.ContainsFunc(r.Next, known) {
			r.Next = append(r.Next, Step{Why: firstPart(c.Line()), Do: c.Next})
		}
	}
}

// Failed reports whether something does not work.
func (r Report) Failed() bool { return r.count(Fail) > 0 }

func (r Report) count(s Status) (n int) {
	for _, c := range r.Checks {
		if c.Status == s {
			n++
		}
	}
	return n
}

// Summary counts the checks in one line.
func (r Report) Summary() string {
	return fmt.Sprintf("%d ok, %d to look at, %d failing, %d not checked", r.count(OK), r.count(Warn), r.count(Fail), r.count(NotChecked))
}

// Line is the reason, after the name of the thing where the reason does not say it.
func (c Check) Line() string {
	if c.Name == "" || strings.Contains(c.Reason, c.Name) {
		return c.Reason
	}
	return c.Name + ": " + c.Reason
}

// firstPart is a text up to its first semicolon.
func firstPart(text string) string {
	text, _, _ = strings.Cut(text, "; ")
	return text
}

// someOf shows at most four names, and how many more there are.
func someOf(names []string) string {
	const few = 4
	if len(names) <= few {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:few], ", "), len(names)-few)
}

// counted is a number with its noun: 1 rule, 2 rules.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
