package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/replica"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

const (
	postTimeout = 15 * time.Second
	postRetry   = 30 * time.Second
)

// annotator marks changes on Grafana: it writes the annotation of a change as a row, and
// a job brings Grafana up to the row's revision.
type annotator struct{ *core }

// annotate writes the annotation of a change as its watches and its order are now, and
// has it posted.
func (n *annotator) annotate(ctx context.Context, c store.Change) error {
	if n.Grafana == nil {
		return nil
	}
	a, err := n.compose(ctx, c, watch.Watch{}, nil)
	if err != nil {
		return err
	}
	if err := n.Store.PutAnnotation(ctx, *a); err != nil {
		return fmt.Errorf("storing the annotation: %w", err)
	}
	n.enqueue(annotationJob, c.Key)
	return nil
}

// first is the annotation of a change whose watches begin, nothing judged yet.
func (n *annotator) first(c store.Change, ws []watch.Watch) *store.Annotation {
	var judged []messages.Judged
	for _, w := range ws {
		judged = append(judged, messages.Judged{Watch: w})
	}
	return n.annotationOf(c, judged, nil)
}

// annotateKey is annotate for a change known by its key.
func (n *annotator) annotateKey(ctx context.Context, key string) error {
	c, err := n.Store.Change(ctx, key)
	if err != nil {
		return fmt.Errorf("reading the change: %w", err)
	}
	return n.annotate(ctx, c)
}

// after returns the annotation as it will be once a look is recorded, nil where neither
// state nor grade changes. Numbers that vary from look to look are not worth a request.
func (n *annotator) after(ctx context.Context, l look) (*store.Annotation, error) {
	if n.Grafana == nil || l.next.State == l.watch.State && l.next.Grade == l.watch.Grade {
		return nil, nil
	}
	return n.compose(ctx, l.change, l.next, l.verdict)
}

// compose reads what the annotation says. fresh is a watch in a state that is not stored
// yet, with the verdict of its look.
func (n *annotator) compose(ctx context.Context, c store.Change, fresh watch.Watch, verdict *detector.Verdict) (*store.Annotation, error) {
	ws, err := n.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return nil, fmt.Errorf("reading the watches: %w", err)
	}
	var judged []messages.Judged
	for _, w := range ws {
		var v *detector.Verdict
		if w.ID == fresh.ID {
			w, v = fresh, verdict
		} else if v, err = n.lastVerdict(ctx, w); err != nil {
			return nil, err
		}
		judged = append(judged, messages.Judged{Watch: w, Verdict: v})
	}
	order, err := n.situation.Order(ctx, c.Key)
	if err != nil {
		return nil, err
	}
	return n.annotationOf(c, judged, order), nil
}

func (n *annotator) annotationOf(c store.Change, judged []messages.Judged, order *rollback.Order) *store.Annotation {
	m := n.text.Mark(c.Key, c.Change, judged, order)
	return &store.Annotation{ChangeKey: c.Key, Tag: "pushback:" + c.Key, From: c.StartedAt, To: m.To, Text: m.Text, Tags: m.Tags}
}

// lastVerdict returns the last verdict of a watch, nil where it has none worth a line.
func (n *annotator) lastVerdict(ctx context.Context, w watch.Watch) (*detector.Verdict, error) {
	if w.Grade < detector.Suspect {
		return nil, nil
	}
	r, err := n.Store.LastRecord(ctx, w.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading the last verdict: %w", err)
	}
	return &r.Verdict, nil
}

// post brings Grafana's annotation of a change up to the row's revision. Put finds an
// annotation by its unique tag, so that a retry after a lost answer posts no second one.
func (n *annotator) post(ctx context.Context, changeKey string) error {
	if n.Grafana == nil {
		return nil
	}
	lease, err := n.leaseRow(ctx, annotationJob, changeKey, postTimeout+postRetry+leaseMargin)
	if err != nil {
		return err
	}
	if lease == nil {
		return later(waitEvery)
	}
	a, err := n.Store.Annotation(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the annotation of %s: %w", changeKey, err)
	}
	if a.Posted >= a.Revision {
		return nil
	}
	if still, err := lease.Still(ctx); err != nil || !still {
		return err
	}
	put, cancel := context.WithTimeout(ctx, postTimeout)
	defer cancel()
	id, failed := n.Grafana.Put(put, grafana.Annotation{
		Tag: a.Tag, RemoteID: a.RemoteID, From: a.From, To: a.To, Text: a.Text, Tags: a.Tags,
	})
	n.Telemetry.annotation(result(failed))
	return n.recordPost(ctx, lease, a, id, failed)
}

// recordPost stores which revision Grafana has, and asks for another try after a failure.
func (n *annotator) recordPost(ctx context.Context, lease *replica.Lease, a store.Annotation, id int64, failed error) error {
	if failed != nil {
		id, a.Revision = a.RemoteID, a.Posted
	}
	recorded, err := n.Store.FinishAnnotation(context.WithoutCancel(ctx), a.ChangeKey, id, a.Revision, text(failed))
	if err != nil {
		return fmt.Errorf("recording the annotation of %s: %w", a.ChangeKey, err)
	}
	if !recorded {
		lease.Lost()
		return later(waitEvery)
	}
	if failed != nil {
		return later(postRetry)
	}
	return nil
}

// text is an error's text, "" for nil.
func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
