package engine

import "github.com/pushback/pushback/internal/reporting"

// newReports wires the reports to other tools.
func (e *Engine) newReports() *reporting.Keeper {
	return reporting.New(reporting.Options{
		Store: e.Store, Replica: e.replica, Tools: e.Reports, Grafana: e.Grafana, Text: e.text, Order: e.situation.Order,
		Enqueue: func(id string) { e.enqueue(reportJob, id) }, Count: e.Telemetry.report, Log: e.Log,
	})
}

func (e *Engine) reportProblems() (ps []Problem) {
	for _, t := range e.reports.Troubles() {
		ps = append(ps, Problem{Component: "reports/" + t.Tool, Detail: t.Why})
	}
	return ps
}
