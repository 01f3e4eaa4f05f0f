package api

import "time"

// Status is the state of the daemon, for people.
type Status struct {
	Version  string             `json:"version"`
	Replica  string             `json:"replica,omitempty" doc:"The name of the replica that answers"`
	Replicas []Replica          `json:"replicas" doc:"All replicas that share the database, those of the last day that ended without stopping included"`
	Started  time.Time          `json:"started_at"`
	Ready    bool               `json:"ready"`
	Problems []ComponentProblem `json:"problems" doc:"Everything that does not work, whether or not it makes the daemon not ready"`
	Frozen   bool               `json:"frozen" doc:"All acting is stopped"`
	FrozenBy string             `json:"frozen_by,omitempty" doc:"What stops it"`
	Holds    []Hold             `json:"holds" doc:"Holds in force"`
	Watches  int                `json:"open_watches"`
	Orders   int                `json:"open_orders" doc:"Orders that have not ended"`
	Proposed []Order            `json:"proposed" doc:"Orders that wait for a person"`
	UnderWay []Order            `json:"under_way" doc:"Orders that are being carried out, or wait for something else than a person: why says for what, receipt.status how far the rollout has come"`
}

// Replica is one run of a process that shares the database.
type Replica struct {
	Name    string    `json:"name"`
	Started time.Time `json:"started_at"`
	Seen    time.Time `json:"seen_at" doc:"When it last renewed its lease"`
	Alive   bool      `json:"alive" doc:"Its lease is in force; the others take over what a dead one was doing"`
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready    bool               `json:"ready"`
	Problems []ComponentProblem `json:"problems"`
}

// ComponentProblem is one thing that does not work.
type ComponentProblem struct {
	Component string `json:"component" doc:"store, jobs, rules, or metrics/<name>"`
	Detail    string `json:"detail"`
}

// Reloaded is the answer to a reload. If it did not succeed, the last good rules
// stay in force, and Diagnostics lists every mistake.
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
}
