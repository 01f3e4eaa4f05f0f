// Package route is a receiver that stands for others: rules tell one name, and pushback.yml says
// who that is, by team, service, severity and reason. It sends nothing itself, and package
// internal/routing passes messages on.
//
//	oncall:
//	  kind: route
//	  routes:
//	    - match: {team: payments, severity: critical}
//	      to: payments-pager
//	    - match: {kind: flag}
//	      to: flags-chat
//	      quiet: nights
//	  otherwise: chat
//	  escalate:
//	    - {after: 10m, to: lead-pager}
//
// The first entry that matches decides. An entry matches where each of its keys does, and a key
// where one of its words or globs does.
//
// See adr/0137.
package route

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
)

// Config is a receiver of kind route in pushback.yml.
type Config struct {
	Routes    []Entry             `yaml:"routes"`
	Otherwise strictyaml.TextList `yaml:"otherwise"`
	Escalate  []Step              `yaml:"escalate"`
}

// Entry is where messages go that match.
type Entry struct {
	Match Match               `yaml:"match"`
	To    strictyaml.TextList `yaml:"to"`
	Quiet string              `yaml:"quiet"` // a name under freezes: while it is open, what is not urgent waits
}

// Match is what a message must be like. An empty list matches everything.
type Match struct {
	Team        strictyaml.TextList `yaml:"team"`        // globs
	Service     strictyaml.TextList `yaml:"service"`     // globs
	Environment strictyaml.TextList `yaml:"environment"` // globs
	Kind        strictyaml.TextList `yaml:"kind"`        // of the change
	Severity    strictyaml.TextList `yaml:"severity"`
	Reason      strictyaml.TextList `yaml:"reason"` // of the verdict
}

// Step is who is told when nobody has answered a question for some time.
type Step struct {
	After time.Duration       `yaml:"after"`
	To    strictyaml.TextList `yaml:"to"`
}

// Route is a route. It is immutable.
type Route struct{ config Config }

// New checks what can be checked without the rest of pushback.yml.
func New(c Config) (*Route, error) {
	if len(c.Otherwise) == 0 {
		return nil, fmt.Errorf("otherwise is missing: the receivers of what no entry matches, so that nothing is lost")
	}
	for i, e := range c.Routes {
		if len(e.To) == 0 {
			return nil, fmt.Errorf("routes[%d].to is missing: the receivers of what matches", i)
		}
		if err := e.Match.check(); err != nil {
			return nil, fmt.Errorf("routes[%d].match.%w", i, err)
		}
	}
	last := time.Duration(0)
	for i, s := range c.Escalate {
		if s.After <= last || len(s.To) == 0 {
			return nil, fmt.Errorf("escalate[%d]: each step needs receivers in to, and an after that is longer than that of the step before", i)
		}
		last = s.After
	}
	return &Route{c}, nil
}

// The words of the keys that take no globs.
var (
	severities = []string{string(notify.Info), string(notify.Warning), string(notify.Error), string(notify.Critical)}
	kinds      = []string{string(sources.Deploy), string(sources.Config), string(sources.Flag), string(sources.Experiment)}
)

func (m Match) check() error {
	var reasons []string
	for r := range detector.Reasons {
		reasons = append(reasons, string(r))
	}
	slices.Sort(reasons)
	return cmp.Or(
		checkGlobs("team", m.Team), checkGlobs("service", m.Service), checkGlobs("environment", m.Environment),
		checkWords("kind", m.Kind, kinds), checkWords("severity", m.Severity, severities), checkWords("reason", m.Reason, reasons))
}

func checkGlobs(key string, globs []string) error {
	for _, glob := range globs {
		if _, err := path.Match(glob, ""); err != nil || glob == "" {
			return fmt.Errorf("%s: %q is no name, and no pattern such as shop-*", key, glob)
		}
	}
	return nil
}

func checkWords(key string, words, known []string) error {
	for _, w := range words {
		if slices.Contains(known, w) {
			continue
		}
		if near := strictyaml.Nearest(w, known); near != "" {
			return fmt.Errorf("%s: there is no %q; did you mean %q?", key, w, near)
		}
		return fmt.Errorf("%s: there is no %q; known are %q", key, w, known)
	}
	return nil
}

func (m Match) matches(f notify.Facts) bool {
	return anyGlob(m.Team, f.Team) && anyGlob(m.Service, f.Service) && anyGlob(m.Environment, f.Environment) &&
		anyWord(m.Kind, f.Kind) && anyWord(m.Severity, string(f.Severity)) && anyWord(m.Reason, f.Reason)
}

func anyGlob(globs []string, name string) bool {
	return len(globs) == 0 || slices.ContainsFunc(globs, func(glob string) bool { return sources.MatchesName(glob, name) })
}

func anyWord(words []string, word string) bool {
	return len(words) == 0 || slices.Contains(words, word)
}

// Route is where a message goes.
func (r *Route) Route(f notify.Facts) notify.Routing {
	for _, e := range r.config.Routes {
		if e.Match.matches(f) {
			return notify.Routing{To: e.To, Quiet: e.Quiet}
		}
	}
	return notify.Routing{To: r.config.Otherwise}
}

// Escalations are who is told when nobody answers.
func (r *Route) Escalations() (all []notify.Escalation) {
	for _, s := range r.config.Escalate {
		all = append(all, notify.Escalation{After: s.After, To: s.To})
	}
	return all
}

// Reaches are all receivers that are named, each once.
func (r *Route) Reaches() (all []string) {
	for _, name := range r.config.ReceiversNamed() {
		all = append(all, name)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// Send refuses: a message to a route is passed on, and never sent to it.
func (r *Route) Send(context.Context, notify.Message) error {
	return fmt.Errorf("a route sends nothing itself, it names receivers: %q: %w", r.Reaches(), notify.ErrPermanent)
}

// ReceiversNamed are the receivers that are named, by the place in the settings.
func (c *Config) ReceiversNamed() map[string]string {
	named := map[string]string{}
	for i, e := range c.Routes {
		addNamed(named, fmt.Sprintf("routes[%d].to", i), e.To)
	}
	addNamed(named, "otherwise", c.Otherwise)
	for i, s := range c.Escalate {
		addNamed(named, fmt.Sprintf("escalate[%d].to", i), s.To)
	}
	return named
}

func addNamed(named map[string]string, at string, names []string) {
	for i, name := range names {
		named[fmt.Sprintf("%s[%d]", at, i)] = name
	}
}

// WindowsNamed are the freeze windows that are named, by the place in the settings.
func (c *Config) WindowsNamed() map[string]string {
	named := map[string]string{}
	for i, e := range c.Routes {
		if e.Quiet != "" {
			named[fmt.Sprintf("routes[%d].quiet", i)] = e.Quiet
		}
	}
	return named
}

// LongestWait is how long a question has waited when the last step is told, 0 where there is none.
func (c *Config) LongestWait() time.Duration {
	if len(c.Escalate) == 0 {
		return 0
	}
	return c.Escalate[len(c.Escalate)-1].After
}
