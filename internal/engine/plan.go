package engine

import (
	"context"

	"github.com/pushback/pushback/internal/planning"
	"github.com/pushback/pushback/internal/store"
)

// newPlanner wires what begins the watches of new changes.
func (e *Engine) newPlanner() *planning.Planner {
	o := planning.Options{
		Store: e.Store, Situation: e.situation.Over(e.Store.Reserved()), Rules: e.rules.inForce, Service: e.catalogue.Configured,
		Begun: e.begun, Reload: e.looks.Reload, Log: e.Log, Now: e.Now,
	}
	if e.reports.Any() {
		o.Report, o.ReportAll = e.reports.First, e.reports.AnyUnwatched()
	}
	return planning.New(o)
}

// begun takes over changes that were planned: their watches are looked at from now on,
// and their reports are posted.
func (e *Engine) begun(_ context.Context, stored []store.Plan) {
	for _, p := range stored {
		e.looks.Add(p.Change.Service, p.Watches)
		if len(p.Watches) > 0 {
			e.Telemetry.tally().Began(p.Change.Change)
		}
		e.Telemetry.planned(len(p.Watches), e.Now().Sub(p.Change.ReceivedAt))
		e.reports.Post(p.Reports)
	}
}
