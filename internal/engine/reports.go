package engine

import (
	"context"

	"github.com/pushback/pushback/internal/reporting"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources/changes"
)

// newReports wires the reports to other tools.
func (e *Engine) newReports() *reporting.Keeper {
	return reporting.New(reporting.Options{
		Store: e.Store, Replica: e.replica, Tools: e.Reports, Grafana: e.Grafana, Text: e.text, Order: e.situation.Order,
		Enqueue: func(id string) { e.enqueue(reportJob, id) }, EnqueueAnswer: func(id string) { e.enqueue(answerJob, id) },
		Count: e.Telemetry.report, Now: e.Now, Log: e.Log,
	})
}

// Protect stores a deployment that the tool of a source holds back until it is answered; see reporting.Keeper.
func (e *Engine) Protect(ctx context.Context, source string, q changes.Question) (store.Protection, bool, error) {
	return e.reports.Protect(ctx, source, q)
}

func (e *Engine) reportProblems() (ps []Problem) {
	for _, t := range e.reports.Troubles() {
		ps = append(ps, Problem{Component: "reports/" + t.Tool, Detail: t.Why})
	}
	return ps
}
