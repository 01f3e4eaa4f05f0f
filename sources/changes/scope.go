package changes

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// Scope is what a source may report, and how the tool's words are translated to
// Pushback's. The zero Scope allows every service and renames nothing.
type Scope struct {
	// Services are globs over the service's name in the catalogue. Empty means
	// all. The server checks events against them, and not the source, because
	// only there every alias is resolved.
	Services []string `yaml:"services"`
	// Environments maps the tool's names to Pushback's; others stay as they are.
	Environments map[string]string `yaml:"environments"`
	// Kind is the kind of the source's changes where the tool names none.
	Kind sources.Kind `yaml:"change_kind"`
	// Rollout is how long before its end a change began, for tools that report
	// only the end. 0: the tool reports the start itself.
	Rollout time.Duration `yaml:"rollout"`
	// Paths divide changes of a repository with many services. A Completer that can ask which files
	// a change touches does so where there are any.
	Paths Paths `yaml:"paths"`
}

// Check refuses globs that are malformed, kinds that do not exist and
// rollouts that end before they begin.
func (s Scope) Check() error {
	for _, glob := range s.Services {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("services: %q is not a glob", glob)
		}
	}
	kinds := []sources.Kind{"", sources.Deploy, sources.Config, sources.Flag, sources.Experiment}
	if !slices.Contains(kinds, s.Kind) {
		return fmt.Errorf("change_kind: %q is none of deploy, config, flag, experiment", s.Kind)
	}
	if s.Rollout < 0 {
		return fmt.Errorf("rollout: %s is negative", s.Rollout)
	}
	return s.Paths.Check()
}

// Translate puts the event into Pushback's words and returns what it amounts
// to: itself, preceded by the start that the tool does not report when Rollout
// is set.
func (s Scope) Translate(e sources.Event) []sources.Event {
	if ours, ok := s.Environments[e.Environment]; ok {
		e.Environment = ours
	}
	e.Kind = cmp.Or(e.Kind, s.Kind)
	if s.Rollout == 0 || e.Status == sources.Started {
		return []sources.Event{e}
	}
	return []sources.Event{s.impliedStart(e), e}
}

// impliedStart is the start of the change whose end is e.
func (s Scope) impliedStart(e sources.Event) sources.Event {
	e.EventID += ":rollout"
	e.Status = sources.Started
	e.At = e.At.Add(-s.Rollout)
	e.Sequence = 0
	return e
}
