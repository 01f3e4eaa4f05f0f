package api

import "time"

// Rules is how every rule in force stands.
type Rules struct {
	Rules []RuleStanding `json:"rules"`
}

// RuleStanding is how one rule stands with one service.
type RuleStanding struct {
	Rule      string        `json:"rule"`
	Team      string        `json:"team"`
	Place     string        `json:"place" doc:"file:line in the rules folder"`
	Hash      string        `json:"rule_hash" doc:"Names the way of judging: what is earned is earned by it"`
	Service   string        `json:"service" doc:"* for those it has no record of"`
	Written   string        `json:"written" enum:"observe,ask,act" doc:"The furthest its lines say"`
	Given     string        `json:"given" enum:"observe,ask,act" doc:"What people gave it, or what every new rule has"`
	Effective string        `json:"effective" enum:"observe,ask,act" doc:"What it may do: the least of written, given and the operators' cap"`
	Next      string        `json:"next,omitempty" doc:"The next step, where there is one"`
	Proposed  bool          `json:"proposed" doc:"The next step is earned and waits for a person"`
	Why       string        `json:"why" doc:"Why it is, or what is missing"`
	Record    RuleRecord    `json:"record"`
	Backtest  *RuleBacktest `json:"backtest,omitempty"`
}

// RuleRecord is what came of the watches of a rule.
type RuleRecord struct {
	Ended       int        `json:"ended"`
	Clean       int        `json:"clean" doc:"Judged, and all was well"`
	Fired       int        `json:"fired" doc:"Likely or certain"`
	Saves       int        `json:"saves" doc:"Rolled back, and that helped"`
	FalseAlarms int        `json:"false_alarms" doc:"Fired for nothing, as people say"`
	FalseRate   *float64   `json:"false_alarm_rate" doc:"Of all that ended; null where none did"`
	LastFire    *time.Time `json:"last_fire,omitempty"`
}

// RuleBacktest is what a replay of the past said of a rule.
type RuleBacktest struct {
	Hash        string    `json:"rule_hash" minLength:"1" maxLength:"100" doc:"The way of judging that was replayed"`
	Mode        string    `json:"mode" enum:"observe,ask,act" doc:"How far the figure lets it go within its budget"`
	Judged      int       `json:"judged" minimum:"1" doc:"Moments without a change that were judged"`
	FalseAlarms int       `json:"false_alarms" minimum:"0" doc:"Alarms at these"`
	Why         string    `json:"why" maxLength:"1000"`
	Actor       string    `json:"actor" minLength:"1" maxLength:"200" doc:"Who replayed it"`
	At          time.Time `json:"at,omitzero" readOnly:"true"`
}

// TrustGiven is a person's word on how far a rule may go.
type TrustGiven struct {
	Service string `json:"service" minLength:"1" maxLength:"200" doc:"* for every service"`
	Mode    string `json:"mode,omitempty" enum:"observe,ask" doc:"What to go down to; not for a promotion, which is one step"`
	Actor   string `json:"actor" minLength:"1" maxLength:"200" doc:"Who decides: a name, for the journal"`
	Why     string `json:"why,omitempty" maxLength:"1000"`
}

// FalseAlarm is a person's word that a rule fired for nothing.
type FalseAlarm struct {
	Rule  string `json:"rule,omitempty" maxLength:"100" doc:"Only this rule; all that fired where it is left out"`
	Actor string `json:"actor" minLength:"1" maxLength:"200" doc:"Who says so: a name, for the journal"`
	Why   string `json:"why,omitempty" maxLength:"1000"`
}

// RuleBudget is what a rule may cost, what its thresholds are for that, and
// what they cost in power.
type RuleBudget struct {
	Rule           string        `json:"rule"`
	Team           string        `json:"team"`
	Place          string        `json:"place" doc:"file:line in the rules folder"`
	Hash           string        `json:"rule_hash"`
	FalsePages     float64       `json:"false_pages_a_week" doc:"What the budget allows"`
	FalseRollbacks float64       `json:"false_rollbacks_a_quarter" doc:"What the budget allows"`
	Watched        *float64      `json:"watched_a_week" doc:"Changes watched, over the last four weeks; null under a week, and the thresholds are the defaults"`
	Thresholds     RuleLevels    `json:"thresholds" doc:"The p at which a signal reaches a grade"`
	Defaults       RuleLevels    `json:"default_thresholds"`
	MostPages      *float64      `json:"most_false_pages_a_week" doc:"At these thresholds and this pace, no more than this"`
	MostRollbacks  *float64      `json:"most_false_rollbacks_a_quarter" doc:"At these thresholds and this pace, no more than this"`
	Backtest       *RuleBacktest `json:"backtest,omitempty" doc:"The newest replay of this way of judging"`
	Power          []RulePower   `json:"power" doc:"What the thresholds cost: signals of the services watched last, by their kept profiles and counts"`
}

// RuleLevels are the p at which a signal reaches a grade.
type RuleLevels struct {
	Suspect float64 `json:"suspect"`
	Likely  float64 `json:"likely"`
	Certain float64 `json:"certain"`
}

// RulePower is the smallest shift of one signal that is found: of a scan where
// it lasts ten ticks, of counts alone where it lasts the bake.
type RulePower struct {
	Service        string  `json:"service"`
	Signal         string  `json:"signal"`
	Unit           string  `json:"unit"`
	Likely         float64 `json:"likely"`
	DefaultLikely  float64 `json:"likely_by_default"`
	Certain        float64 `json:"certain"`
	DefaultCertain float64 `json:"certain_by_default"`
}
