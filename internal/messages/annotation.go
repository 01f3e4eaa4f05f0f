package messages

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Judged is a watch with its last verdict, nil where it has none worth a line.
type Judged struct {
	Watch   watch.Watch
	Verdict *detector.Verdict
}

// Mark is what an annotation on Grafana says: a line for each rule, its tags, and when
// the last watch ended, zero while none has.
type Mark struct {
	Text string
	Tags []string
	To   time.Time
}

// Mark composes the annotation of a change from its watches and its order, nil where
// it has none.
func (c Composer) Mark(key string, ch sources.Change, judged []Judged, o *rollback.Order) Mark {
	lines := []string{fmt.Sprintf("%s %s in %s", ch.Service, ch.KindAndVersion(), ch.Environment)}
	worst, until := watch.Watch{}, time.Time{}
	for _, j := range judged {
		lines = append(lines, ruleLines(j)...)
		if worst.ID == "" || j.Watch.Grade > worst.Grade {
			worst = j.Watch
		}
		if j.Watch.EndedAt.After(until) {
			until = j.Watch.EndedAt
		}
	}
	if o != nil && o.State.Final() {
		lines = append(lines, OrderState(*o))
	}
	if c.ExternalURL != "" {
		lines = append(lines, c.Link(key))
	}
	return Mark{Text: strings.Join(lines, "\n"), Tags: tags(ch, worst, o), To: until}
}

func ruleLines(j Judged) []string {
	name := j.Watch.Rule
	if !j.Watch.After.IsZero() {
		name += " after the rollback"
	}
	lines := []string{name + ": " + status(j.Watch)}
	if j.Verdict != nil && j.Watch.Grade >= detector.Suspect {
		lines = append(lines, report.Moved(*j.Verdict)...)
	}
	return lines
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

func tags(c sources.Change, worst watch.Watch, o *rollback.Order) []string {
	ts := []string{"pushback", c.Service, c.Environment, string(c.Kind)}
	if worst.ID != "" {
		ts = append(ts, status(worst))
	}
	if o != nil && o.State == rollback.Done {
		ts = append(ts, "rolled-back")
	}
	return ts
}
