package catalogue

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
)

// AnySource is the key of patterns for the names of every source. PeopleSource is the source of
// what people and pipelines name themselves: POST /v1/events, the gate and holds.
const (
	AnySource    = "*"
	PeopleSource = "api"
)

// The bounds of patterns. A pattern is compiled once, at load; names come from outside, and a
// longer one is matched with nothing.
const (
	maxPattern = 1000 // bytes
	maxMatched = 1000 // bytes
)

// Pattern says which service a tool's name means: a regular expression (RE2) that the whole name
// must match, in which the group `service` is the service. The groups `environment` and `region`
// may say where it runs.
type Pattern struct{ whole *regexp.Regexp }

// ParsePattern compiles a pattern. Its error is for the operator.
func ParsePattern(text string) (Pattern, error) {
	switch {
	case text == "":
		return Pattern{}, errors.New("this pattern is empty: it would match no name")
	case len(text) > maxPattern:
		return Pattern{}, fmt.Errorf("this pattern has %d bytes; at most %d are read", len(text), maxPattern)
	}
	if _, err := regexp.Compile(text); err != nil { // alone, so that its brackets close nothing of ours
		return Pattern{}, fmt.Errorf("this is no regular expression of RE2 (https://github.com/google/re2/wiki/Syntax): %s", strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	whole, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return Pattern{}, err
	}
	return Pattern{whole}, checkGroups(whole.SubexpNames())
}

func checkGroups(names []string) error {
	for i, name := range names {
		if name != "" && slices.Index(names, name) < i {
			return fmt.Errorf("the group %q is named twice: write two patterns", name)
		}
		if name != "" && !slices.Contains([]string{"service", "environment", "region"}, name) {
			return fmt.Errorf("the group %q is none of service, environment, region", name)
		}
	}
	if !slices.Contains(names, "service") {
		return errors.New("this pattern does not say which part is the service: name it, as in acme/(?<service>.+)")
	}
	return nil
}

// String is the pattern as it was written.
func (p Pattern) String() string {
	return strings.TrimSuffix(strings.TrimPrefix(p.whole.String(), `\A(?:`), `)\z`)
}

// match returns what a name means; false where the pattern does not match it, or matches it with
// an empty service.
func (p Pattern) match(name string) (Mapped, bool) {
	groups := p.whole.FindStringSubmatch(name)
	if groups == nil {
		return Mapped{}, false
	}
	var m Mapped
	for i, group := range p.whole.SubexpNames() {
		switch group {
		case "service":
			m.Service = groups[i]
		case "environment":
			m.Environment = groups[i]
		case "region":
			m.Region = groups[i]
		}
	}
	return m, m.Service != ""
}

// Mapped is what a tool's name means.
type Mapped struct {
	Service     string
	Environment string // "" where the name does not say
	Region      string // "" where the name does not say
	Or          string // the service that another pattern of the same source makes of the name; "" where none does
}

// Map returns which service a name of a source means. An alias wins over patterns, and the
// patterns of the source over those of every source. Of several patterns that match, the first
// one wins. A name that nothing maps is the service's own.
func (c *Catalogue) Map(source, name string) Mapped {
	s := c.config()
	if service, ok := s.Aliases[name]; ok {
		return Mapped{Service: service}
	}
	if len(name) <= maxMatched {
		for _, key := range []string{source, AnySource} {
			if m, ok := firstMatch(s.Patterns[key], name); ok {
				return m
			}
		}
	}
	return Mapped{Service: name}
}

func firstMatch(patterns []Pattern, name string) (first Mapped, found bool) {
	for _, p := range patterns {
		m, ok := p.match(name)
		switch {
		case !ok:
		case !found:
			first, found = m, true
		case m.Service != first.Service:
			first.Or = m.Service
			return first, true
		}
	}
	return first, found
}

// Canonical returns the service that people mean by a name.
func (c *Catalogue) Canonical(name string) string { return c.Map(PeopleSource, name).Service }

// CanonicalEvent returns an event with the catalogue's name of its service, in place of its
// source's. What the name says of environment and region fills what the event leaves out.
func (c *Catalogue) CanonicalEvent(e sources.Event) sources.Event {
	m := c.Map(e.Source, e.Service)
	e.Service, e.Environment, e.Region = m.Service, cmp.Or(e.Environment, m.Environment), cmp.Or(e.Region, m.Region)
	return e
}

// Knows says whether a service is one of the catalogue's: listed, probed, or discovered last. sure
// is false where nobody can tell: nothing lists services, or the store was not asked yet or is
// being asked.
func (c *Catalogue) Knows(service string) (known, sure bool) {
	s := c.config()
	if _, listed := s.listed[service]; listed || slices.Contains(s.Probed, service) {
		return true, true
	}
	if s.Discover == "" {
		return false, len(s.List) > 0
	}
	if !c.mu.TryLock() {
		return false, false
	}
	defer c.mu.Unlock()
	_, found := c.found[service]
	return found, !c.asked.IsZero()
}
