package migrate

import (
	"fmt"
	"slices"
)

// Argo Rollouts: https://argo-rollouts.readthedocs.io/en/stable/features/analysis/.

const argoGroup = "argoproj.io"

// argo converts the AnalysisTemplates, with the values that Rollouts give to their arguments.
func (c *converter) argo() {
	templates := newObjects(c.options.Namespace)
	var all, rollouts []*document
	for _, d := range c.documents {
		switch {
		case d.isOf(argoGroup, "AnalysisTemplate", "ClusterAnalysisTemplate", "AnalysisRun"):
			c.claim(d)
			templates.add(d, d.kind != "ClusterAnalysisTemplate")
			all = append(all, d)
		case d.isOf(argoGroup, "Rollout", "Experiment"):
			rollouts = append(rollouts, d)
		}
	}
	for _, d := range rollouts {
		d.mentionExperiments(templates)
	}
	for _, d := range rollouts {
		c.rollout(d, templates)
	}
	for _, d := range all {
		c.markNested(d, templates)
	}
	for _, d := range all {
		if !templates.used[d] {
			c.analysis(d, nil, templates)
		}
	}
}

// markNested marks the templates that another one names: they are converted with it.
func (c *converter) markNested(d *document, templates *objects) {
	for _, r := range d.field().get("spec").get("templates").items() {
		if t := templates.find(templateRef(r, templates.namespaceOf(d))); t == d {
			delete(templates.used, d)
		}
	}
}

func templateRef(r field, namespace string) reference {
	if r.get("clusterScope").text() == "true" {
		return reference{kind: "ClusterAnalysisTemplate", name: r.get("templateName").text()}
	}
	return reference{"AnalysisTemplate", namespace, r.get("templateName").text()}
}

// usage is an analysis that a Rollout makes.
type usage struct {
	rollout *document
	at      field // with its templates and args
}

// analysis makes the rule of a template, as it is or as a Rollout uses it.
func (c *converter) analysis(d *document, by *usage, templates *objects) {
	r := rule{doc: d, name: nameFrom(d.name, "analysis"), service: "*", from: "Argo " + d.title()}
	if by != nil {
		r.name = nameFrom(by.rollout.name+"-"+d.name, "analysis")
		r.service, r.from = by.rollout.name, r.from+" as used by Rollout "+by.rollout.name
	}
	run := argoRun{c: c, templates: templates, namespace: templates.namespaceOf(d), usage: by}
	if by != nil {
		run.namespace = templates.namespaceOf(by.rollout)
	}
	run.gather(d)
	args := run.arguments()
	band := r
	band.name = r.name + "-inconclusive"
	for _, m := range run.metrics {
		c.summary.Metrics++
		failing, between := argoMetric{m, args, c}.convert(&r)
		between.again = len(failing.signals) > 0
		r.metrics = append(r.metrics, failing)
		if len(between.signals) > 0 {
			band.metrics = append(band.metrics, between)
		}
	}
	run.leaveUnused(args.used)
	band.bake, band.every = r.bake, r.every
	c.rules = append(c.rules, r)
	if len(band.metrics) > 0 {
		band.notes = []string{"between success and failure Argo pauses and asks a person: tell one here, and roll nothing back"}
		c.rules = append(c.rules, band)
	}
}

// argoRun is a template with all that it names.
type argoRun struct {
	c         *converter
	templates *objects
	namespace string
	usage     *usage
	parts     []*document
	metrics   []field
}

// gather collects the metrics of a template and of those that it names.
func (r *argoRun) gather(d *document) {
	if slices.Contains(r.parts, d) {
		return
	}
	r.parts = append(r.parts, d)
	spec := d.field().get("spec")
	spec.get("dryRun").leave("a metric in dry run fails nothing there; here it is a signal like the others", "move its signals into a rule of their own, whose respond only tells")
	spec.get("measurementRetention").leave("it says how many measurements Argo keeps; Pushback keeps those that a verdict was made of", "")
	r.metrics = append(r.metrics, spec.get("metrics").items()...)
	for _, ref := range spec.get("templates").items() {
		target := templateRef(ref, r.namespace)
		nested := r.templates.find(target)
		if nested == nil {
			ref.leave(fmt.Sprintf("its metrics are missing here: the files do not have the %s %s", target.kind, inNamespace(target.name, target.namespace)), "give that file as well")
			continue
		}
		r.gather(nested)
	}
}

// arguments are the values of the arguments: the command line's, the Rollout's, the templates'.
func (r *argoRun) arguments() variables {
	v := newVariables(braces)
	for _, d := range r.parts {
		for _, a := range d.field().get("spec").get("args").items() {
			r.argument(v, a, false)
		}
	}
	if r.usage != nil {
		for _, a := range r.usage.at.get("args").items() {
			r.argument(v, a, true)
		}
	}
	for name, value := range r.c.options.Args {
		r.replaced("args."+name, value)
		v.say("args."+name, value)
	}
	return v
}

// eachArgument yields the arguments that the templates and the Rollout say.
func (r *argoRun) eachArgument(yield func(name string, a field)) {
	places := []field{}
	for _, d := range r.parts {
		places = append(places, d.field().get("spec").get("args"))
	}
	if r.usage != nil {
		places = append(places, r.usage.at.get("args"))
	}
	for _, args := range places {
		for _, a := range args.items() {
			yield("args."+a.get("name").text(), a)
		}
	}
}

// replaced lists the values in the files that the command line replaces.
func (r *argoRun) replaced(name, by string) {
	r.eachArgument(func(other string, a field) {
		if value := a.get("value"); other == name && value.text() != "" && value.text() != by {
			value.mention("--arg replaces this value", "run the command without --arg for these files")
		}
	})
}

// leaveUnused lists the values of arguments that no query and no condition has.
func (r *argoRun) leaveUnused(used map[string]bool) {
	r.eachArgument(func(name string, a field) {
		if value := a.get("value"); !used[name] && value.text() != "" {
			value.leave("no query and no condition of a Prometheus metric has this argument", "")
		}
	})
}

// argument reads one argument. Two templates may not give it two values, and a Rollout's
// value replaces theirs.
func (r *argoRun) argument(v variables, a field, replaces bool) {
	name := "args." + a.get("name").text()
	value, from := a.get("value"), a.get("valueFrom")
	switch {
	case value.exists() && value.text() != "":
		if old, ok := v.values[name]; ok && old != value.text() && !replaces {
			delete(v.values, name)
			v.why[name] = "two templates give " + shortened(name) + " different values"
			return
		}
		if _, refused := v.why[name]; !refused || replaces {
			v.values[name] = value.text()
			delete(v.why, name)
		}
	case from.exists():
		delete(v.values, name)
		v.why[name] = shortened(name) + " is " + sourceOf(from)
		from.ignore("where the value comes from is said wherever it is used")
	}
}

// sourceOf says where the value of an argument comes from.
func sourceOf(from field) string {
	switch hash := from.get("podTemplateHashValue").text(); {
	case hash == "Latest":
		return "the pod template hash of the new pods, which is not the version that a change is reported with"
	case hash == "Stable":
		return "the pod template hash of the old pods, which no change is reported with"
	case from.get("secretKeyRef").exists():
		return "a secret"
	case from.get("fieldRef").exists():
		return "a field of the Rollout, " + shortened(from.get("fieldRef").get("fieldPath").text())
	}
	return "known to Argo only"
}
