package rules

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
)

// A response line may name whoever is responsible for the service: $owner.pager,
// $owner.chat, $service.owner and $service.hook. For a service of which pushback.yml does
// not say it, such a word is nobody: the operators' default receiver is told, and nothing
// can be rolled back.
//
// See adr/0088.

// Receiver is the receiver that a word of tell stands for, "" where it is nobody.
func (s Service) Receiver(word string) string {
	switch word {
	case ownerChat:
		return s.Chat
	case ownerPager:
		return s.Pager
	case serviceOwner:
		return s.Owner
	}
	return word
}

// nobody are the words of a line that are nobody for a service, each once.
func (r Response) nobody(s Service) []string {
	var words []string
	for _, w := range r.Tell {
		if s.Receiver(w) == "" && !slices.Contains(words, w) {
			words = append(words, w)
		}
	}
	if r.Rollback != nil && r.Rollback.Hook == serviceHook && s.Hook == "" {
		words = append(words, serviceHook)
	}
	return words
}

// Nobody are the words of the rule's response lines that are nobody for its service, each
// once.
func (b Bound) Nobody() []string {
	var words []string
	for _, line := range b.rule.Respond {
		for _, w := range line.nobody(b.service) {
			if !slices.Contains(words, w) {
				words = append(words, w)
			}
		}
	}
	return words
}

// Nobody are warnings of words that are nobody for some of the services: one for each word
// of a rule.
func (s *Set) Nobody(services []Service) []Diagnostic {
	var all []Diagnostic
	for i := range s.rules {
		all = append(all, s.rules[i].nobody(services)...)
	}
	return all
}

func (r *Rule) nobody(services []Service) []Diagnostic {
	var found []nobodyWord
	for _, line := range r.Respond {
		for _, s := range services {
			if !r.watchesSome(s) {
				continue
			}
			for _, w := range line.nobody(s) {
				found = addNobody(found, w, s.Name)
			}
		}
	}
	all := make([]Diagnostic, len(found))
	for i, w := range found {
		all[i] = w.warning(*r)
	}
	return all
}

// nobodyWord is a word that is nobody for some services.
type nobodyWord struct {
	word     string
	services []string
}

func addNobody(found []nobodyWord, word, service string) []nobodyWord {
	i := slices.IndexFunc(found, func(n nobodyWord) bool { return n.word == word })
	if i < 0 {
		return append(found, nobodyWord{word, []string{service}})
	}
	if !slices.Contains(found[i].services, service) {
		found[i].services = append(found[i].services, service)
	}
	return found
}

// watchesSome says whether the rule watches some change of the service.
func (r *Rule) watchesSome(s Service) bool {
	anywhere := Rule{Site: r.Site, Watch: Selector{Service: r.Watch.Service, Except: r.Watch.Except, Team: r.Watch.Team, Environment: "*"}}
	return anywhere.Watches(sources.Change{Service: s.Name}, s)
}

func (n nobodyWord) warning(r Rule) Diagnostic {
	d := Diagnostic{File: r.File, Line: r.Line, Column: 1, Code: codeNobody, Warning: true}
	if n.word == serviceHook {
		d.Message = fmt.Sprintf("rule %s: no hook is known for %s, so that nothing can be rolled back", r.Name, someOf(n.services))
		d.Hint = "name a hook in pushback.yml: in services.list, the aliases file or services.default"
		return d
	}
	d.Message = fmt.Sprintf("rule %s: %s is nobody for %s; the operators' default receiver is told instead", r.Name, n.word, someOf(n.services))
	d.Hint = "name a receiver in pushback.yml: in services.list, the aliases file or services.default"
	return d
}

// someOf lists the first names and counts the rest.
func someOf(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
