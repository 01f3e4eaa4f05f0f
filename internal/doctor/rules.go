package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Rules finds rules that watch none of the services. folder is the name of the rules folder.
func Rules(set *rules.Set, services []rules.Service, folder string) []Check {
	used := map[string]bool{}
	anywhere := set.Anywhere()
	for _, s := range services {
		for _, r := range anywhere.Watching(sources.Change{Service: s.Name}, s) {
			used[r.Name] = true
		}
	}
	var all []Check
	for _, r := range set.Rules() {
		if used[r.Name] || r.Site {
			continue
		}
		names := make([]string, len(services))
		for i, s := range services {
			names[i] = s.Name
		}
		all = append(all, Of(RulesArea, r.Name, Warn, fmt.Sprintf("%s/%s:%d: watch: {service: …}   # the services are %s", folder, r.File, r.Line, someOf(names)),
			"rule %s watches none of the %s; %s", r.Name, counted(len(services), "service"), watchedBy(r)))
	}
	return all
}

func watchedBy(r rules.Rule) string {
	text := "it watches " + r.Watch.Service
	if r.Watch.Team != "" {
		text += " of team " + r.Watch.Team
	}
	if len(r.Watch.Except) > 0 {
		text += " except " + strings.Join(r.Watch.Except, ", ")
	}
	return text
}

// maxNamed is how many services are named one by one.
const maxNamed = 8

// Coverage judges which services rules have data for. total is how many services there are, of
// which all may be a part.
func Coverage(all []survey.Coverage, total int) []Check {
	var checks []Check
	seen := 0
	for _, c := range all {
		if len(c.Covered) > 0 {
			seen++
			continue
		}
		if len(checks) < maxNamed {
			checks = append(checks, Of(Covered, c.Service, unseen(c), "pushback rules coverage --unseen", "no rule has data for %s: %s", c.Service, c.Why))
		}
	}
	if left := len(all) - seen - len(checks); left > 0 {
		checks = append(checks, Of(Covered, "", Warn, "pushback rules coverage --unseen", "no rule has data for %s more", counted(left, "service")))
	}
	checks = append(checks, signalsWithout(all)...)
	checks = append(checks, unjudged(all)...)
	if seen > 0 {
		checks = append(checks, Of(Covered, "", OK, "", "rules have data for %d of %s", seen, counted(len(all), "service")))
	}
	if left := total - len(all); left > 0 {
		checks = append(checks, Of(Covered, "", NotChecked, "pushback rules coverage", "%s more were not asked about, because that takes long", counted(left, "service")))
	}
	return checks
}

// unseen is Fail where the store could not be asked.
func unseen(c survey.Coverage) Status {
	if slices.ContainsFunc(c.Missing, func(g survey.Gap) bool { return g.Failed }) {
		return Fail
	}
	return Warn
}

// unjudged says what keeps signals with data from being judged, each reason once.
func unjudged(all []survey.Coverage) (checks []Check) {
	var order []rules.Diagnostic
	services := map[rules.Diagnostic][]string{}
	for _, c := range all {
		for _, v := range c.Covered {
			for _, d := range v.Warnings {
				if services[d] == nil {
					order = append(order, d)
				}
				services[d] = append(services[d], c.Service)
			}
		}
	}
	for _, d := range order[:min(len(order), maxNamed)] {
		checks = append(checks, Of(Covered, fmt.Sprintf("%s:%d", d.File, d.Line), Warn, cmp.Or(d.Hint, "pushback rules coverage"), "%s: %s", someOf(services[d]), d.Message))
	}
	return checks
}

// Observing says which rules say more than they may do: a new rule observes until it has earned
// its mode, and earned holds the names of those that have.
func Observing(set *rules.Set, earned map[string]bool, file string) []Check {
	var names []string
	for _, r := range set.Rules() {
		if r.MaxMode() > rules.Observe && !earned[r.Name] {
			names = append(names, r.Name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	return []Check{Of(RulesArea, "", Warn, "pushback rules status   # what each has to earn; trust: {new_rules: as_written} in "+file+" lets rules do what they say",
		"%s only observe, although they say more: nothing is rolled back until they have earned it", someOf(names))}
}

// signalsWithout names the signals that some service lacks, although it has others of the rule.
func signalsWithout(all []survey.Coverage) (checks []Check) {
	var order []string
	services := map[string][]string{}
	for _, c := range all {
		for _, v := range c.Covered {
			for _, signal := range v.Without {
				name := v.Rule + " " + signal
				if services[name] == nil {
					order = append(order, name)
				}
				services[name] = append(services[name], c.Service)
			}
		}
	}
	for _, name := range order[:min(len(order), maxNamed)] {
		checks = append(checks, Of(Covered, name, Warn, "pushback rules coverage", "signal %s has no data for %s", name, someOf(services[name])))
	}
	return checks
}
