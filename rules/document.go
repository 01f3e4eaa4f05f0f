package rules

import (
	"strings"

	"github.com/pushback/pushback/internal/strictyaml"
)

// document is one file as people write it. These types have the shape of the YAML;
// fill.go has its meaning and the defaults.
//
// Editors show the comments of the fields: schema.json is made from them (make
// generate), and a test checks that every key has one.
type document struct {
	// The team these rules belong to.
	Team string `yaml:"team" required:"true" example:"team: NAME, with the team that owns these rules"`
	// Keys of every rule of the team that does not write them itself. A team has them once.
	Defaults *writtenDefaults `yaml:"defaults,omitempty"`
	// The rules.
	Rules []written `yaml:"rules" required:"true"`
}

// writtenDefaults are the keys of every rule of a team that does not write them.
type writtenDefaults struct {
	writtenSettings  `yaml:",inline"`
	writtenResponses `yaml:",inline"`
}

// written is one rule. The text stored with a watch has the keys in this order.
type written struct {
	// Unique in the whole folder: letters, digits, dots, dashes and underscores.
	Name string `yaml:"name" required:"true"`
	// A rule of Pushback's library whose keys are inherited, as in library/http-red. Keys written here
	// replace its own.
	Use string `yaml:"use,omitempty"`
	// A rule whose settings, signals and responses are inherited. It cannot itself extend another.
	Extends string `yaml:"extends,omitempty"`
	// service (the default), or site: belongs to no service, watches every change, lists suspects, never
	// rolls back.
	Scope string `yaml:"scope,omitempty"`
	// Which changes to watch.
	Watch *writtenWatch `yaml:"watch,omitempty"`
	// Whose signals are judged. Default: the service's own.
	Judge           *writtenJudge `yaml:"judge,omitempty"`
	writtenSettings `yaml:",inline"`
	// Names of signals without which no verdict is healthy.
	Needs strictyaml.TextList `yaml:"needs,omitempty"`
	// What to judge.
	Signals []writtenSignal `yaml:"signals,omitempty"`
	// Settings to change in the rule that this one uses or extends, as in overrides: {latency.slow: 1s,
	// bake: 20m}.
	Set map[string]setting `yaml:"set,omitempty"`
	// Settings for some services. Of several the last one counts.
	Overrides        []writtenOverride `yaml:"overrides,omitempty"`
	writtenResponses `yaml:",inline"`
}

// writtenSettings are the keys that a rule has from its team's defaults where
// it does not write them.
type writtenSettings struct {
	// A metric store of pushback.yml; without it the default one.
	Store string `yaml:"store,omitempty"`
	// Warm-up after the change has finished, not judged. Default: 1m.
	Settle *strictyaml.Duration `yaml:"settle,omitempty"`
	// How long to watch after that. Default: 30m.
	Bake *strictyaml.Duration `yaml:"bake,omitempty"`
	// How often to look. Default: 15s.
	Every *strictyaml.Duration `yaml:"every,omitempty"`
	// The length of one value that is judged. Default: a thirtieth of bake, at least one scrape interval.
	Tick *strictyaml.Duration `yaml:"tick,omitempty"`
	// How many ticks before the change to compare with. Default: 30.
	Before *int `yaml:"before,omitempty"`
	// How far back to learn how the signal varies without changes. Default: 14d.
	History *strictyaml.Duration `yaml:"history,omitempty"`
	// For tools that report only the end of a change: how much earlier the before window ends.
	Rollout *strictyaml.Duration `yaml:"rollout,omitempty"`
	// What people should read when they are notified: an http address.
	Runbook string `yaml:"runbook,omitempty"`
	// A named window of pushback.yml in which nobody is paged.
	Quiet string `yaml:"quiet,omitempty"`
	// The furthest mode by reason of the evidence: {limit: act, signal_lost: ask}.
	Policies map[string]Mode `yaml:"policies,omitempty"`
	// How often the rule may be wrong. Default: {false_pages: 1/week, false_rollbacks: 1/quarter}. With the
	// number of changes watched, it sets how small p must be.
	Budget *writtenBudget `yaml:"budget,omitempty"`
}

// writtenResponses are inherited like writtenSettings. They are a type of their
// own because a rule has them at its end.
type writtenResponses struct {
	// What to do about a verdict. Each line is carried out once in a watch.
	Respond []writtenResponse `yaml:"respond,omitempty"`
}

// writtenBudget is how often a rule may be wrong.
type writtenBudget struct {
	// Grade likely or certain, and nothing was wrong. Default: 1/week.
	FalsePages *frequency `yaml:"false_pages,omitempty"`
	// Grade certain, and nothing was wrong. Default: 1/quarter.
	FalseRollbacks *frequency `yaml:"false_rollbacks,omitempty"`
}

type writtenWatch struct {
	// A glob of services: * is any text, ? one character, [a-z] a range. "*" for all.
	Service *string `yaml:"service,omitempty"`
	// Globs of services left out.
	Except strictyaml.TextList `yaml:"except,omitempty"`
	// A glob of the owner that the service catalogue names.
	Team string `yaml:"team,omitempty"`
	// A glob of environments. Default: any.
	Environment string `yaml:"environment,omitempty"`
	// A glob of regions. Default: any.
	Region string `yaml:"region,omitempty"`
	// Kinds of change. Default: all.
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
	// With fewer events after the change the signal is not judged. Default: 50.
	MinEvents *float64 `yaml:"min_events,omitempty"`
	// Wrong even if it was the same before: 5% of all events, or 300ms of a mean.
	Limit *amount `yaml:"limit,omitempty"`
	// Of a histogram: from where on an event is slow. Default: chosen from the before window.
	Slow *strictyaml.Duration `yaml:"slow,omitempty"`
	// Which way is worse. Default: higher.
	Worse string `yaml:"worse,omitempty"`
	// The period in which the signal repeats. Default: day.
	Season string `yaml:"season,omitempty"`
	// act: a signal that disappears may roll back. Default: tell.
	Lost string `yaml:"lost,omitempty"`
	// skip: do not judge the signal of a service that has no such series. Default: tell.
	IfUnmatched string `yaml:"if_unmatched,omitempty"`
	// Of a query that gives several series, such as one a pod: how they become one number at each time, sum,
	// mean, max or min. Without it a query must give one series.
	Combine string `yaml:"combine,omitempty"`
	// An expression: judged only in ticks in which it has a value other than 0.
	OnlyIf string `yaml:"only_if,omitempty"`
	// A label such as route: the twenty values that were busiest before the change are judged as well.
	By string `yaml:"by,omitempty"`
}

// writtenSource is where the numbers of a signal come from: one expression, or
// several.
type writtenSource struct {
	// Several expressions of one kind; the first that has data for the service is taken.
	AnyOf []writtenExpr `yaml:"any_of,omitempty"`
	// Instead of any_of: the names that known software gives to this, such as http/errors.
	Conventions string      `yaml:"conventions,omitempty"`
	Expr        writtenExpr `yaml:",inline"`
}

type writtenExpr struct {
	// A bare selector of events, without rate or sum: http_requests_total{$match}. Needs bad.
	Counter string `yaml:"counter,omitempty"`
	// A histogram of durations, named without _bucket: http_request_duration_seconds{$match}.
	Histogram string `yaml:"histogram,omitempty"`
	// Of a histogram: seconds, milliseconds, microseconds or nanoseconds. Default: what its name ends in, else
	// seconds.
	Unit string `yaml:"unit,omitempty"`
	// An expression that gives one number at each time.
	Query string `yaml:"query,omitempty"`
	// What a query gives: gauge (the default), rate, ratio, or mean: a mean duration in seconds, judged like
	// that of a histogram.
	Kind string `yaml:"kind,omitempty"`
	// Of a counter: label matchers without braces that make an event bad, code=~"5..". Of a ratio: a query
	// of the bad events in a tick.
	Bad string `yaml:"bad,omitempty"`
	// Of a ratio: a query of all events in a tick.
	Total string `yaml:"total,omitempty"`
	// What the change does not affect, for comparison at the same time: a selector or query of the same form.
	Control *writtenControl `yaml:"control,omitempty"`
}

// writtenMinEffect is one amount, or one for each of a histogram's two signals.
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

// setting is any single value. Its key decides which values are valid.
type setting string

// UnmarshalText takes the value as it is written.
func (s *setting) UnmarshalText(text []byte) error {
	*s = setting(strings.TrimSpace(string(text)))
	return nil
}

type writtenResponse struct {
	// The line is due when the evidence has at least this grade.
	AtLeast string `yaml:"at_least,omitempty"`
	// The line is due on this occasion instead of a grade.
	On string `yaml:"on,omitempty"`
	// A condition without which the line is not due: change.kind != "config" && !freeze("friday").
	When string `yaml:"when,omitempty"`
	// Receivers of pushback.yml, or $owner.chat, $owner.pager, $service.owner.
	Tell strictyaml.TextList `yaml:"tell,omitempty"`
	// The rollback that may be ordered.
	Rollback *writtenRollback `yaml:"rollback,omitempty"`
}

type writtenRollback struct {
	// A hook of pushback.yml, or $service.hook.
	Hook string `yaml:"hook" required:"true"`
	// observe (the default) only reports what would have been done; ask lets a person approve; act rolls back.
	Mode *Mode `yaml:"mode,omitempty"`
}
