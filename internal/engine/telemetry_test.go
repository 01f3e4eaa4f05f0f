package engine

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"
)

// TestLookLag: what /metrics says of how late a look began is counted from when the look was due.
func TestLookLag(t *testing.T) {
	t.Parallel()
	set := metrics.NewSet()
	b := newBench(t, redRule, func(o *Options) { o.Telemetry = NewTelemetry(set) })
	key := b.deploy("v2", nil)
	b.look()
	b.clock.now = b.watch(key).Next.Add(7 * time.Second)
	b.look()
	var page bytes.Buffer
	set.WritePrometheus(&page)
	for _, want := range []string{"pushback_look_lag_seconds_sum 7\n", "pushback_look_lag_seconds_count 2\n"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("/metrics lacks %q:\n%s", want, page.String())
		}
	}
}
