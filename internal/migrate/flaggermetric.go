package migrate

import (
	"maps"
	"math"
	"strings"
)

// metric converts one check of a Canary: a built-in one, a query, or a MetricTemplate's.
func (k canary) metric(m field) metric {
	c := check{canary: k, at: m, variables: k.variablesOf(m)}
	q := question{name: m.get("name").text(), at: m}
	made, problem := c.convert(q)
	if problem != nil {
		m.leave(problem.reason, problem.instead)
		return metric{question: q}
	}
	return made
}

// check is one entry of a Canary's metrics.
type check struct {
	canary
	at        field
	variables variables
}

func (c check) convert(q question) (metric, *unknown) {
	accepted, problem := thresholds(c.at)
	if problem != nil {
		return metric{}, problem
	}
	var store string
	switch {
	case isBuiltin(q.name):
		accepted, problem = c.askBuiltin(&q, accepted)
		store = c.server()
	case c.at.get("query").exists():
		q.query, q.text = c.at.get("query"), c.at.get("query").text()
		store = c.server()
	case c.at.get("templateRef").exists():
		store, problem = c.askTemplate(&q)
	default:
		problem = &unknown{"it has neither a query nor a template, and Flagger has no check of this name", "give it a templateRef"}
	}
	if problem != nil {
		return metric{}, problem
	}
	return c.fill(q, accepted, store)
}

// fill puts values in the place of the query's variables.
func (c check) fill(q question, accepted stretch, store string) (metric, *unknown) {
	text, problem := c.variables.substitute(q.text)
	if problem != nil {
		return metric{}, problem
	}
	c.variables.markUsed(c.at, q.text)
	if c.at.get("templateRef").exists() && !isBuiltin(q.name) && !c.at.get("query").exists() && !c.at.get("interval").exists() && c.variables.uses(q.text, "interval") {
		c.at.mention("it has no interval, for which Flagger fills in nothing; 1m is taken, as for its own checks", "interval: 1m")
	}
	q.text = text
	if len(accepted.ends()) == 0 {
		return metric{}, &unknown{"its thresholds accept every number, so that it fails nothing", ""}
	}
	return metric{question: q, signals: q.signals(accepted), store: store}, nil
}

// askBuiltin takes the query of a check that comes with Flagger.
func (c check) askBuiltin(q *question, accepted stretch) (stretch, *unknown) {
	builtin, problem := c.builtin(q.name)
	q.query, q.text = c.at.get("name"), builtin.query
	return builtin.scale(accepted), problem
}

// askTemplate takes the query of a MetricTemplate, and returns its metric store.
func (c check) askTemplate(q *question) (store string, _ *unknown) {
	t, problem := c.template(c.at.get("templateRef"))
	if problem != nil {
		return "", problem
	}
	q.query, q.text = t.get("query"), t.get("query").text()
	leaveStore(t.get("provider"), "headers", "secretRef", "region", "insecureSkipVerify")
	return c.c.storeOf(t.get("provider").get("address"), c.variables), nil
}

// server is the metric store of the Canary's own queries.
func (c check) server() string {
	return c.c.storeOf(c.doc.field().get("spec").get("metricsServer"), c.variables)
}

// thresholds reads what a check accepts. Without any threshold Flagger takes 0.
func thresholds(m field) (stretch, *unknown) {
	s := everything()
	of := m.get("thresholdRange")
	if !of.exists() || of.isNull() {
		of.text()
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
	v := k.variables
	v.values, v.why = maps.Clone(v.values), maps.Clone(v.why)
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
	if !spec.get("query").exists() {
		return field{}, &unknown{"its MetricTemplate has no query", ""}
	}
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
	if k.c.options.Mesh == "" && !strings.Contains(provider, "linkerd") {
		k.doc.field().get("spec").get("provider").mention("Flagger's own checks are written for this provider; Flagger started with -mesh-provider linkerd reads Linkerd's metrics instead, whatever a Canary says", "--mesh-provider NAME, as Flagger was started")
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
func (b builtinCheck) scale(s stretch) stretch {
	if b.rate {
		if s.upper >= 100 {
			s.upper = math.Inf(1)
		}
		return s
	}
	s.lower, s.upper = math.Trunc(s.lower), math.Trunc(s.upper)
	return s
}
