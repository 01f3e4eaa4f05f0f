package telemetry

import (
	"fmt"
	"strings"
)

// Markdown is docs/metrics.md.
func Markdown() string {
	var b strings.Builder
	b.WriteString(`# Metrics

<!-- generated from internal/telemetry/table.go by make generate -->

What Pushback serves at ` + "`/metrics`" + `, in the text format of Prometheus, with HELP and TYPE. Reading it needs the API's token where pages need
one. [dashboards](../dashboards) has Grafana boards, and [troubleshooting.md](troubleshooting.md) says which values mean trouble. A series with
labels appears once there is something to count.

Pushback's own histograms have the buckets of VictoriaMetrics: the label ` + "`vmrange`" + ` instead of ` + "`le`" + `. In Prometheus use their ` + "`_sum`" + ` and
` + "`_count`" + `.

## Pushback's own

`)
	writeTable(&b, Own)
	b.WriteString("\n## The process and Go's runtime\n\nThe `process_` metrics are read from /proc, on Linux.\n\n")
	writeTable(&b, Process)
	return b.String()
}

func writeTable(b *strings.Builder, all []Metric) {
	b.WriteString("| name | type | labels | help |\n|---|---|---|---|\n")
	for _, m := range all {
		labels := ""
		if len(m.Labels) > 0 {
			labels = "`" + strings.Join(m.Labels, "`, `") + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s |\n", m.Name, m.Type, labels, m.Help)
	}
}
