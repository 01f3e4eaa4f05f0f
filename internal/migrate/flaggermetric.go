package migrate

import (
	"fmt"
	"math"
	"strings"
)

// metric converts one check of a Canary: a built-in one, a query, or a MetricTemplate's.
func (k canary) metric(m field) metric {
	q := question{name: m.get("name").text(), at: m}
	none := metric{question: q}
	s, problem := thresholds(m)
	if problem != nil {
		m.leave(problem.reason, problem.instead)
		return none
	}
	vars := k.variablesOf(m)
	store := ""
	switch ref := m.get("templateRef"); {
	case isBuiltin(q.name):
		builtin, problem := k.builtin(q.name)
		if problem != nil {
			m.leave(problem.reason, problem.instead)
			return none
		}
		q.query, q.text = m.get("name"), builtin.query
		if s, problem = builtin.scale(s); problem != nil {
			m.leave(problem.reason, problem.instead)
			return none
		}
		store = k.c.storeOf(k.doc.field().get("spec").get("metricsServer"), vars)
	case m.get("query").exists():
		q.query, q.text = m.get("query"), m.get("query").text()
		store = k.c.storeOf(k.doc.field().get("spec").get("metricsServer"), vars)
	case ref.exists():
		t, problem := k.template(ref)
		if problem != nil {
			m.leave(problem.reason, problem.instead)
			return none
		}
		q.query, q.text = t.get("query"), t.get("query").text()
		store = k.c.storeOf(t.get("provider").get("address"), vars)
		leaveStore(t.get("provider"), "headers", "secretRef", "region", "insecureSkipVerify")
	default:
		m.leave("it has neither a query nor a template, and Flagger has no check of this name", "give it a templateRef")
		return none
	}
	text, problem := vars.substitute(q.text)
	if problem != nil {
		m.leave(problem.reason, problem.instead)
		return none
	}
	vars.markUsed(m, q.text)
	if q.text != text && !isBuiltin(q.name) && m.get("interval").text() == "" && strings.Contains(text, "[1m]") {
		m.mention("it has no interval, for which Flagger fills in nothing; 1m is taken, as for its own checks", "interval: 1m")
	}
	q.text = text
	return metric{question: q, signals: q.signals(s), store: store}
}

// thresholds reads what a check accepts. Without any threshold Flagger takes 0.
func thresholds(m field) (stretch, *unknown) {
	s := everything()
	of := m.get("thresholdRange")
	if !of.exists() {
		v, ok := m.get("threshold").number()
		switch {
		case !ok && m.get("threshold").exists():
			return s, &unknown{"its threshold is no number", ""}
		case m.get("name").text() == successRate && !ok:
			return s, &unknown{"it has no threshold: Flagger takes 0 percent, which no release falls below", "write thresholdRange: {min: 99}"}
		case m.get("name").text() == successRate:
			s.lower = v
		default:
			s.upper = v
		}
		return s, nil
	}
	least, hasLeast := of.get("min").number()
	most, hasMost := of.get("max").number()
	switch {
	case of.get("min").exists() && !hasLeast || of.get("max").exists() && !hasMost:
		return s, &unknown{"its thresholds are no numbers", ""}
	case !hasLeast && !hasMost:
		return s, &unknown{"its thresholdRange has neither min nor max, and every number passes", ""}
	}
	if hasLeast {
		s.lower = least
	}
	if hasMost {
		s.upper = most
	}
	return s, nil
}

// variablesOf adds to the variables what the check says itself.
func (k canary) variablesOf(m field) variables {
	v := newVariables(braces)
	for name, value := range k.variables.values {
		v.values[name] = value
	}
	for name, reason := range k.variables.why {
		v.why[name] = reason
	}
	names, values := m.get("templateVariables").keys()
	for i, name := range names {
		v.values["variables."+name] = values[i].unmarked()
	}
	if _, said := v.values["interval"]; said {
		return v
	}
	interval := m.get("interval").text()
	switch {
	case interval != "" && duration(interval) > 0:
		v.values["interval"] = interval
	case interval == "":
		v.values["interval"] = "1m" // as Flagger does for its own checks
	default:
		v.why["interval"] = "its interval is no duration"
	}
	return v
}

// markUsed marks the variables of a check that its query has; others are listed.
func (v variables) markUsed(m field, query string) {
	names, values := m.get("templateVariables").keys()
	for i, name := range names {
		if v.uses(query, "variables."+name) {
			values[i].text()
		}
		values[i].leaveRest("its query has no such variable", "")
	}
}

// template returns what a reference leads to.
func (k canary) template(ref field) (field, *unknown) {
	name, namespace := ref.get("name").text(), orElse(ref.get("namespace").text(), k.namespace)
	d := k.templates.find(reference{"MetricTemplate", namespace, name})
	if d == nil && k.templates.find(reference{kind: "MetricTemplate", name: name}) != nil {
		return field{}, &unknown{"the MetricTemplate " + shortened(printable(name)) + " of the files does not say its namespace", "--namespace " + shortened(printable(namespace)) + ", if that is where it is"}
	}
	if d == nil {
		return field{}, &unknown{"the files do not have its MetricTemplate " + inNamespace(shortened(printable(name)), shortened(printable(namespace))), "give that file as well"}
	}
	spec := d.field().get("spec")
	if kind := spec.get("provider").get("type").text(); kind != "prometheus" {
		spec.leave("its provider is "+orElse(shortened(printable(kind)), "missing")+", and a rule asks stores that speak PromQL", "")
		return field{}, &unknown{"the provider of its MetricTemplate is " + orElse(shortened(printable(kind)), "missing") + ", and a rule asks stores that speak PromQL", "keep this check in Flagger, or judge a series that shows the same"}
	}
	return spec, nil
}

const (
	successRate = "request-success-rate"
	duration99  = "request-duration"
)

func isBuiltin(name string) bool { return name == successRate || name == duration99 }

// builtinCheck is a check that comes with Flagger, which has its own query for each mesh.
type builtinCheck struct {
	name, query string
	rate        bool
}

// builtin returns the query of a check for the Canary's mesh.
func (k canary) builtin(name string) (builtinCheck, *unknown) {
	provider := k.doc.field().get("spec").get("provider").text()
	if mesh := k.c.options.Mesh; provider == "" || strings.Contains(mesh, "linkerd") {
		provider = mesh // with Linkerd as its mesh, Flagger reads Linkerd's metrics for every provider
	}
	if provider == "" {
		return builtinCheck{}, &unknown{"which metrics it reads depends on Flagger's setting -mesh-provider, and the Canary names no provider", "--mesh-provider istio (or the one that Flagger was started with)"}
	}
	target := k.doc.field().get("spec").get("targetRef")
	if target.get("kind").text() == "Service" && !strings.HasPrefix(target.get("apiVersion").text(), "serving.knative.dev/") {
		return builtinCheck{}, &unknown{"its target is a Service, for which Flagger asks other metrics", "write the query as a MetricTemplate"}
	}
	mesh, ok := meshOf(provider)
	if !ok {
		return builtinCheck{}, &unknown{"which metrics it reads from " + shortened(printable(provider)) + " is not known here", "write the query as a MetricTemplate"}
	}
	if name == successRate {
		return builtinCheck{name, mesh.successRate(), true}, nil
	}
	return builtinCheck{name, mesh.duration(), false}, nil
}

// scale cuts the fractions off thresholds of milliseconds, as Flagger does with them and with the
// numbers themselves.
func (b builtinCheck) scale(s stretch) (stretch, *unknown) {
	if b.rate {
		if s.upper >= 100 {
			s.upper = math.Inf(1)
		}
		return s, nil
	}
	s.lower, s.upper = math.Trunc(s.lower), math.Trunc(s.upper)
	return s, nil
}

// mesh is the metrics of one mesh or ingress: selectors without braces.
type mesh struct {
	requests, good string // a counter's selector, and the matcher of its good events
	buckets        string // a histogram's selector
	mean           string // a summary's name and selector, where there are no buckets
	meanLabels     string
	scale          string // to milliseconds
}

func (m mesh) successRate() string {
	name, selector, _ := strings.Cut(m.requests, "{")
	return fmt.Sprintf("sum(rate(%s{%s,%s}[{{ interval }}])) / sum(rate(%s{%s}[{{ interval }}])) * 100", name, selector, m.good, name, selector)
}

func (m mesh) duration() string {
	if m.mean != "" {
		return fmt.Sprintf("floor(sum(rate(%s_sum{%s}[{{ interval }}])) / sum(rate(%s_count{%s}[{{ interval }}]))%s)", m.mean, m.meanLabels, m.mean, m.meanLabels, m.scale)
	}
	name, selector, _ := strings.Cut(m.buckets, "{")
	return fmt.Sprintf("floor(histogram_quantile(0.99, sum by (le) (rate(%s{%s}[{{ interval }}])))%s)", name, selector, m.scale)
}
