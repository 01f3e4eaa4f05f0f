package daemon

import (
	"context"
	"fmt"
	"maps"
	"slices"

	vm "github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/reconcile"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources/changes"
)

// newReconciler returns what looks for deliveries that were lost.
func (d *Daemon) newReconciler(st *store.Store, set *vm.Set) *reconcile.Reconciler {
	return reconcile.New(reconcile.Options{
		Sources: d.listers(), Schedule: d.config.Missed, Store: st, Now: d.engine.SharedNow, Tell: d.engine.TellMissed,
		Count: func(source string, deliveries int) {
			set.GetOrCreateCounter(fmt.Sprintf("pushback_missed_deliveries_total{source=%q}", source)).Add(deliveries)
		},
		Log: d.log.With("component", "missed-deliveries"),
	})
}

// listers are the sources that can list what their tools did.
func (d *Daemon) listers() map[string]reconcile.Source {
	all := map[string]reconcile.Source{}
	for name, e := range d.built.Sources {
		if l, lists := e.Source.(changes.Lister); lists {
			all[name] = reconcile.Source{Lister: l, Fill: d.filler(name)}
		}
	}
	return all
}

func (d *Daemon) filler(name string) reconcile.Fill {
	return func(ctx context.Context, delivery changes.Delivery) (stored []reconcile.Stored, err error) {
		accepted, events, err := d.server.Fill(ctx, name, delivery)
		for i, a := range accepted {
			stored = append(stored, reconcile.Stored{Event: events[i], ChangeKey: a.Change.Key})
		}
		return stored, err
	}
}

// unasked names the sources whose tools cannot be asked for lost deliveries.
func (d *Daemon) unasked() (found []api.ComponentProblem) {
	gaps := d.missed.Gaps()
	for _, name := range slices.Sorted(maps.Keys(gaps)) {
		if text := gaps[name].Trouble; text != "" {
			found = append(found, api.ComponentProblem{Component: "sources/" + name + "/api", Detail: text})
		}
	}
	return found
}
