package migrate

import (
	"fmt"
	"math"
	"strings"
)

// Kayenta: https://github.com/spinnaker/kayenta/blob/master/docs/canary-config.md.

// kayenta converts the canary configs, also those inside a request.
func (c *converter) kayenta() {
	for _, d := range c.documents {
		config := d.field()
		if inner := config.get("canaryConfig"); inner.exists() {
			config = inner
		}
		if d.kind != "" || !isCanaryConfig(config) {
			continue
		}
		c.claimed[d] = true
		d.kind, d.name = "canary config", config.get("name").text()
		c.canaryConfig(d, config)
	}
}

func isCanaryConfig(f field) bool {
	return len(f.get("metrics").items()) > 0 &&
		(f.get("classifier").exists() || f.get("judge").exists() || f.get("templates").exists() || f.get("metrics").items()[0].get("analysisConfigurations").exists())
}

func (c *converter) canaryConfig(d *document, config field) {
	r := rule{doc: d, name: nameFrom(d.name, "canary"), service: "*", from: "Kayenta " + d.title()}
	for _, name := range []string{"id", "description", "configVersion", "applications", "createdTimestamp", "createdTimestampIso", "updatedTimestamp", "updatedTimestampIso"} {
		config.get(name).ignore("it judges nothing")
	}
	v := newVariables(dollars)
	for name, value := range c.options.Args {
		v.say(name, value)
	}
	for _, m := range config.get("metrics").items() {
		c.summary.Metrics++
		r.metrics = append(r.metrics, kayentaMetric{m, config, v}.convert())
	}
	config.get("classifier").leave("there is no score: each signal is judged, and the thresholds are corrected for their number", "respond says which grade leads to what")
	config.get("judge").leave("the judge here is Pushback's own", "")
	d.field().get("executionRequest").leave("what is compared with what, from when to when, is said by each request there; a rule begins with each change", "")
	if names, _ := config.get("templates").keys(); len(names) == 0 {
		config.get("templates").ignore("it is empty")
	}
	config.get("templates").leaveRest("no converted metric uses it", "")
	c.rules = append(c.rules, r)
}

// kayentaMetric is one metric of a canary config.
type kayentaMetric struct {
	at, config field
	variables  variables
}

func (m kayentaMetric) convert() metric {
	q := question{name: m.at.get("name").text(), at: m.at, query: m.at.get("query"), several: "Kayenta compares each series with that of the baseline"}
	s, problem := m.signal(q.name)
	if problem != nil {
		m.at.leave(problem.reason, problem.instead)
		return metric{question: q}
	}
	m.at.get("groups").leave("there is no score, and no weights of groups", "")
	m.at.get("scopeName").ignore("it judges nothing")
	m.at.mention("Kayenta compares with a baseline that runs at the same time; this signal is compared with its own past", "control: the same query for what does not get the change")
	return metric{question: q, signals: []signal{s}}
}

// signal is the signal of a metric: its query, the direction and the least effect.
func (m kayentaMetric) signal(name string) (signal, *unknown) {
	query := m.at.get("query")
	for _, key := range []string{"type", "serviceType"} {
		if kind := query.get(key).text(); kind != "" && kind != "prometheus" {
			return signal{}, &unknown{"its metrics come from " + shortened(printable(kind)) + ", and a rule asks stores that speak PromQL", "judge a series that shows the same"}
		}
	}
	text, problem := m.query(query)
	if problem == nil {
		text, problem = m.variables.substitute(text)
	}
	if problem != nil {
		return signal{}, problem
	}
	s := signal{name: nameFrom(name, "metric")}
	s.keys = []key{{"query", quoted(oneLine(text))}}
	return s, m.effect(&s)
}

// query returns the metric's PromQL as Kayenta makes it: a template that begins with PromQL: is
// the whole query, any other is a list of matchers, and the mean of the series is taken.
func (m kayentaMetric) query(q field) (string, *unknown) {
	filter := orElse(q.get("customInlineTemplate").text(), q.get("customFilter").text())
	if name := q.get("customFilterTemplate").text(); name != "" && filter == "" {
		template := m.config.get("templates").get(name)
		if filter = template.text(); filter == "" {
			return "", &unknown{"its template " + shortened(printable(name)) + " is not in templates", ""}
		}
	}
	if whole, ok := strings.CutPrefix(filter, "PromQL:"); ok {
		for _, name := range []string{"metricName", "labelBindings", "groupByFields", "resourceType"} {
			q.get(name).ignore("Kayenta does not read it beside a whole query")
		}
		return strings.TrimSpace(whole), nil
	}
	name := q.get("metricName").text()
	switch {
	case name == "":
		return "", &unknown{"it has no query", "write {name: …, query: …}"}
	case q.get("resourceType").exists() || filter == "":
		return "", &unknown{"Kayenta selects the instances by the resource type, scope and location of each request, which the config does not say", "write the matchers into customFilterTemplate, or {name: …, query: 'avg(" + shortened(printable(name)) + "{$match})'}"}
	}
	matchers := []string{filter}
	for _, binding := range q.get("labelBindings").items() {
		matchers = append(matchers, binding.text())
	}
	text := fmt.Sprintf("avg(%s{%s})", name, strings.Join(matchers, ","))
	return text + groupedBy(q.get("groupByFields")), nil
}

func groupedBy(fields field) string {
	var by []string
	for _, f := range fields.items() {
		by = append(by, f.text())
	}
	if len(by) == 0 {
		return ""
	}
	return " by (" + strings.Join(by, ",") + ")"
}

// effect sets the worse direction, and how far the metric may move. Without a direction Kayenta
// takes either.
func (m kayentaMetric) effect(s *signal) *unknown {
	a := m.at.get("analysisConfigurations").get("canary")
	increase, decrease := 0.0, 0.0
	size := a.get("effectSize")
	if v, ok := size.get("allowedIncrease").number(); ok {
		increase = v - 1
	}
	if v, ok := size.get("allowedDecrease").number(); ok {
		decrease = 1 - v
	}
	effect := increase
	switch direction := a.get("direction").text(); direction {
	case "increase":
		size.get("allowedDecrease").ignore("a decrease is not judged")
	case "decrease":
		s.keys = append(s.keys, key{"worse", "lower"})
		size.get("allowedIncrease").ignore("an increase is not judged")
		effect = decrease
	case "either", "":
		s.keys = append(s.keys, key{"worse", "either"})
		if math.Abs(increase-decrease) > 1e-9 {
			return &unknown{"it allows another increase than decrease, and a signal has one min_effect", "write two signals, one with worse: lower"}
		}
	default:
		return &unknown{"its direction " + shortened(printable(direction)) + " is not known", ""}
	}
	if effect > 0 && effect < 1e6 {
		s.keys = append(s.keys, key{"min_effect", number(math.Round(1e6*effect)/1e4) + "%"})
	}
	leaveAnalysis(a)
	return nil
}

// leaveAnalysis lists what an analysis says beyond direction and allowed effect.
func leaveAnalysis(a field) {
	for _, l := range []struct{ name, reason, instead string }{
		{"critical", "every signal of a rule is: respond says which grade leads to a rollback", ""},
		{"nanStrategy", "a moment without a number is left out, and is never 0", "write … or vector(0) into the query where missing means 0"},
		{"mustHaveData", "a signal without data makes the watch blind", "respond: {on: blind, tell: …}"},
		{"outliers", "nothing is removed as an outlier; a few moments are no evidence", ""},
	} {
		a.get(l.name).leave(l.reason, l.instead)
	}
	for _, name := range []string{"criticalIncrease", "criticalDecrease"} {
		a.get("effectSize").get(name).leave("a rule has no second effect that fails a release at once", "limit: the number that is wrong whatever it was before")
	}
}
