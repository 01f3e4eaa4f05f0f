package migrate

import (
	"path"
	"strings"
	"time"
)

// Flagger: https://docs.flagger.app/usage/metrics.

const flaggerGroup = "flagger.app"

// flagger converts the Canaries, with the MetricTemplates that they name.
func (c *converter) flagger() {
	templates := newObjects(c.options.Namespace)
	var canaries, all []*document
	for _, d := range c.documents {
		switch {
		case d.isOf(flaggerGroup, "Canary"):
			c.claim(d)
			canaries = append(canaries, d)
		case d.isOf(flaggerGroup, "MetricTemplate"):
			c.claim(d)
			templates.add(d, true)
			all = append(all, d)
		}
	}
	for _, d := range canaries {
		c.canary(d, templates)
	}
	for _, d := range all {
		if !templates.used[d] {
			c.summary.Metrics++
			unusedTemplate(d.field().get("spec"))
		}
	}
}

// unusedTemplate lists a MetricTemplate that stands alone.
func unusedTemplate(spec field) {
	if kind := spec.get("provider").get("type").unmarked(); kind != "prometheus" {
		spec.leave("no Canary of these files uses it, and its provider is "+orElse(shortened(printable(kind)), "missing")+", where a rule asks stores that speak PromQL", "")
		return
	}
	spec.leave("no Canary of these files uses it, so that nothing says how far its number may go", "give the Canary as well")
}

// canary is a Canary with what its queries' variables stand for.
type canary struct {
	c         *converter
	doc       *document
	templates *objects
	analysis  field
	variables variables
	namespace string
}

func (c *converter) canary(d *document, templates *objects) {
	spec := d.field().get("spec")
	k := canary{c: c, doc: d, templates: templates, analysis: spec.get("analysis"), namespace: templates.namespaceOf(d)}
	if !k.analysis.exists() {
		k.analysis = spec.get("canaryAnalysis") // its name before v1beta1
	}
	for _, off := range []string{"skipAnalysis", "suspend"} {
		if spec.get(off).unmarked() == "true" {
			c.summary.Metrics += len(k.analysis.get("metrics").items())
			spec.leave(off+" is true: Flagger judges nothing of this Canary, and neither does a rule", "take it out to have the metrics converted")
			return
		}
	}
	r := rule{doc: d, name: nameFrom(d.name, "canary"), service: spec.get("targetRef").get("name").text(), from: "Flagger " + d.title()}
	spec.get("targetRef").get("kind").text()
	spec.get("targetRef").get("apiVersion").text()
	k.variables = k.model(r.service)
	for _, m := range k.analysis.get("metrics").items() {
		c.summary.Metrics++
		r.metrics = append(r.metrics, k.metric(m))
	}
	r.notes = []string{
		"Flagger's own queries select the new version's pods, which exist only during its analysis: while the change rolls",
		"out only limits are judged, and after that there is no data. To judge the bake, select the primary's pods too.",
	}
	k.times(&r)
	if r.service == "" {
		r.service = "*"
	}
	k.leaveKnown()
	c.rules = append(c.rules, r)
}

// model returns what the variables of a query stand for, as Flagger fills them in. The target is
// the service that the rule watches.
func (k canary) model(target string) variables {
	v := newVariables(braces)
	spec := k.doc.field().get("spec")
	for name, value := range map[string]string{
		"name": k.doc.name, "namespace": k.namespace, "target": target,
		"service": orElse(spec.get("service").get("name").text(), target),
		"ingress": orElse(spec.get("ingressRef").get("name").text(), target),
		"route":   orElse(spec.get("routeRef").get("name").text(), target),
	} {
		switch {
		case value == target && target != "" && name != "namespace" && k.targetIsService(target):
			v.say(name, "$service")
		case value != "":
			v.values[name] = value
		}
	}
	if k.namespace == "" {
		v.why["namespace"] = "the Canary does not say its namespace"
	}
	if spec.get("provider").unmarked() == knative || k.c.options.Mesh == knative {
		delete(v.values, "route")
		v.why["route"] = "Flagger fills in the latest revision of Knative for route"
	}
	for name, value := range k.c.options.Args {
		if _, said := v.values[name]; !said { // what a Canary says of itself stands
			v.say(name, value)
			delete(v.why, name)
		}
	}
	return v
}

// knative is Flagger's provider that names revisions as routes.
const knative = "knative"

// targetIsService reports whether the rule watches the target, or a glob that the operator says
// stands for services like it.
func (k canary) targetIsService(target string) bool {
	glob := k.c.options.Service
	if glob == "" || glob == target {
		return true
	}
	_, err := path.Match(glob, target)
	return err == nil && strings.ContainsAny(glob, "*?[")
}

func orElse(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

const (
	defaultInterval = time.Minute      // of an analysis
	leastInterval   = 10 * time.Second // shorter ones are raised to it
)

// times reads how often the analysis checks, and how many steps it has.
func (k canary) times(r *rule) {
	at := k.analysis.get("interval")
	r.every = defaultInterval
	if d, err := time.ParseDuration(at.text()); err == nil && d > 0 { // 1d is no duration to Flagger
		r.every = min(max(d, leastInterval), 24*time.Hour)
	} else if at.exists() {
		at.leave("it is no duration: Flagger takes a minute, and so does the rule", "write it as in 30s or 5m")
	}
	weights := k.analysis.get("stepWeights").items()
	iterations, step, most := k.analysis.get("iterations").count(), k.stepWeight(), k.maxWeight()
	switch {
	case iterations > 0:
		r.bake = time.Duration(iterations) * r.every
	case len(weights) > 0:
		r.bake = time.Duration(len(weights)) * r.every
	case step > 0:
		r.bake = time.Duration((most+step-1)/step) * r.every
	}
}

func (k canary) stepWeight() int { return whole(k.analysis.get("stepWeight").unmarked()) }

// maxWeight is 100 unless it is said.
func (k canary) maxWeight() int {
	if most := whole(k.analysis.get("maxWeight").unmarked()); most > 0 {
		return min(most, 1000)
	}
	return 100
}

// leaveKnown lists what is known to have no equivalent, with the reason.
func (k canary) leaveKnown() {
	const weights = "Flagger goes on shifting the traffic by these weights; the rule's bake is as long as its steps"
	const alerts = "Flagger's alerts stay with it"
	for name, l := range map[string]unknown{
		"threshold":             {"no number of failed checks is allowed or needed: a limit has to be exceeded in two ticks in a row", ""},
		"maxWeight":             {weights, ""},
		"stepWeight":            {weights, ""},
		"stepWeights":           {weights, ""},
		"stepWeightPromotion":   {weights, ""},
		"mirror":                {"Flagger goes on mirroring the traffic; a rule sees the events that its query counts, mirrored ones as well", ""},
		"mirrorWeight":          {"Flagger goes on mirroring the traffic; a rule sees the events that its query counts, mirrored ones as well", ""},
		"match":                 {"in an A/B test only requests that match get the new version; Flagger goes on routing them, and the rule sees what its query selects", "select the new version's series in the query, and the old one's in control"},
		"sessionAffinity":       {"Flagger goes on routing sessions", ""},
		"alerts":                {alerts, "write receivers into pushback.yml, and respond: [{at_least: likely, tell: $owner.chat}] into the rule"},
		"webhooks":              {"gates, load tests and other calls stay with Flagger", "deploy tools ask pushback gate; a rule rolls back through a hook of pushback.yml"},
		"primaryReadyThreshold": {"readiness of pods stays with Flagger", ""},
		"canaryReadyThreshold":  {"readiness of pods stays with Flagger", ""},
	} {
		k.analysis.get(name).leave(l.reason, l.instead)
	}
	spec := k.doc.field().get("spec")
	for _, name := range []string{"skipAnalysis", "suspend"} {
		spec.get(name).text()
	}
	for _, name := range []string{"provider", "metricsServer"} {
		spec.get(name).leaveRest("of the checks only Flagger's own and inline queries depend on it, and none of these was converted; the routing stays with Flagger", "")
	}
	for _, name := range []string{"service", "autoscalerRef", "progressDeadlineSeconds", "revertOnDeletion", "targetRef", "ingressRef", "routeRef", "upstreamRef"} {
		spec.get(name).leaveRest("it stays with Flagger, which runs the pods and routes the traffic", "")
	}
}
