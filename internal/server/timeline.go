package server

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// timeline says in words what happened to a change, in its order: from what is stored alone, and
// nothing that is still to come.
func timeline(e api.Explanation, now time.Time) []web.Moment {
	t := &timelineWriter{began: e.Change.StartedAt, now: now}
	journal := readEntries(e.Journal)
	t.rollout(e.Change.Change.Change)
	for _, w := range e.Watches {
		t.watch(w, journal)
	}
	for _, m := range e.Messages {
		t.message(m)
	}
	for _, j := range journal {
		t.entry(j)
	}
	slices.SortStableFunc(t.moments, func(a, b web.Moment) int { return a.At.Compare(b.At) })
	return t.moments
}

// timelineWriter collects moments.
type timelineWriter struct {
	began, now time.Time
	moments    []web.Moment
}

// add adds a moment, unless it has not come or nobody knows when it was.
func (t *timelineWriter) add(at time.Time, tone, format string, args ...any) {
	if at.IsZero() || at.After(t.now) {
		return
	}
	t.moments = append(t.moments, web.Moment{At: at, After: web.SinceBegan(at.Sub(t.began)), Tone: tone, What: fmt.Sprintf(format, args...)})
}

// rollout adds when the change began and ended, and who told of it.
func (t *timelineWriter) rollout(c sources.Change) {
	what := cmp.Or(c.What(), "the change")
	for _, w := range c.Witnesses {
		t.add(w.At, "quiet", "%s told of it, as %s", w.Source, w.ChangeID)
	}
	switch {
	case c.FinishedAt.Equal(c.StartedAt) && c.Status != sources.Failed:
		t.add(c.FinishedAt, "busy", "%s was live", what)
		return
	case c.Status == sources.Failed:
		t.add(c.FinishedAt, "bad", "the rollout of %s failed", what)
	default:
		t.add(c.FinishedAt, "busy", "the rollout of %s finished", what)
	}
	t.add(c.StartedAt, "busy", "the rollout of %s began", what)
}

// watch adds from when on a rule judges, each grade, and the end.
func (t *timelineWriter) watch(w api.Watch, journal []readEntry) {
	rule := ruleWords(w)
	if w.State != string(watch.Waiting) {
		t.add(w.From, "quiet", "%s: settled; what is measured from here on is judged", rule)
	}
	for _, g := range gradesOf(w, journal) {
		t.add(g.At, web.GradeBadge(g.Grade.String()).Tone, "%s: %s%s", rule, gradeState(g.Grade), colon(g.said))
	}
	if w.EndedAt.IsZero() {
		return
	}
	why := strings.TrimSuffix(detector.Reasons[detector.Reason(w.Reason)], ".")
	t.add(w.EndedAt, web.BadgeOf(w.State, w.Grade).Tone, "%s ended: %s%s", rule, w.State, colon(why))
}

// ruleWords names the watch of a rule.
func ruleWords(w api.Watch) string {
	if !w.After.IsZero() {
		return "rule " + w.Rule + ", after the rollback"
	}
	return "rule " + w.Rule
}

// gradeState is a grade as the state that a watch came into.
func gradeState(g detector.Grade) string {
	if g == detector.None {
		return "no longer suspected"
	}
	return g.String()
}

// saidGrade is a grade of a watch with what it rested on, "" where that is not in the journal.
type saidGrade struct {
	watch.GradeAt
	said string
}

// gradesOf returns the grades of a watch. Of a watch that an older version has stored they are those
// of the responses in the journal.
func gradesOf(w api.Watch, journal []readEntry) (all []saidGrade) {
	known := w.Grades
	for _, j := range journal {
		if j.Watch != w.ID || j.Verdict == nil || j.Action != "respond" {
			continue
		}
		if len(w.Grades) == 0 && (len(known) == 0 || known[len(known)-1].Grade != j.Verdict.Grade) {
			known = append(known, watch.GradeAt{At: j.At, Grade: j.Verdict.Grade})
		}
	}
	for _, g := range known {
		all = append(all, saidGrade{g, evidenceOf(w.ID, g.Grade, journal)})
	}
	return all
}

// evidenceOf is what the worst signal showed when a watch first responded at a grade.
func evidenceOf(watchID string, g detector.Grade, journal []readEntry) string {
	for _, j := range journal {
		if j.Watch != watchID || j.Verdict == nil || j.Verdict.Grade != g || g == detector.None {
			continue
		}
		for _, e := range j.Verdict.Signals {
			if e.Grade == g {
				return report.Short(e)
			}
		}
	}
	return ""
}

// message adds a message, with what became of it.
func (t *timelineWriter) message(m api.Message) {
	switch {
	case m.GroupedIn != "":
		t.add(m.CreatedAt, "quiet", "%s was told with all others in %s: %s", m.Receiver, m.GroupedIn, m.Title)
	case !m.SentAt.IsZero():
		t.add(m.SentAt, "quiet", "%s was told: %s", m.Receiver, m.Title)
	case m.LastError != "":
		t.add(m.CreatedAt, "bad", "%s could not be told (%s): %s", m.Receiver, m.LastError, m.Title)
	default:
		t.add(m.CreatedAt, "quiet", "%s is being told: %s", m.Receiver, m.Title)
	}
}
