package doctor

import (
	"fmt"
	"slices"

	"github.com/pushback/pushback/rules"
)

// Receivers judges who is told: named are the receivers of pushback.yml, fallback is the
// operators' default receiver. digests are those that are also sent a digest. file is the name of pushback.yml.
func Receivers(named, digests []string, fallback string, set *rules.Set, services []rules.Service, file string) []Check {
	if len(named) == 0 {
		return []Check{Of(Receiving, "", Warn,
			fmt.Sprintf("receivers: {team: {kind: slack, url_file: slack-url}}   # in %s; docs/pushback.yml shows every kind", file),
			"no receiver is configured, so that nobody is told of a bad change; verdicts are on the pages alone")}
	}
	var all []Check
	told := told(set, services)
	if len(told) == 0 {
		all = append(all, Of(Receiving, "", Warn, "respond: [{at_least: likely, tell: "+named[0]+"}]   # in a rule", "no rule tells anybody"))
	}
	if fallback == "" {
		all = append(all, Of(Receiving, "", Warn, fmt.Sprintf("services: {default: {pager: %s}}   # in %s", named[0], file),
			"there is no default receiver; what concerns nobody in particular, such as a store that does not answer, is told to nobody"))
	}
	told[fallback] = true
	for _, name := range digests {
		told[name] = true
	}
	for _, name := range named {
		if !told[name] {
			all = append(all, Of(Receiving, "receivers."+name, Warn, fmt.Sprintf("tell: %s   # in a rule, or chat: %s of a service in %s", name, name, file),
				"nobody is told through receivers.%s; no rule and no service names it", name))
		}
	}
	return all
}

// told are the receivers that some response line reaches. A word such as $owner.chat may be another
// receiver for each service.
func told(set *rules.Set, services []rules.Service) map[string]bool {
	all := map[string]bool{}
	for _, word := range wordsOf(set) {
		for _, s := range append(slices.Clone(services), rules.Service{}) {
			if name := s.Receiver(word); name != "" {
				all[name] = true
			}
		}
	}
	return all
}

// wordsOf are the words of tell in all response lines.
func wordsOf(set *rules.Set) (words []string) {
	for _, r := range set.Rules() {
		for _, line := range r.Respond {
			words = append(words, line.Tell...)
		}
	}
	return words
}
