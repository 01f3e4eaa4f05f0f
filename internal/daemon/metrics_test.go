package daemon

import (
	"slices"
	"strings"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/internal/telemetry"
)

// checkMetrics checks that everything that the running daemon serves is in docs/metrics.md, and has
// its HELP and its TYPE on the wire. TestTableAndCodeAgree checks the other direction.
func (w *witness) checkMetrics() {
	w.t.Helper()
	_, page := w.ask("GET", "/metrics", "")
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(page))
	if err != nil {
		w.t.Fatalf("/metrics is not the text format of Prometheus: %v", err)
	}
	known := slices.Concat(telemetry.Own, telemetry.Process)
	for name, family := range families {
		i := slices.IndexFunc(known, func(m telemetry.Metric) bool { return m.Name == name })
		if i < 0 {
			w.t.Errorf("/metrics serves %s, which docs/metrics.md lacks", name)
			continue
		}
		if family.GetHelp() == "" || !strings.Contains(page, "# TYPE "+name+" "+string(known[i].Type)+"\n") {
			w.t.Errorf("%s has HELP %q, and TYPE %s is missing", name, family.GetHelp(), known[i].Type)
		}
		w.checkLabels(known[i], family.String())
	}
	if len(families) < 80 {
		w.t.Errorf("/metrics serves %d metrics only", len(families))
	}
}

// checkLabels checks that the first series of a metric has the labels of the table.
func (w *witness) checkLabels(m telemetry.Metric, family string) {
	for _, label := range m.Labels {
		if label != "quantile" && !strings.Contains(family, label) {
			w.t.Errorf("%s has no label %s: %.200s", m.Name, label, family)
		}
	}
}

// checkBirth checks that no counter has appeared since the start: increase() would not show its first event. The status
// of an answer is not known ahead, and a service has its series when its watch begins.
func (w *witness) checkBirth(born string) {
	w.t.Helper()
	_, now := w.ask("GET", "/metrics", "")
	late := []string{"pushback_http_requests_total", "pushback_changes_total", "pushback_rollbacks_total", "pushback_rollback_seconds_total"}
	seen := 0
	for _, m := range telemetry.Own {
		if m.Type != telemetry.Counter || slices.Contains(late, m.Name) {
			continue
		}
		for line := range strings.Lines(now) {
			series, _, _ := strings.Cut(line, " ")
			if !strings.HasPrefix(series+"{", m.Name+"{") {
				continue
			}
			if seen++; !strings.Contains(born, "\n"+series+" ") {
				w.t.Errorf("%s was not there before it was counted", series)
			}
		}
	}
	if seen < 60 {
		w.t.Errorf("%d series of counters only", seen)
	}
}
