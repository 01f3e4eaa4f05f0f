package engine

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/dashboards/grafana"
)

const (
	markTimeout = 15 * time.Second
	markRetry   = 30 * time.Second
)

// mark brings Grafana's annotation of a change up to the row's revision. Put
// finds an annotation that a lost answer left behind by its unique tag, so a
// retry never posts a second one.
func (e *Engine) mark(ctx context.Context, changeKey string) error {
	if e.Grafana == nil {
		return nil
	}
	if _, busy := e.sending.LoadOrStore("annotation/"+changeKey, nil); busy {
		return later(pollEvery)
	}
	defer e.sending.Delete("annotation/" + changeKey)
	a, err := e.Store.Annotation(ctx, changeKey)
	if err != nil {
		return fmt.Errorf("reading the annotation of %s: %w", changeKey, err)
	}
	if a.Posted >= a.Revision {
		return nil
	}
	put, cancel := context.WithTimeout(ctx, markTimeout)
	defer cancel()
	id, failed := e.Grafana.Put(put, grafana.Annotation{
		Tag: a.Tag, RemoteID: a.RemoteID, From: a.From, To: a.To, Text: a.Text, Tags: a.Tags,
	})
	e.Telemetry.annotation(result(failed))
	if failed != nil {
		id, a.Revision = a.RemoteID, a.Posted
	}
	if err := e.Store.FinishAnnotation(context.WithoutCancel(ctx), changeKey, id, a.Revision, text(failed)); err != nil {
		return fmt.Errorf("writing down the annotation of %s: %w", changeKey, err)
	}
	if failed != nil {
		return later(markRetry)
	}
	return nil
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
