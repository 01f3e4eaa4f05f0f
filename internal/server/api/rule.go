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
