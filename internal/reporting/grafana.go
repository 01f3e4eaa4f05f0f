package reporting

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/notify"
)

// Annotator marks a change on Grafana and gives the annotation's id.
type Annotator interface {
	Put(ctx context.Context, a grafana.Annotation) (int64, error)
}

// grafanaReporter shows a report as an annotation, which Put finds by its unique tag.
type grafanaReporter struct{ Annotator }

// Unwatched is true: every change is marked on dashboards, watched or not.
func (grafanaReporter) Unwatched() bool { return true }

// Report puts the annotation. Its remote is Grafana's id of it.
func (g grafanaReporter) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	id, _ := strconv.ParseInt(remote, 10, 64)
	id, err := g.Put(ctx, grafana.Annotation{
		Tag: "pushback:" + r.Key, RemoteID: id, From: r.StartedAt, To: r.EndedAt, Text: annotationText(r), Tags: annotationTags(r),
	})
	if errors.Is(err, grafana.ErrPermanent) {
		err = fmt.Errorf("%w: %w", notify.ErrPermanent, err)
	}
	if err != nil {
		return remote, err
	}
	return strconv.FormatInt(id, 10), nil
}

func annotationText(r notify.Report) string {
	lines := append([]string{r.Title()}, r.Lines()...)
	lines = append(lines, r.Action, r.Link)
	return strings.Join(slices.DeleteFunc(lines, func(line string) bool { return line == "" }), "\n")
}

func annotationTags(r notify.Report) []string {
	tags := []string{"pushback", r.Service, r.Environment, string(r.Kind)}
	switch {
	case len(r.Rules) == 0:
	case r.Grade != "":
		tags = append(tags, r.Grade)
	default:
		tags = append(tags, string(r.Verdict))
	}
	if r.RolledBack() {
		tags = append(tags, "rolled-back")
	}
	return tags
}
