package tally

import (
	"fmt"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Names are the names in the settings that are labels of counters.
type Names struct {
	Receivers, Reports, Stores, Sources []string
	Grafana                             bool
}

// Birth makes all counters whose labels are known, at zero.
func Birth(set *metrics.Set, n Names) {
	born := func(format string, labels ...any) { set.GetOrCreateCounter(fmt.Sprintf(format, labels...)) }
	for _, s := range rollback.States {
		born("pushback_orders_total{state=%q}", string(s))
	}
	for _, g := range rollback.Guards() {
		born("pushback_guard_refusals_total{guard=%q}", string(g))
	}
	for _, s := range rollback.VerificationStates {
		born("pushback_verifications_total{state=%q}", string(s))
	}
	for o := detector.Inconclusive; o <= detector.Blind; o++ {
		for g := detector.None; g <= detector.Certain; g++ {
			born("pushback_verdicts_total{outcome=%q,grade=%q}", o, g)
		}
	}
	for _, outcome := range []string{"looked", "failed"} {
		born("pushback_looks_total{outcome=%q}", outcome)
	}
	for _, result := range []string{"learned", "failed"} {
		born("pushback_profiles_total{result=%q}", result)
	}
	for _, result := range []string{"good", "broken"} {
		born("pushback_rules_reloads_total{result=%q}", result)
	}
	born("pushback_watches_total")
	born("pushback_sign_ins_refused_total")
	bornByName(n, born)
}

func bornByName(n Names, born func(format string, labels ...any)) {
	for _, result := range []string{"sent", "failed"} {
		for _, r := range n.Receivers {
			born("pushback_messages_total{receiver=%q,result=%q}", r, result)
		}
		for _, r := range n.Reports {
			born("pushback_reports_total{report=%q,result=%q}", r, result)
		}
		if n.Grafana {
			born("pushback_annotations_total{result=%q}", result)
		}
	}
	for _, kind := range sources.FaultKinds {
		for _, s := range n.Stores {
			born("pushback_source_errors_total{store=%q,kind=%q}", s, string(kind))
		}
	}
	for _, s := range n.Sources {
		born("pushback_missed_deliveries_total{source=%q}", s)
		for _, outcome := range []string{"accepted", "ignored", "refused"} {
			born("pushback_deliveries_total{source=%q,outcome=%q}", s, outcome)
		}
	}
}
