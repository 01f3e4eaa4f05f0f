package api

import "time"

// Rules lists the trust of the rules in force.
type Rules struct {
	Rules []RuleTrust `json:"rules"`
}

// RuleTrust is the trust of one rule with one service: the mode it may use, and
// why.
type RuleTrust struct {
	Rule      string        `json:"rule"`
	Team      string        `json:"team"`
	Place     string        `json:"place" doc:"file:line in the rules folder"`
	Hash      string        `json:"rule_hash" doc:"Hash of everything in the rule that decides a verdict; trust is earned by the hash"`
	Service   string        `json:"service" doc:"* for services without outcomes of their own"`
	Written   string        `json:"written" enum:"observe,ask,act" doc:"The highest mode in the rule's text"`
	Given     string        `json:"given" enum:"observe,ask,act" doc:"The mode that people have set, or the one of every new rule"`
	Effective string        `json:"effective" enum:"observe,ask,act" doc:"The mode in force: the lowest of written, given and the operators' cap"`
	Next      string        `json:"next,omitempty" doc:"The next mode; absent if there is none"`
	Proposed  bool          `json:"proposed" doc:"The next mode is earned, and waits for a person to promote the rule"`
	Why       string        `json:"why" doc:"Why it is proposed, or what is missing"`
	Record    RuleRecord    `json:"record"`
	Backtest  *RuleBacktest `json:"backtest,omitempty"`
}

// RuleRecord counts the outcomes of a rule's watches.
type RuleRecord struct {
	Ended       int        `json:"ended"`
	Clean       int        `json:"clean" doc:"Judged healthy"`
	Fired       int        `json:"fired" doc:"Reached likely or certain"`
	Saves       int        `json:"saves" doc:"Rolled back, and that helped"`
	FalseAlarms int        `json:"false_alarms" doc:"Called a false alarm by a person"`
	Missed      int        `json:"missed" doc:"A person says that the change was bad, and that the rule did not find it"`
	FalseRate   *float64   `json:"false_alarm_rate" doc:"Share of false alarms among ended; null if none has ended"`
	LastFire    *time.Time `json:"last_fire,omitempty"`
}

// RuleBacktest is the result of judging moments of the past with a rule.
type RuleBacktest struct {
	Hash        string    `json:"rule_hash" minLength:"1" maxLength:"100" doc:"Hash of the rule that was tested"`
	Mode        string    `json:"mode" enum:"observe,ask,act" doc:"The highest mode that its false alarms allow within the budget"`
	Judged      int       `json:"judged" minimum:"1" doc:"Moments without a change that were judged"`
	FalseAlarms int       `json:"false_alarms" minimum:"0" doc:"How many of these raised an alarm"`
	Why         string    `json:"why" maxLength:"1000"`
	Actor       string    `json:"actor,omitempty" maxLength:"200" doc:"Who ran the backtest. Whoever signed in is named by that instead, and a named token beside it"`
	At          time.Time `json:"at,omitzero" readOnly:"true"`
}

// TrustDecision is a person's decision to promote or demote a rule.
type TrustDecision struct {
	Service string `json:"service" minLength:"1" maxLength:"200" doc:"* for every service"`
	Mode    string `json:"mode,omitempty" enum:"observe,ask" doc:"For a demotion: the mode to go down to. A promotion is always one step"`
	Actor   string `json:"actor,omitempty" maxLength:"200" doc:"Who decides: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
	Why     string `json:"why,omitempty" maxLength:"1000"`
}

// FalseAlarm is a person's report that a rule raised a false alarm.
type FalseAlarm struct {
	Rule  string `json:"rule,omitempty" maxLength:"100" doc:"Only this rule; absent: every rule that fired"`
	Actor string `json:"actor,omitempty" maxLength:"200" doc:"Who reports it: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
	Why   string `json:"why,omitempty" maxLength:"1000"`
}

// Missed is a person's report that a change was bad, and that a rule did not find it.
type Missed struct {
	Rule  string `json:"rule,omitempty" maxLength:"100" doc:"Only this rule; absent: every rule that watched the change and did not fire"`
	Actor string `json:"actor" minLength:"1" maxLength:"200" doc:"Who reports it: a name, for the journal"`
	Why   string `json:"why,omitempty" maxLength:"1000"`
}

// RuleBudget is a rule's budget of false alarms, the thresholds that follow from
// it, and the power that these leave.
type RuleBudget struct {
	Rule           string        `json:"rule"`
	Team           string        `json:"team"`
	Place          string        `json:"place" doc:"file:line in the rules folder"`
	Hash           string        `json:"rule_hash"`
	Text           string        `json:"text" doc:"The rule as YAML, with what it inherits"`
	FalsePages     float64       `json:"false_pages_a_week" doc:"What the budget allows"`
	FalseRollbacks float64       `json:"false_rollbacks_a_quarter" doc:"What the budget allows"`
	Watched        *float64      `json:"watched_a_week" doc:"Changes watched per week, over the last four weeks; null in the first week, when the thresholds are the defaults"`
	Thresholds     RuleLevels    `json:"thresholds" doc:"The p-value at which a signal reaches a grade"`
	Defaults       RuleLevels    `json:"default_thresholds"`
	MostPages      *float64      `json:"most_false_pages_a_week" doc:"The most to expect at these thresholds and this number of changes"`
	MostRollbacks  *float64      `json:"most_false_rollbacks_a_quarter" doc:"The most to expect at these thresholds and this number of changes"`
	Backtest       *RuleBacktest `json:"backtest,omitempty" doc:"The newest backtest of this rule hash"`
	Power          []RulePower   `json:"power" doc:"Smallest shifts that are detected, for signals of the services watched last"`
}

// RuleLevels are the p-values at which a signal reaches a grade.
type RuleLevels struct {
	Suspect float64 `json:"suspect"`
	Likely  float64 `json:"likely"`
	Certain float64 `json:"certain"`
}

// RulePower is the smallest shift of one signal that is detected at a grade, in
// Unit. For a signal that is judged by its profile the shift lasts ten ticks; for one
// judged by counts alone it lasts the bake.
type RulePower struct {
	Service        string  `json:"service"`
	Signal         string  `json:"signal"`
	Unit           string  `json:"unit"`
	Likely         float64 `json:"likely"`
	DefaultLikely  float64 `json:"likely_by_default"`
	Certain        float64 `json:"certain"`
	DefaultCertain float64 `json:"certain_by_default"`
}
