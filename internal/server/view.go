package server

import (
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

func rows(changes []api.ChangeSummary) []web.Row {
	shown := make([]web.Row, len(changes))
	for i, c := range changes {
		shown[i] = row(c)
	}
	return shown
}

func row(c api.ChangeSummary) web.Row {
	return web.Row{
		Key: c.Key, Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: string(c.Kind), Thing: c.Thing(),
		Version: c.Version, Previous: c.Previous, Actor: c.Actor, RollbackOf: c.RollbackOf, At: c.StartedAt,
		State: c.State, Grade: c.Grade, Order: c.Order, Instances: c.Instances,
	}
}

// changeView returns the page of a change. It takes the API's answer, so that the
// page shows nothing that a program could not read.
func changeView(e api.Explanation, now time.Time) web.Change {
	c := e.Change
	v := web.Change{
		Row: row(c), FinishedAt: c.FinishedAt, URL: c.URL, Riders: c.Riders,
		Standing: c.Standing, SupersededBy: c.SupersededBy, SuspendedBy: c.SuspendedBy,
		Marks: web.Marks{Started: web.Seconds(c.StartedAt), Finished: web.Seconds(c.FinishedAt)},
	}
	for _, w := range e.Watches {
		v.Watches = append(v.Watches, watchView(w, c.Key, now))
	}
	if e.Order != nil {
		v.Decision = orderView(*e.Order)
		v.Marks.Rollback = web.Seconds(e.Order.SentAt)
		v.Aside = strings.TrimSpace(orderSentence(*e.Order) + " " + recoverySentence(e.Watches))
	}
	v.Headline = web.Headline(c.State, c.Grade, v.Watches)
	if c.State == verdict.Unwatched && c.Preview() {
		v.Headline = "Not watched: its environment is a preview, which only a rule that names it watches (watch.environment)."
	}
	v.Timeline = web.TimelineOf(timeline(e, now))
	return addFacts(v, e)
}

// addFacts adds labels, other changes, and what people may say about the verdict.
func addFacts(v web.Change, e api.Explanation) web.Change {
	for name, value := range e.Change.Labels {
		v.Labels = append(v.Labels, web.Label{Name: name, Value: value})
	}
	slices.SortFunc(v.Labels, func(a, b web.Label) int { return strings.Compare(a.Name, b.Name) })
	for _, o := range e.Others {
		v.Suspects = append(v.Suspects, otherView(o, e.Change))
		v.Blamed = v.Blamed || o.Blamed
	}
	v.Right = rightOf(e)
	v.Arrange()
	return v
}

func otherView(o api.OtherChange, c api.ChangeSummary) web.Suspect {
	v := web.Suspect{Row: row(o.ChangeSummary), After: web.SinceBegan(o.StartedAt.Sub(c.StartedAt))}
	if o.Distance > 0 {
		v.Where = c.Service
	}
	return v
}

// rightOf names the rules of which people may say that they were wrong; nil for none.
func rightOf(e api.Explanation) *web.Right {
	var fired, silent []string
	for _, w := range e.Watches {
		switch {
		case !w.After.IsZero():
		case hasFired(w):
			fired = append(fired, w.Rule)
		default:
			silent = append(silent, w.Rule)
		}
	}
	if len(fired)+len(silent) == 0 {
		return nil
	}
	return &web.Right{Fired: strings.Join(fired, ", "), Silent: strings.Join(silent, ", ")}
}

// hasFired reports whether the rule was ever likely or certain: a transient verdict lowers the grade again.
func hasFired(w api.Watch) bool {
	likely := func(g watch.GradeAt) bool { return g.Grade >= detector.Likely }
	return w.Grade == detector.Likely.String() || w.Grade == detector.Certain.String() || slices.ContainsFunc(w.Grades, likely)
}

func watchView(w api.Watch, key string, now time.Time) web.Watch {
	v := web.Watch{
		Rule: w.Rule, Team: w.Team, State: w.State, Grade: w.Grade, Reason: detector.Reasons[detector.Reason(w.Reason)],
		From: w.From, Until: w.Until, EndedAt: w.EndedAt, After: w.After, Next: w.Next, Acts: w.Acts, RuleText: w.RuleText, Runbook: w.Runbook,
		Progress: progress(w.From, w.Until, now), Damaged: w.Damaged != "",
	}
	if w.Last == nil {
		return v
	}
	v.LookedAt, v.HealthyBy = w.Last.At, w.Last.Verdict.HealthyBy()
	for _, e := range w.Last.Verdict.Signals {
		v.AddSignal(withPicture(web.SignalOf(e, w.Plan, w.Last.Observation), w, key))
	}
	v.Plots = web.PlotsOf(v.Signals, w.Plan, w.Last.Observation)
	return v
}

// progress returns how much of the bake has passed, in percent.
func progress(from, until, now time.Time) int {
	if from.IsZero() || !until.After(from) {
		return 0
	}
	passed := float64(now.Sub(from)) / float64(until.Sub(from))
	return int(100 * min(max(passed, 0), 1))
}

func orderView(o api.Order) *web.Order {
	v := &web.Order{
		State: o.State, Rule: o.Rule, Hook: o.Hook, Target: o.Target, CreatedAt: o.CreatedAt, ExpiresAt: o.ExpiresAt,
		EndedAt: o.EndedAt, Actor: o.Actor, Why: o.Why, Waiting: o.State == string(rollback.Proposed), Stoppable: rollback.State(o.State).Stoppable(),
	}
	if o.Receipt != nil {
		v.Receipt = o.Receipt.Status
		v.Following = o.State == string(rollback.Sending)
	}
	if o.Verification != nil {
		v.Receipt += "; " + o.Verification.String()
	}
	return v
}

// orderSentence describes the state of an order, "" if there is nothing to add to
// the headline.
func orderSentence(o api.Order) string {
	switch rollback.State(o.State) {
	case rollback.Done:
		return "Rolled back to " + o.Target + " at " + o.EndedAt.UTC().Format(time.TimeOnly) + "."
	case rollback.Failed:
		return "The rollback failed. A person must take over."
	case rollback.Unknown:
		return "It is unknown whether the rollback ran. A person must check."
	case rollback.Proposed:
		return "A rollback to " + o.Target + " waits for approval."
	case rollback.Decided, rollback.Approved:
		return "A rollback to " + o.Target + " is ordered" + because(o.Why) + "."
	case rollback.Sending:
		return "Rolling back to " + o.Target + " since " + o.SentAt.UTC().Format(time.TimeOnly) + "."
	}
	return ""
}

// because is what a sentence adds about a reason, "" where there is none.
func because(why string) string {
	if why == "" {
		return ""
	}
	return ": " + strings.TrimSuffix(why, ".")
}

// recoverySentence says whether the rollback helped, "" if there was none.
func recoverySentence(watches []api.Watch) string {
	for _, w := range watches {
		switch {
		case w.After.IsZero():
		case watch.State(w.State) == watch.Healthy:
			return "The service has recovered since."
		case watch.State(w.State) == watch.Regressed:
			return "That did not help: a person must take over."
		case watch.State(w.State).Open():
			return "Pushback is watching whether that helped."
		}
	}
	return ""
}
