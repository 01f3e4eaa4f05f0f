package api

import "time"

// RuleDetails is what a rule watches, what it does, and what it did last.
type RuleDetails struct {
	Rule    string         `json:"rule"`
	Watches string         `json:"watches" doc:"Which changes it watches, in words"`
	For     string         `json:"for" doc:"How long it watches a change, in words"`
	Signals []RuleSignal   `json:"signals"`
	Respond []RuleResponse `json:"respond" doc:"Its response lines, in their order"`
	Covers  []string       `json:"covers" doc:"Services of the catalogue that it watches; those of the last minutes may be missing"`
	Misses  []string       `json:"misses" doc:"Services of the catalogue that it does not watch"`
	Fires   []RuleFire     `json:"fires" doc:"The last changes at which it was likely or certain of harm, newest first"`
}

// RuleSignal is one signal of a rule.
type RuleSignal struct {
	Name     string   `json:"name"`
	From     []string `json:"from" doc:"Queries, of which the first counts that has history"`
	Worse    string   `json:"worse" doc:"Which way is worse, in words"`
	Smallest string   `json:"smallest,omitempty" doc:"The smallest effect that counts; absent: any"`
	Limit    string   `json:"limit,omitempty" doc:"What is bad whatever it was before"`
	Parts    string   `json:"parts,omitempty" doc:"The label whose values are judged one by one"`
}

// RuleResponse is one response line of a rule, in words.
type RuleResponse struct {
	When  string   `json:"when"`
	Tells []string `json:"tells"`
	Does  string   `json:"does,omitempty" doc:"What it rolls back, and how far it may go; absent: nothing"`
}

// RuleFire is one change at which a rule was likely or certain of harm.
type RuleFire struct {
	Change     string    `json:"change" doc:"Its key"`
	Service    string    `json:"service"`
	At         time.Time `json:"at" doc:"When the watch ended"`
	Saved      bool      `json:"saved" doc:"It was rolled back, and that helped"`
	FalseAlarm bool      `json:"false_alarm" doc:"A person called it a false alarm"`
}

// Uncovered lists the services of the catalogue that no rule watches.
type Uncovered struct {
	Known    bool     `json:"known" doc:"Whether the catalogue can tell which services there are"`
	Services int      `json:"services" doc:"How many there are"`
	Names    []string `json:"uncovered"`
}
