package migrate

import (
	"fmt"
	"strings"
	"testing"
)

// A migrated query must not be refused at its first look, because it gives a series a pod.
func TestSeveralSeriesAreCombined(t *testing.T) {
	f := func(query, condition, want string) {
		t.Helper()
		text := fmt.Sprintf("kind: AnalysisTemplate\nspec:\n  args: [{name: service}]\n  metrics:\n  - name: m\n    successCondition: %q\n    provider:\n      prometheus:\n        query: |\n          %s\n", condition, query)
		result, err := convert(text)
		if err != nil || result.Summary.Converted != 1 {
			t.Errorf("%s: %v\n%s", query, err, result.Rules)
			return
		}
		got := result.Rules
		combine := ""
		if _, after, ok := strings.Cut(got, "\n        combine: "); ok {
			combine, _, _ = strings.Cut(after, "\n")
		}
		if hinted := strings.Contains(got, "one of several series"); combine != want || hinted != (want != "") {
			t.Errorf("%s: combine %q, want %q; hint: %v\n%s", query, combine, want, hinted, got)
		}
	}
	const higher, lower = "result[0] < 5", "result[0] > 5"
	f(`queue_length{app="{{args.service}}"}`, higher, "max")
	f(`rate(served_total{app="{{args.service}}"}[5m])`, lower, "min")
	f(`sum by (pod) (rate(x[5m]))`, higher, "max")
	f(`sum without (pod) (rate(x[5m]))`, higher, "max")
	f(`histogram_quantile(0.9, sum by (le, route) (rate(x_bucket[5m])))`, higher, "max")
	f(`topk(3, x)`, higher, "max")
	f(`count_values("v", x)`, higher, "max")
	f(`sum by (pod) (a) / sum by (pod) (b)`, higher, "max")
	f(`a / on (pod) group_left () b`, higher, "max")
	f(`100 * sum by (pod) (a)`, higher, "max")
	f(`sum by (service) (x{service="a"}) or vector(0)`, higher, "max")
	f(`sum(a) by (service, pod) / sum(b) by (service, pod)`, lower, "min")

	f(`sum(rate(x[5m]))`, higher, "")
	f(`sum by (service) (rate(x{service="{{args.service}}"}[5m]))`, higher, "")
	f(`max(sum by (pod) (rate(x[5m])))`, higher, "")
	f(`histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m])))`, higher, "")
	f(`sum(a) / sum(b)`, higher, "")
	f(`(sum(a) or vector(0)) / 60`, higher, "")
	f(`topk(1, x)`, higher, "")
	f(`scalar(x)`, "result < 5", "")
	f(`a / on () sum(b)`, higher, "")
	f(`max_over_time(sum(rate(x[1m]))[5m:1m])`, higher, "")
}
