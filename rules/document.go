package rules

import (
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// document is one file as people write it. These types are the shape of the
// YAML and nothing more: what it means, and the defaults, are in fill.go.
//
// Their comments are what an editor shows: schema.json is made from them
// (make generate), and a test holds that every key has one.
type document struct {
	// The team these rules belong to.
	Team string `yaml:"team" required:"true"`
	// What holds for every rule of the team that does not say otherwise. A team has them once.
	Defaults *writtenDefaults `yaml:"defaults,omitempty"`
	// The rules.
	Rules []written `yaml:"rules" required:"true"`
}

// writtenDefaults hold for every rule of a team that does not say otherwise.
type writtenDefaults struct {
	writtenSettings  `yaml:",inline"`
	writtenResponses `yaml:",inline"`
}

// written is one rule. The text stored with a watch has the keys in this order.
type written struct {
	// Unique in the whole folder: letters, digits, dots, dashes and underscores.
	Name string `yaml:"name" required:"true"`
	// A rule that comes with Pushback and is taken over, as in library/http-red. What stands here goes on
	// top of it.
	Use string `yaml:"use,omitempty"`
	// A rule whose settings, signals and responses are taken over, one level deep.
	Extends string `yaml:"extends,omitempty"`
	// service (the default), or site: belongs to no service, is watched at every change, lists suspects,
	// never rolls back.
	Scope string `yaml:"scope,omitempty"`
	// Which changes to watch.
	Watch *writtenWatch `yaml:"watch,omitempty"`
	// Whose signals are judged: the service's own, unless its callers or callees are said.
	Judge           *writtenJudge `yaml:"judge,omitempty"`
	writtenSettings `yaml:",inline"`
	// What to judge.
	Signals []writtenSignal `yaml:"signals,omitempty"`
	// Settings to change in what this rule uses or extends, as overrides do: {latency.slow: 1s, bake:
	// 20m}.
	Set map[string]setting `yaml:"set,omitempty"`
	// Settings for some services; later ones win.
	Overrides        []writtenOverride `yaml:"overrides,omitempty"`
	writtenResponses `yaml:",inline"`
}

// writtenSettings are the keys that a rule has from its team's defaults where
// it does not write them.
type writtenSettings struct {
	// A metric store of pushback.yml; the default one unless said.
	Store string `yaml:"store,omitempty"`
	// Warm-up after the change has finished, not judged. 1m unless said.
	Settle *strictyaml.Duration `yaml:"settle,omitempty"`
	// How long to watch after that. 30m unless said.
	Bake *strictyaml.Duration `yaml:"bake,omitempty"`
	// How often to look. 15s unless said.
	Every *strictyaml.Duration `yaml:"every,omitempty"`
	// The grain of judging. A thirtieth of bake unless said, and no less than a scrape.
	Tick *strictyaml.Duration `yaml:"tick,omitempty"`
	// How many ticks ahead of the change to compare with. 30 unless said.
	Before *int `yaml:"before,omitempty"`
	// How far back to learn how the signal moves on its own. 14d unless said.
	History *strictyaml.Duration `yaml:"history,omitempty"`
	// For tools that tell only the end of a change: how far back the time before must end.
	Rollout *strictyaml.Duration `yaml:"rollout,omitempty"`
	// Where people read on: an http address.
	Runbook string `yaml:"runbook,omitempty"`
	// A named window of pushback.yml in which nobody is paged.
	Quiet string `yaml:"quiet,omitempty"`
	// How far each kind of evidence may go, by reason: {limit: act, signal_lost: ask}.
	Policies map[string]Mode `yaml:"policies,omitempty"`
	// How much false alarm may cost: {false_pages: 1/week, false_rollbacks: 1/quarter}, which holds unless
	// said. With the number of changes watched, it sets how small p must be.
	Budget *writtenBudget `yaml:"budget,omitempty"`
}

// writtenResponses are inherited like writtenSettings. They are a type of their
// own because a rule has them at its end.
type writtenResponses struct {
	// What to do about a verdict. Each line answers once in a watch.
	Respond []writtenResponse `yaml:"respond,omitempty"`
}

// writtenBudget is how often a rule may be wrong.
type writtenBudget struct {
	// Likely or certain, and nothing was wrong. 1/week unless said.
	FalsePages *frequency `yaml:"false_pages,omitempty"`
	// Certain, and nothing was wrong. 1/quarter unless said.
	FalseRollbacks *frequency `yaml:"false_rollbacks,omitempty"`
}

type writtenWatch struct {
	// A glob of services: * is any text, ? one character, [a-z] a range. "*" for all.
	Service *string `yaml:"service,omitempty"`
	// Globs of services left out.
	Except strictyaml.TextList `yaml:"except,omitempty"`
	// A glob of the owner that the service catalogue names.
	Team string `yaml:"team,omitempty"`
	// A glob of environments; any unless said.
	Environment string `yaml:"environment,omitempty"`
	// A glob of regions; any unless said.
	Region string `yaml:"region,omitempty"`
	// Kinds of change; all unless said.
	Kind strictyaml.TextList `yaml:"kind,omitempty"`
	// Globs of the change's labels, all of which must match.
	Labels map[string]string `yaml:"labels,omitempty"`
}

// writtenJudge says whose signals are judged.
type writtenJudge struct {
	// Whose signals are judged: own, callers or callees, by services.calls of pushback.yml.
	Services string `yaml:"services" required:"true"`
}

type writtenSignal struct {
	// Unique in the rule: letters, digits, dashes and underscores. A histogram becomes name.mean and
	// name.slow.
	Name string `yaml:"name" required:"true"`
	// Inherited as a whole, so that no expression is mixed from two rules.
	Source writtenSource `yaml:",inline"`
	// The smallest effect that matters: 0.5 points of a fraction, 10% of a level, 20ms of a mean. Of a
	// histogram {mean: 10%, slow: 1 point}.
	MinEffect *writtenMinEffect `yaml:"min_effect,omitempty"`
	// With fewer events after the change, say nothing. 50 unless said.
	MinEvents *float64 `yaml:"min_events,omitempty"`
	// Wrong whatever it was before: 5% of all events, or 300ms of a mean.
	Limit *amount `yaml:"limit,omitempty"`
	// Of a histogram: what is slow. Chosen from the time before the change unless said.
	Slow *strictyaml.Duration `yaml:"slow,omitempty"`
	// Which way is worse; higher unless said.
	Worse string `yaml:"worse,omitempty"`
	// The period in which the signal repeats; day unless said.
	Season string `yaml:"season,omitempty"`
	// act: a signal that vanishes may roll back. tell is the default.
	Lost string `yaml:"lost,omitempty"`
	// skip: say nothing where the service has no such series. tell is the default.
	IfUnmatched string `yaml:"if_unmatched,omitempty"`
	// An expression: judged only in ticks in which it has a value other than 0.
	OnlyIf string `yaml:"only_if,omitempty"`
	// A label such as route: each of its values is judged as well, the twenty busiest before the change.
	By string `yaml:"by,omitempty"`
}

// writtenSource is where the numbers of a signal come from: one expression, or
// several.
type writtenSource struct {
	// Several expressions of one kind; the first that has data for the service is taken.
	AnyOf []writtenExpr `yaml:"any_of,omitempty"`
	Expr  writtenExpr   `yaml:",inline"`
}

type writtenExpr struct {
	// A bare selector of events, without rate or sum: http_requests_total{$match}. Needs bad.
	Counter string `yaml:"counter,omitempty"`
	// A histogram of durations, named without _bucket: http_request_duration_seconds{$match}.
	Histogram string `yaml:"histogram,omitempty"`
	// An expression that gives one number a moment.
	Query string `yaml:"query,omitempty"`
	// What a query gives: gauge (the default), rate or ratio.
	Kind string `yaml:"kind,omitempty"`
	// Of a counter: label matchers without braces that make an event bad, code=~"5..". Of a ratio: a query
	// of bad events a tick.
	Bad string `yaml:"bad,omitempty"`
	// Of a ratio: a query of all events a tick.
	Total string `yaml:"total,omitempty"`
	// What the change does not touch, watched at the same time: a selector or query of the same form.
	Control *writtenControl `yaml:"control,omitempty"`
}

// writtenMinEffect is one amount, or one each for a histogram's two signals.
type writtenMinEffect struct {
	// Of the mean: 10%, or 20ms.
	Mean *amount `yaml:"mean,omitempty"`
	// Of the slow fraction: 1 point.
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
	// A glob of services.
	Service string `yaml:"service" required:"true"`
	// Settings by name: bake, or latency.slow.
	Set map[string]setting `yaml:"set" required:"true"`
}

// setting is any single value; which, its key decides.
type setting string

// UnmarshalText takes the value as it is written.
func (s *setting) UnmarshalText(text []byte) error {
	*s = setting(strings.TrimSpace(string(text)))
	return nil
}

type writtenResponse struct {
	// Answers when the evidence is at least this sure.
	AtLeast string `yaml:"at_least,omitempty"`
	// Answers at an occasion instead of a grade.
	On string `yaml:"on,omitempty"`
	// A condition that holds the line back until it is true: change.kind != "config" && !freeze("friday").
	When string `yaml:"when,omitempty"`
	// Receivers of pushback.yml, or $owner.chat, $owner.pager, $service.owner.
	Tell strictyaml.TextList `yaml:"tell,omitempty"`
	// What may change production.
	Rollback *writtenRollback `yaml:"rollback,omitempty"`
}

type writtenRollback struct {
	// A hook of pushback.yml, or $service.hook.
	Hook string `yaml:"hook" required:"true"`
	// observe (the default) only says what would have been done; ask lets a person approve; act acts.
	Mode *Mode `yaml:"mode,omitempty"`
}
