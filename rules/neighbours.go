package rules

import (
	"fmt"
	"maps"
	"slices"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pushback/pushback/sources/metrics/promql"
)

// A rule may judge, instead of the service that changed, the services that call
// it or that it calls, because a caller may see errors that the service itself
// counts as successes. $match then selects all of them together, and $service is
// still the one that changed: {$match,upstream="$service"} are the calls between
// them.

// The words of `judge: {services: …}`.
const (
	judgeOwn     = "own"
	judgeCallers = "callers"
	judgeCallees = "callees"
)

// judge reads whose signals a rule judges.
func (r *reader) judge(at string, w written, rule *Rule) {
	if w.Judge == nil {
		return
	}
	r.optional(at+".judge.services", "neighbours", w.Judge.Services, []string{judgeOwn, judgeCallers, judgeCallees})
	if w.Judge.Services != judgeOwn {
		rule.Judge = w.Judge.Services
	}
	if rule.Site {
		r.at(at+".judge", codeSignalForm, "a rule of scope site has no service, and so no neighbours", "remove the key")
	}
}

// judgedServices are the labels of the services whose signals are judged, one each.
func (b Bound) judgedServices() []map[string]string {
	switch b.rule.Judge {
	case judgeCallers:
		return b.service.Callers
	case judgeCallees:
		return b.service.Callees
	}
	return []map[string]string{b.service.Match}
}

// match is $match. A service without labels, or without neighbours, is an
// error and never a wider selector, because a service must not be judged by the
// errors of all services.
func (b Bound) match() ([]*labels.Matcher, error) {
	pooled := Pool(b.judgedServices())
	if len(pooled) == 0 {
		return nil, fmt.Errorf("service %q: %w", b.service.Name, ErrNoMatch)
	}
	return promql.Matchers(pooled), nil
}

// Pool gives, for services known by these labels, the values of every label
// that all of them have, sorted: what selects them together. It is empty where
// they have none in common, or where one has no labels at all.
func Pool(services []map[string]string) map[string][]string {
	pooled := map[string][]string{}
	for i, match := range services {
		for name, value := range match {
			if value != "" && (i == 0 || pooled[name] != nil) && !slices.Contains(pooled[name], value) {
				pooled[name] = append(pooled[name], value)
			}
		}
		maps.DeleteFunc(pooled, func(name string, _ []string) bool { return match[name] == "" })
	}
	for _, values := range pooled {
		slices.Sort(values)
	}
	return pooled
}

// Covers says whether a pool selects a service known by these labels.
func Covers(pool map[string][]string, match map[string]string) bool {
	for name, values := range pool {
		if !slices.Contains(values, match[name]) {
			return false
		}
	}
	return len(pool) > 0
}
