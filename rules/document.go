package rules

import (
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// document is one file as people write it. These types are the shape of the
// YAML and nothing more: what it means, and the defaults, are in fill.go.
type document struct {
	Team     string           `yaml:"team" required:"true"`
	Defaults *writtenDefaults `yaml:"defaults,omitempty"`
	Rules    []written        `yaml:"rules" required:"true"`
}

// writtenDefaults hold for every rule of a team that does not say otherwise.
type writtenDefaults struct {
	Store    string               `yaml:"store,omitempty"`
	Settle   *strictyaml.Duration `yaml:"settle,omitempty"`
	Bake     *strictyaml.Duration `yaml:"bake,omitempty"`
	Every    *strictyaml.Duration `yaml:"every,omitempty"`
	Tick     *strictyaml.Duration `yaml:"tick,omitempty"`
	Before   *int                 `yaml:"before,omitempty"`
	History  *strictyaml.Duration `yaml:"history,omitempty"`
	Rollout  *strictyaml.Duration `yaml:"rollout,omitempty"`
	Runbook  string               `yaml:"runbook,omitempty"`
	Quiet    string               `yaml:"quiet,omitempty"`
	Policies map[string]Mode      `yaml:"policies,omitempty"`
	Respond  []writtenResponse    `yaml:"respond,omitempty"`
}

type written struct {
	Name      string               `yaml:"name" required:"true"`
	Use       string               `yaml:"use,omitempty"`
	Extends   string               `yaml:"extends,omitempty"`
	Scope     string               `yaml:"scope,omitempty"`
	Watch     *writtenWatch        `yaml:"watch,omitempty"`
	Store     string               `yaml:"store,omitempty"`
	Settle    *strictyaml.Duration `yaml:"settle,omitempty"`
	Bake      *strictyaml.Duration `yaml:"bake,omitempty"`
	Every     *strictyaml.Duration `yaml:"every,omitempty"`
	Tick      *strictyaml.Duration `yaml:"tick,omitempty"`
	Before    *int                 `yaml:"before,omitempty"`
	History   *strictyaml.Duration `yaml:"history,omitempty"`
	Rollout   *strictyaml.Duration `yaml:"rollout,omitempty"`
	Runbook   string               `yaml:"runbook,omitempty"`
	Quiet     string               `yaml:"quiet,omitempty"`
	Policies  map[string]Mode      `yaml:"policies,omitempty"`
	Signals   []writtenSignal      `yaml:"signals,omitempty"`
	Set       map[string]setting   `yaml:"set,omitempty"`
	Overrides []writtenOverride    `yaml:"overrides,omitempty"`
	Respond   []writtenResponse    `yaml:"respond,omitempty"`
}

type writtenWatch struct {
	Service     *string           `yaml:"service,omitempty"`
	Except      strictyaml.Words  `yaml:"except,omitempty"`
	Team        string            `yaml:"team,omitempty"`
	Environment string            `yaml:"environment,omitempty"`
	Region      string            `yaml:"region,omitempty"`
	Kind        strictyaml.Words  `yaml:"kind,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
}

type writtenSignal struct {
	Name        string               `yaml:"name" required:"true"`
	AnyOf       []writtenExpr        `yaml:"any_of,omitempty"`
	Expr        writtenExpr          `yaml:",inline"`
	MinEffect   *writtenMinEffect    `yaml:"min_effect,omitempty"`
	MinEvents   *float64             `yaml:"min_events,omitempty"`
	Limit       *amount              `yaml:"limit,omitempty"`
	Slow        *strictyaml.Duration `yaml:"slow,omitempty"`
	Worse       string               `yaml:"worse,omitempty"`
	Season      string               `yaml:"season,omitempty"`
	Lost        string               `yaml:"lost,omitempty"`
	IfUnmatched string               `yaml:"if_unmatched,omitempty"`
	OnlyIf      string               `yaml:"only_if,omitempty"`
}

type writtenExpr struct {
	Counter   string          `yaml:"counter,omitempty"`
	Histogram string          `yaml:"histogram,omitempty"`
	Query     string          `yaml:"query,omitempty"`
	Kind      string          `yaml:"kind,omitempty"`
	Bad       string          `yaml:"bad,omitempty"`   // of a counter: matchers; of a ratio: a query
	Total     string          `yaml:"total,omitempty"` // of a ratio
	Control   *writtenControl `yaml:"control,omitempty"`
}

// writtenMinEffect is one amount, or one each for a histogram's two signals.
type writtenMinEffect struct {
	Mean *amount `yaml:"mean,omitempty"`
	Slow *amount `yaml:"slow,omitempty"`
	Only *amount `yaml:"-"`
}

// Scalar is what a single amount fills.
func (w *writtenMinEffect) Scalar() any { return &w.Only }

// MarshalYAML writes the form that was read.
func (w writtenMinEffect) MarshalYAML() (any, error) {
	if w.Only != nil {
		return w.Only.text, nil
	}
	type both writtenMinEffect
	return both(w), nil
}

type writtenOverride struct {
	Service string             `yaml:"service" required:"true"`
	Set     map[string]setting `yaml:"set" required:"true"`
}

// setting is any single value; which, its key decides.
type setting string

// UnmarshalText takes the value as it is written.
func (s *setting) UnmarshalText(text []byte) error {
	*s = setting(strings.TrimSpace(string(text)))
	return nil
}

type writtenResponse struct {
	AtLeast  string           `yaml:"at_least,omitempty"`
	On       string           `yaml:"on,omitempty"`
	When     string           `yaml:"when,omitempty"`
	Tell     strictyaml.Words `yaml:"tell,omitempty"`
	Rollback *writtenRollback `yaml:"rollback,omitempty"`
}

type writtenRollback struct {
	Hook string `yaml:"hook" required:"true"`
	Mode *Mode  `yaml:"mode,omitempty"`
}
