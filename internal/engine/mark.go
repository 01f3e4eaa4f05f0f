package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// annotate writes the annotation of a change as its watches and its order
// stand now, and has it posted.
func (e *Engine) annotate(ctx context.Context, c store.Change) error {
	if e.Grafana == nil {
		return nil
	}
	a, err := e.annotation(ctx, c, watch.Watch{}, nil)
	if err != nil {
		return err
	}
	if err := e.Store.PutAnnotation(ctx, *a); err != nil {
		return fmt.Errorf("writing the annotation: %w", err)
	}
	e.enqueue(ctx, annotationJob{ChangeKey: c.Key, Boot: e.boot})
	return nil
}

// annotateKey is annotate for a change known by its key.
func (e *Engine) annotateKey(ctx context.Context, key string) error {
	c, err := e.Store.Change(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	return e.annotate(ctx, c)
}

// annotationAfter is the annotation as it will stand once the look is
// recorded; nil where the look changes nothing that people see. Numbers that
// tremble from look to look are not worth a request each.
func (e *Engine) annotationAfter(ctx context.Context, l look) (*store.Annotation, error) {
	if e.Grafana == nil || l.next.State == l.watch.State && l.next.Grade == l.watch.Grade {
		return nil, nil
	}
	return e.annotation(ctx, l.change, l.next, l.verdict)
}

// annotation composes the mark: a region from the change to the last verdict,
// and a line for each rule. fresh is a watch the store does not know in this
// state yet, with the verdict of its look.
func (e *Engine) annotation(ctx context.Context, c store.Change, fresh watch.Watch, verdict *detector.Verdict) (*store.Annotation, error) {
	ws, err := e.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the watches: %w", err)
	}
	lines := []string{fmt.Sprintf("%s %s %s in %s", c.Service, c.Kind, c.Version, c.Environment)}
	worst, until := watch.Watch{}, time.Time{}
	for _, w := range ws {
		var v *detector.Verdict
		if w.ID == fresh.ID {
			w, v = fresh, verdict
		} else if v, err = e.lastVerdict(ctx, w); err != nil {
			return nil, err
		}
		lines = append(lines, ruleLines(w, v)...)
		if worst.ID == "" || w.Grade > worst.Grade {
			worst = w
		}
		if w.EndedAt.After(until) {
			until = w.EndedAt
		}
	}
	order, err := e.orderOf(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	if order != nil && order.State.Final() {
		lines = append(lines, outcome(*order))
	}
	if e.ExternalURL != "" {
		lines = append(lines, e.link(c.Key))
	}
	return &store.Annotation{
		ChangeKey: c.Key, Tag: "pushback:" + c.Key, From: c.StartedAt, To: until,
		Text: strings.Join(lines, "\n"), Tags: tags(c, worst, order),
	}, nil
}

// lastVerdict is what a watch said last, nil where it has said nothing or
// nothing worth a line.
func (e *Engine) lastVerdict(ctx context.Context, w watch.Watch) (*detector.Verdict, error) {
	if w.Grade < detector.Suspect {
		return nil, nil
	}
	r, err := e.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	return &r.Verdict, nil
}

func ruleLines(w watch.Watch, v *detector.Verdict) []string {
	name := w.Rule
	if !w.After.IsZero() {
		name += " after the rollback"
	}
	lines := []string{name + ": " + standingOf(w)}
	if v != nil && w.Grade >= detector.Suspect {
		lines = append(lines, report.Moved(*v)...)
	}
	return lines
}

// standingOf is the state of a watch in a word: the grade while it is open.
func standingOf(w watch.Watch) string {
	switch {
	case !w.State.Open():
		return string(w.State)
	case w.Grade > detector.None:
		return w.Grade.String()
	}
	return string(watch.Watching)
}

func tags(c store.Change, worst watch.Watch, o *rollback.Order) []string {
	ts := []string{"pushback", c.Service, c.Environment, string(c.Kind)}
	if worst.ID != "" {
		ts = append(ts, standingOf(worst))
	}
	if o != nil && o.State == rollback.Done {
		ts = append(ts, "rolled-back")
	}
	return ts
}
