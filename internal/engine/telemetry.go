package engine

import (
	"fmt"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/tally"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Telemetry is what /metrics shows of the engine. A nil Telemetry counts nothing.
type Telemetry struct {
	set     *metrics.Set
	changes *tally.Changes
}

// NewTelemetry counts into set.
func NewTelemetry(set *metrics.Set) *Telemetry {
	return &Telemetry{set: set, changes: tally.NewChanges(set)}
}

// tally counts what becomes of changes.
func (t *Telemetry) tally() *tally.Changes {
	if t == nil {
		return nil
	}
	return t.changes
}

// observe adds the gauges that are read from the running engine.
func (t *Telemetry) observe(e *Engine) {
	if t == nil {
		return
	}
	t.set.NewGauge("pushback_watches_open", func() float64 { return float64(e.looks.Open()) })
	t.set.NewGauge("pushback_replicas_looking", func() float64 { return float64(e.replica.Replicas()) })
	t.set.NewGauge("pushback_rules_loaded", func() float64 { return float64(e.rules.set().Len()) })
	t.set.NewGauge("pushback_rules_broken", func() float64 { return float64(len(e.rules.diagnostics())) })
	t.set.NewGauge("pushback_rules_last_good_timestamp_seconds", func() float64 {
		_, since, _ := e.rules.state()
		return float64(max(0, since.Unix())) // 0: never
	})
	t.set.NewGauge("pushback_profiles_wanted", func() float64 { n, _, _ := e.profiles.Ages(); return float64(n) })
	t.set.NewGauge("pushback_profiles_missing", func() float64 { _, n, _ := e.profiles.Ages(); return float64(n) })
	t.set.NewGauge("pushback_profile_oldest_age_seconds", func() float64 { _, _, age := e.profiles.Ages(); return age.Seconds() })
	t.set.NewGauge("pushback_hooks_broken", func() float64 { return float64(len(e.hooks.preflights.problems())) })
	t.set.NewGauge("pushback_frozen", func() float64 {
		if frozen, _ := e.Frozen(); frozen {
			return 1
		}
		return 0
	})
}

// reloaded counts a reading of the rules folder.
func (t *Telemetry) reloaded(broken []rules.Diagnostic) {
	result := "good"
	if len(broken) > 0 {
		result = "broken"
	}
	t.count(fmt.Sprintf("pushback_rules_reloads_total{result=%q}", result))
}

func (t *Telemetry) count(name string) {
	if t != nil {
		t.set.GetOrCreateCounter(name).Inc()
	}
}

// planned counts the watches of a change, and how long after it was received they began.
func (t *Telemetry) planned(watches int, after time.Duration) {
	if t != nil && watches > 0 {
		t.set.GetOrCreateCounter("pushback_watches_total").Add(watches)
		t.set.GetOrCreateHistogram("pushback_watch_delay_seconds").Update(after.Seconds())
	}
}

// lookBegan notes how long after it was due a look began.
func (t *Telemetry) lookBegan(lag time.Duration) {
	if t != nil {
		t.set.GetOrCreateHistogram("pushback_look_lag_seconds").Update(max(lag, 0).Seconds())
	}
}

func (t *Telemetry) looked(took time.Duration, err error) {
	if t == nil {
		return
	}
	outcome := "looked"
	if err != nil {
		outcome = "failed"
	}
	t.count(fmt.Sprintf("pushback_looks_total{outcome=%q}", outcome))
	t.set.GetOrCreateHistogram("pushback_look_duration_seconds").Update(took.Seconds())
}

// learned counts a profile that was learned, or could not be.
func (t *Telemetry) learned(took time.Duration, err error) {
	if t == nil {
		return
	}
	result := "learned"
	if err != nil {
		result = "failed"
	}
	t.count(fmt.Sprintf("pushback_profiles_total{result=%q}", result))
	t.set.GetOrCreateHistogram("pushback_profile_duration_seconds").Update(took.Seconds())
}

// ran notes when a scheduled task was last done.
func (t *Telemetry) ran(schedule string, at time.Time) {
	if t != nil {
		t.set.GetOrCreateGauge(fmt.Sprintf("pushback_schedule_last_run_timestamp_seconds{schedule=%q}", schedule), nil).Set(float64(at.Unix()))
	}
}

func (t *Telemetry) judged(v detector.Verdict) {
	t.count(fmt.Sprintf("pushback_verdicts_total{outcome=%q,grade=%q}", v.Outcome, v.Grade))
}

func (t *Telemetry) order(s rollback.State) {
	t.count(fmt.Sprintf("pushback_orders_total{state=%q}", string(s)))
}

// verified counts verifications; state="unseen" is a receipt whose target does not run.
func (t *Telemetry) verified(s rollback.VerificationState) {
	t.count(fmt.Sprintf("pushback_verifications_total{state=%q}", string(s)))
}

// refused counts a guard that refused an order, once while the order's refusals stay the
// same.
func (t *Telemetry) refused(g rollback.Guard) {
	t.count(fmt.Sprintf("pushback_guard_refusals_total{guard=%q}", string(g)))
}

func (t *Telemetry) message(receiver, result string) {
	t.count(fmt.Sprintf("pushback_messages_total{receiver=%q,result=%q}", receiver, result))
}

// report counts attempts to write a report; the annotations on Grafana have a counter of their own.
func (t *Telemetry) report(adapter string, err error) {
	if adapter == store.Grafana {
		t.count(fmt.Sprintf("pushback_annotations_total{result=%q}", result(err)))
		return
	}
	t.count(fmt.Sprintf("pushback_reports_total{report=%q,result=%q}", adapter, result(err)))
}

func (t *Telemetry) fault(name string, kind sources.FaultKind) {
	t.count(fmt.Sprintf("pushback_source_errors_total{store=%q,kind=%q}", name, kind))
}
