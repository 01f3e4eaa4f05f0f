package messages

import (
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Judged is a watch with its last verdict, nil where it has none worth a line.
type Judged struct {
	Watch   watch.Watch
	Verdict *detector.Verdict
}

// Report composes the report of a change from its watches and its order, nil where it has none. It has no
// witnesses, which differ by who is told.
func (c Composer) Report(key string, ch sources.Change, judged []Judged, o *rollback.Order) notify.Report {
	r := notify.Report{
		Key: key, Service: ch.Service, Environment: ch.Environment, Region: ch.Region, Kind: ch.Kind, Version: ch.Version,
		What: ch.KindAndVersion(), Labels: ch.Labels, StartedAt: ch.StartedAt, Verdict: verdictOf(judged),
	}
	grade := detector.None
	for _, j := range judged {
		r.Rules = append(r.Rules, ruleReport(j))
		grade = max(grade, j.Watch.Grade)
		if j.Watch.EndedAt.After(r.EndedAt) {
			r.EndedAt = j.Watch.EndedAt
		}
	}
	if r.Verdict == notify.Watching && grade > detector.None {
		r.Grade = grade.String()
	}
	if o != nil && o.State.Final() {
		r.Order, r.Target, r.Action, r.OrderAt = string(o.State), o.Target, OrderState(*o), o.EndedAt
		r.Recovered = o.State == rollback.Done && recovered(judged)
	}
	if c.ExternalURL != "" {
		r.Link = c.Link(key)
	}
	if c.Picture != nil && slices.ContainsFunc(judged, Judged.gotWorse) {
		r.Picture = c.ExternalURL + c.Picture(key, ch.StartedAt, false)
		r.PictureDark = c.ExternalURL + c.Picture(key, ch.StartedAt, true)
	}
	return r
}

// gotWorse says whether the watch of the change itself has a look to show, in which something got worse.
func (j Judged) gotWorse() bool {
	return j.Watch.After.IsZero() && j.Watch.Grade > detector.None && j.Verdict != nil && pictured(*j.Verdict)
}

// pictured says whether a verdict has something to see: a signal of which numbers are known.
func pictured(v detector.Verdict) bool {
	return slices.ContainsFunc(v.Signals, func(e detector.Evidence) bool { return e.Effect != (detector.Effect{}) || e.Loss != nil })
}

// byUrgency orders the states of watches: the first that any watch has is that of the change. An open watch
// goes before those that have ended without finding anything, because it may still.
var byUrgency = []struct {
	state   watch.State
	verdict notify.Verdict
}{
	{watch.Regressed, notify.Regressed},
	{watch.Watching, notify.Watching},
	{watch.Waiting, notify.Watching},
	{watch.Blind, notify.Blind},
	{watch.Inconclusive, notify.Inconclusive},
	{watch.Superseded, notify.Superseded},
	{watch.Healthy, notify.Healthy},
}

// verdictOf is the most urgent verdict of the watches. A watch of a rule that is not about the service does not
// count beside others, and neither does one that looks at a rollback.
func verdictOf(judged []Judged) notify.Verdict {
	has, about := map[watch.State]bool{}, map[watch.State]bool{}
	for _, j := range judged {
		if !j.Watch.After.IsZero() {
			continue
		}
		has[j.Watch.State] = true
		if !j.Watch.SawNothing() {
			about[j.Watch.State] = true
		}
	}
	if len(about) > 0 {
		has = about
	}
	for _, u := range byUrgency {
		if has[u.state] {
			return u.verdict
		}
	}
	return notify.Watching
}

// recovered reports whether every watch that looked at the rollback has ended well.
func recovered(judged []Judged) bool {
	any := false
	for _, j := range judged {
		if j.Watch.After.IsZero() {
			continue
		}
		if any = true; j.Watch.State != watch.Healthy {
			return false
		}
	}
	return any
}

func ruleReport(j Judged) notify.RuleReport {
	r := notify.RuleReport{Rule: j.Watch.Rule, Status: status(j.Watch)}
	if !j.Watch.After.IsZero() {
		r.Rule += " after the rollback"
	}
	if j.Verdict != nil && j.Watch.Grade >= detector.Suspect {
		r.Lines = report.Moved(*j.Verdict, j.Watch.Plan.Length())
	}
	return r
}

// status is the state of a watch in a word: the grade while it is open.
func status(w watch.Watch) string {
	switch {
	case !w.State.Open():
		return string(w.State)
	case w.Grade > detector.None:
		return w.Grade.String()
	}
	return string(watch.Watching)
}
