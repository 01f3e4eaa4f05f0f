package migrate

import "fmt"

// rollout converts the analyses of a Rollout. What it does to pods and traffic stays with it.
func (c *converter) rollout(d *document, templates *objects) {
	found, missing := false, false
	d.leavePrePromotion()
	for _, at := range analysesOf(d.field().get("spec").get("strategy")) {
		for _, ref := range at.get("templates").items() {
			found = true
			target := templateRef(ref, templates.namespaceOf(d))
			t := templates.find(target)
			if t == nil {
				missing = true
				ref.leave(fmt.Sprintf("it is not converted: the files do not have the %s %s", target.kind, inNamespace(target.name, target.namespace)), "give that file as well")
				continue
			}
			c.analysis(t, &usage{d, at}, templates)
		}
		if missing {
			at.get("args").leaveRest("a template that takes them is missing here", "")
		}
		c.leaveUsage(at)
	}
	if found {
		c.claim(d)
		d.readStrategy()
		d.leaveRest("it stays with Argo, which runs the pods and shifts the traffic", "")
	}
}

// mentionExperiments lists at the templates that experiments give them other arguments than the
// rule has.
func (d *document) mentionExperiments(templates *objects) {
	experiments := []field{d.field().get("spec")}
	for _, step := range d.field().get("spec").get("strategy").get("canary").get("steps").items() {
		experiments = append(experiments, step.get("experiment"))
	}
	for _, e := range experiments {
		for _, a := range e.get("analyses").items() {
			t := templates.byName[templateRef(a, templates.namespaceOf(d))]
			if t != nil && a.get("args").exists() {
				t.field().get("spec").get("args").mention("an experiment of "+d.title()+" uses this template with arguments of its own, which are not taken here", "--arg NAME=VALUE")
			}
		}
	}
}

// leavePrePromotion says when Argo makes the analysis before a promotion.
func (d *document) leavePrePromotion() {
	at := d.field().get("spec").get("strategy").get("blueGreen").get("prePromotionAnalysis")
	if at.exists() {
		at.mention("Argo makes it before the new version gets traffic, and holds the switch until it ends; a rule watches the rollout and the time after it, and holds nothing", "ask pushback gate before the switch, or judge the preview by a query that selects it")
	}
}

// leaveUsage lists what a Rollout says of an analysis beyond its templates and arguments.
func (c *converter) leaveUsage(at field) {
	at.get("startingStep").leave("a rule watches from the beginning of the rollout, and its bake begins at the end", "")
	at.get("dryRun").leave("a metric in dry run fails nothing there; here it is a signal like the others", "move its signals into a rule of their own, whose respond only tells")
	at.get("measurementRetention").leave("it says how many measurements Argo keeps; Pushback keeps those that a verdict was made of", "")
	at.get("analysisRunMetadata").leave("Argo writes it on its AnalysisRuns", "")
}

// analysesOf returns the places at which a strategy asks for an analysis.
func analysesOf(strategy field) []field {
	canary, blueGreen := strategy.get("canary"), strategy.get("blueGreen")
	all := []field{canary.get("analysis"), blueGreen.get("prePromotionAnalysis"), blueGreen.get("postPromotionAnalysis")}
	for _, step := range canary.get("steps").items() {
		all = append(all, step.get("analysis"))
	}
	return all
}

// readStrategy lists the steps one by one, with what they do.
func (d *document) readStrategy() {
	for _, step := range d.field().get("spec").get("strategy").get("canary").get("steps").items() {
		names, values := step.keys()
		for i, name := range names {
			switch name {
			case "analysis":
			case "experiment":
				values[i].leave("an experiment runs pods of its own, and stays with Argo", "a rule's control compares two selections of one signal")
			default:
				values[i].leave("steps of weight, pauses and routes stay with Argo; a rule watches the whole rollout", "")
			}
		}
	}
}
