package api

import "time"

// Status is how the daemon is doing, for people.
type Status struct {
	Version  string    `json:"version"`
	Started  time.Time `json:"started_at"`
	Ready    bool      `json:"ready"`
	Problems []Trouble `json:"problems" doc:"Why it is not ready, or what will keep it from judging"`
	Frozen   bool      `json:"frozen" doc:"All acting is stopped"`
	FrozenBy string    `json:"frozen_by,omitempty" doc:"What stopped it"`
	Holds    []Hold    `json:"holds" doc:"What keeps deploys, or all automatic rollbacks, back"`
	Watches  int       `json:"open_watches"`
	Orders   int       `json:"open_orders" doc:"Orders that have not ended"`
	Proposed []Order   `json:"proposed" doc:"Orders that wait for a person"`
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready    bool      `json:"ready"`
	Problems []Trouble `json:"problems"`
}

// Trouble is one thing that does not work.
type Trouble struct {
	Component string `json:"component" doc:"store, jobs, rules, or metrics/<name>"`
	Detail    string `json:"detail"`
}

// Reloaded is the answer to a reload. Where it did not succeed the last good
// rules stay in force, and every mistake is listed.
type Reloaded struct {
	Reloaded    bool         `json:"reloaded"`
	Diagnostics []Diagnostic `json:"diagnostics"`
}

// Diagnostic is one mistake in a rules file.
type Diagnostic struct {
	File    string `json:"file"`
	Line    int    `json:"line"`
	Column  int    `json:"column"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
	Snippet string `json:"snippet,omitempty"` // the source line
}
