package migrate

import (
	"slices"
	"strings"
	"time"
)

// argoMetric is one metric of a template.
type argoMetric struct {
	at   field
	args variables
	c    *converter
}

// convert makes the signals of a metric: those that fail a release, and those that stand between
// success and failure.
func (m argoMetric) convert(r *rule) (failing, between metric) {
	name := m.at.get("name").text()
	q := question{name: name, at: m.at}
	failing = metric{question: q}
	prometheus := m.at.get("provider").get("prometheus")
	if !prometheus.exists() {
		m.at.leave("its provider is "+m.providers()+", and a rule asks stores that speak PromQL", "keep this metric in Argo, or judge a series that shows the same")
		return failing, between
	}
	if prometheus.get("rangeQuery").exists() {
		m.at.leave("its condition is on all samples of a range, and a limit is on one number at a time", "write the function over time into the query, such as max_over_time(…[10m:1m])")
		return failing, between
	}
	q.query = prometheus.get("query")
	judged, problem := m.judge(&q)
	if problem != nil {
		m.at.leave(problem.reason, problem.instead)
		return failing, between
	}
	failing = metric{question: q, signals: q.signals(judged.kept), store: m.c.storeOf(prometheus.get("address"), m.args)}
	if judged.passed != judged.kept {
		between = failing
		between.signals = q.signals(judged.passed)
	}
	m.leaveMissing(judged)
	m.leaveLimits()
	leaveStore(prometheus, "authentication", "headers", "insecure", "timeout")
	m.times(r)
	return failing, between
}

// providers names what the metric asks.
func (m argoMetric) providers() string {
	names, _ := m.at.get("provider").keys()
	if len(names) == 0 {
		return "missing"
	}
	slices.Sort(names)
	return shortened(printable(strings.Join(names, " and ")))
}

// judge reads the query and the conditions, with the arguments' values in them.
func (m argoMetric) judge(q *question) (judged, *unknown) {
	text, problem := m.args.substitute(q.query.text())
	if problem != nil {
		return judged{}, problem
	}
	q.text = text
	var conditions [2]string
	for i, name := range []string{"successCondition", "failureCondition"} {
		if conditions[i], problem = m.args.substitute(m.at.get(name).text()); problem != nil {
			return judged{}, problem
		}
	}
	j, problem := judgeBy(text, conditions[0], conditions[1])
	if q.every = j.every; j.lenient {
		q.several = "of several series Argo is content with one good one"
	}
	return j, problem
}

// leaveMissing says where missing data means something else than here.
func (m argoMetric) leaveMissing(j judged) {
	if j.missing == "" {
		return
	}
	for _, name := range []string{"successCondition", "failureCondition"} {
		if at := m.at.get(name); at.exists() {
			at.mention(j.missing, "say who is told of a watch without data: respond: {on: blind, tell: …}; with lost: act a signal that vanishes may roll back")
			return
		}
	}
}

// leaveLimits lists how often a measurement may fail.
func (m argoMetric) leaveLimits() {
	for _, l := range []struct{ name, reason string }{
		{"failureLimit", m.failureLimit()},
		{"inconclusiveLimit", "a rule has no number of inconclusive measurements"},
		{"consecutiveErrorLimit", "a store that cannot be read makes a watch blind, which fails nothing"},
		{"consecutiveSuccessLimit", "a watch lasts as long as its bake"},
	} {
		if at := m.at.get(l.name); at.exists() {
			at.leave(l.reason, "")
		}
	}
}

// failureLimit says what stands for the number of failures that are allowed.
func (m argoMetric) failureLimit() string {
	if strings.HasPrefix(strings.TrimSpace(m.at.get("failureLimit").unmarked()), "-") {
		return "below zero it says that no number of failures fails the analysis; here the limit counts, so let the respond of the rule only tell"
	}
	return "no number of failures is allowed or needed: a limit has to be exceeded in two ticks in a row"
}

// times reads how long and how often the metric is measured. A rule has one of each.
func (m argoMetric) times(r *rule) {
	every := m.time("interval")
	m.at.get("initialDelay").leave("Argo begins to measure so much later; a rule judges limits from the beginning of the rollout, and settle begins at its end", "")
	if r.timed {
		m.leaveDifference("interval", "the shortest", r.every, every)
	}
	if every > 0 && (r.every == 0 || every < r.every) {
		r.every = every
	}
	if bake := m.length(every); bake > 0 {
		if r.bake > 0 {
			m.leaveDifference("count", "the longest", r.bake, bake)
		}
		r.bake = max(r.bake, bake)
	}
	r.timed = true
}

// length is how long all measurements take, 0 where that is not said.
func (m argoMetric) length(interval time.Duration) time.Duration {
	at := m.at.get("count")
	text, problem := m.args.substitute(at.text())
	if problem != nil {
		at.leave(problem.reason, problem.instead)
		return 0
	}
	n := whole(text)
	if at.exists() && (n == 0 || interval == 0) {
		at.leave("how long its measurements take is not said: the rule watches for its bake", "bake: 30m")
		return 0
	}
	return time.Duration(n) * min(interval, 24*time.Hour)
}

// leaveDifference lists a time that differs from that of another metric.
func (m argoMetric) leaveDifference(name, which string, one, other time.Duration) {
	if one != other {
		m.at.get(name).mention("the metrics differ in it, and a rule has one time for all its signals: "+which, "give this metric a rule of its own")
	}
}

func (m argoMetric) time(name string) time.Duration {
	at := m.at.get(name)
	if !at.exists() {
		return 0
	}
	text, problem := m.args.substitute(at.text())
	if problem != nil {
		at.leave(problem.reason, problem.instead)
		return 0
	}
	d := duration(text)
	if d == 0 {
		at.leave("it is no duration", "write it as in 90s, 5m or 1h")
	}
	return d
}
