package migrate

import (
	"slices"
	"strings"
	"testing"
)

// These are changes of meaning that were once made without a word. Each is either converted with its
// meaning or named at its place.
func TestNothingChangesSilently(t *testing.T) {
	f := func(name, text string, o Options, path, reason string, rules ...string) {
		t.Helper()
		o.Team = "shop"
		got, err := Convert([]File{{Name: "in.yaml", Data: []byte(text)}}, o)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		listed := func(l Left) bool {
			return (l.Path == path || slices.Contains(l.Keys, path)) && strings.Contains(l.Reason, reason)
		}
		if path != "" && !slices.ContainsFunc(got.Left, listed) {
			t.Errorf("%s: %s is not listed with %q:\n%s", name, path, reason, got.Rules)
		}
		for _, want := range rules {
			without := strings.TrimPrefix(want, "!")
			if strings.Contains(got.Rules, without) == strings.HasPrefix(want, "!") {
				t.Errorf("%s: want %q in\n%s", name, want, got.Rules)
			}
		}
	}
	argo := func(metric, more string) string {
		return "kind: AnalysisTemplate\nmetadata: {name: a}\nspec: {metrics: [{name: m, " + metric + "}]" + more + "}\n"
	}
	const asks = "provider: {prometheus: {query: 'max(x{s=\"{{args.s}}\"})'}}"
	f("a delay of the analysis is no time after the rollout", argo("initialDelay: 5m, successCondition: 'result[0] < 5', provider: {prometheus: {query: max(x)}}", ""), Options{},
		"spec.metrics[0].initialDelay", "Argo begins to measure so much later", "!settle: 5m")
	f("--arg replaces a value of the file", argo("successCondition: 'result[0] < 5', "+asks, ", args: [{name: s, value: shop}]"), Options{Args: map[string]string{"s": "other"}},
		"spec.args[0].value", "--arg replaces this value", `x{s="other"}`)
	f("an argument that nothing uses", argo("successCondition: 'result[0] < 5', "+asks, ", args: [{name: s, value: shop}, {name: unused, value: x}]"), Options{},
		"spec.args[1].value", "no query and no condition", `x{s="shop"}`)
	f("a query that is no PromQL", argo("successCondition: 'result[0] < 5', interval: 5m, provider: {prometheus: {query: 'max('}}", ""), Options{},
		"spec.metrics[0].interval", "it makes no signal: its query is not PromQL")
	f("failures that never fail", argo("successCondition: 'result[0] < 5', failureLimit: -1, provider: {prometheus: {query: max(x)}}", ""), Options{},
		"spec.metrics[0].failureLimit", "below zero")
	for _, one := range []string{"successCondition: 'any(result, # < 5)'", "failureCondition: 'all(result, # > 5)'", "failureCondition: 'none(result, # < 5)'"} {
		f(one, argo(one+", provider: {prometheus: {query: x}}", ""), Options{}, "spec.metrics[0].provider.prometheus.query", "content with one good one")
	}
	for _, one := range []string{"successCondition: 'all(result, # < 5)'", "failureCondition: 'any(result, # > 5)'", "successCondition: 'none(result, # > 5)'"} {
		f(one, argo(one+", provider: {prometheus: {query: x}}", ""), Options{}, "", "", "!content with one")
	}
	const template = "kind: AnalysisTemplate\nmetadata: {name: a}\nspec: {args: [{name: s, value: shop}], metrics: [{name: m, successCondition: 'result[0] < 5', " + asks + "}]}\n"
	f("an experiment with arguments of its own", template+"---\nkind: Experiment\nmetadata: {name: e}\nspec: {analyses: [{name: x, templateName: a, args: [{name: s, value: other}]}]}\n", Options{},
		"spec.args", "an experiment of Experiment e")
	f("an analysis before the switch", template+"---\nkind: Rollout\nmetadata: {name: r}\nspec: {strategy: {blueGreen: {prePromotionAnalysis: {templates: [{templateName: a}]}}}}\n", Options{},
		"spec.strategy.blueGreen.prePromotionAnalysis", "before the new version gets traffic")

	canary := func(meta, spec, metric string) string {
		return "kind: Canary\nmetadata: {name: cart" + meta + "}\nspec: {targetRef: {name: cart}" + spec + ", analysis: {interval: 1m, metrics: [" + metric + "]}}\n"
	}
	const check = "{name: m, templateRef: {name: t}, thresholdRange: {max: 5}}"
	const namespaced = "---\nkind: MetricTemplate\nmetadata: {name: t}\nspec: {provider: {type: prometheus}, query: 'max(x{n=\"{{ namespace }}\"})'}\n"
	const routed = "---\nkind: MetricTemplate\nmetadata: {name: t}\nspec: {provider: {type: prometheus}, query: 'max(x{n=\"{{ route }}\"})'}\n"
	f("what a Canary says stands", canary(", namespace: shop", "", check)+strings.Replace(namespaced, "name: t}", "name: t, namespace: shop}", 1), Options{Args: map[string]string{"namespace": "billing"}}, "", "", `n="shop"`)
	f("the route of Knative", canary("", ", provider: knative", check)+routed, Options{}, "spec.analysis.metrics[0]", "Flagger fills in the latest revision of Knative", "!$service\"")
	f("the mesh that Flagger was started with", canary("", ", provider: nginx", "{name: request-duration, thresholdRange: {max: 500}}"), Options{}, "spec.provider", "-mesh-provider linkerd")
	f("a threshold that nothing passes", canary(", namespace: shop", ", provider: nginx", "{name: request-success-rate, thresholdRange: {max: 100}}"), Options{}, "spec.analysis.metrics[0]", "accept every number")
	f("a day is no duration to Flagger", strings.Replace(canary(", namespace: shop", ", provider: nginx", "{name: request-duration, thresholdRange: {max: 500}}"), "interval: 1m", "interval: 1d", 1), Options{Mesh: "nginx"},
		"spec.analysis.interval", "it is no duration", "every: 1m")
	f("percentages move their point", canary(", namespace: shop", ", provider: nginx", "{name: request-success-rate, thresholdRange: {min: 99.9}}"), Options{Mesh: "nginx"}, "", "", "limit: 0.999\n")
	f("thresholdRange: null", canary("", "", "{name: m, query: max(x), threshold: 7, thresholdRange: null}"), Options{}, "", "", "limit: 7\n")
	f("a template without a query", canary("", "", check)+"---\nkind: MetricTemplate\nmetadata: {name: t}\nspec: {provider: {type: prometheus}}\n", Options{}, "spec.analysis.metrics[0]", "has no query")
	two := canary(", namespace: staging", ", provider: nginx", "{name: request-duration, thresholdRange: {max: 500}}") + "---\n" + canary(", namespace: prod", ", provider: nginx", "{name: request-duration, thresholdRange: {max: 900}}")
	f("one name in two namespaces", two, Options{Mesh: "nginx"}, "metadata.namespace", "an object of another namespace has a rule for the service cart too")
}

// Percentages with one decimal are the numbers that people read.
func TestPercentagesMoveTheirPoint(t *testing.T) {
	for i := range 1000 {
		if got := shifted(float64(i)/10, 100); got != float64(i)/1000 {
			t.Errorf("%v %% became %v", float64(i)/10, got)
		}
	}
}
