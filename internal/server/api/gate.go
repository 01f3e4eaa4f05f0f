package api

import "time"

// Gate is the answer to a deploy tool that asks whether to deploy.
type Gate struct {
	Service     string     `json:"service"`
	Environment string     `json:"environment"`
	Open        bool       `json:"open" doc:"Whether deploying is allowed"`
	Reason      string     `json:"reason,omitempty" doc:"Why it is closed; if it is open for a fix, what the fix may pass"`
	Obstacles   []Obstacle `json:"obstacles" doc:"Everything that closes the gate"`
	Data        GateData   `json:"data" doc:"The same, for the web metric provider of Argo Rollouts"`
	Warnings    []Warning  `json:"warnings,omitempty" doc:"What may be mistyped: a service that the catalogue does not know"`
}

// Obstacle is one thing that closes the gate: a hold, or a bad change.
type Obstacle struct {
	Why    string    `json:"why"`
	Change string    `json:"change,omitempty" doc:"Key of the bad change; pass it as fix to deploy what fixes it"`
	Hold   string    `json:"hold,omitempty" doc:"Id of the hold"`
	Actor  string    `json:"actor,omitempty" doc:"Who set the hold"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero" doc:"When the hold ends by itself"`
}

// GateData is for a successCondition with jsonPath {$.data}.
type GateData struct {
	OK  bool `json:"ok" doc:"The gate is open"`
	Bad bool `json:"bad" doc:"A bad change of the service is live, whatever holds there are"`
}

// Hold closes the gate, or stops all automatic rollbacks as well.
type Hold struct {
	ID          string    `json:"id" example:"h12"`
	Kind        string    `json:"kind" enum:"gate,fleet" doc:"gate: set by a person, closes the gate. fleet: too many changes turned bad at once; all automatic rollbacks are stopped, and the gate is closed"`
	Service     string    `json:"service,omitempty" doc:"Absent: all services"`
	Environment string    `json:"environment,omitempty" doc:"Absent: all environments"`
	Why         string    `json:"why"`
	Actor       string    `json:"actor"`
	At          time.Time `json:"at"`
	Until       time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: it ends when it is released"`
	Existed     bool      `json:"existed,omitempty" doc:"In the answer to a new hold: it was in force already, and stays as it was"`
	Warnings    []Warning `json:"warnings,omitempty" doc:"In the answer to a new hold, what may be mistyped: a service that the catalogue does not know"`
}

// Holds are the holds in force, oldest first.
type Holds struct {
	Holds []Hold `json:"holds"`
}

// NewHold is a person's request to close the gate.
type NewHold struct {
	Service     string    `json:"service,omitempty" maxLength:"200" doc:"Absent: all services"`
	Environment string    `json:"environment,omitempty" maxLength:"255" doc:"Absent: all environments"`
	Why         string    `json:"why" minLength:"1" maxLength:"1000"`
	Actor       string    `json:"actor,omitempty" maxLength:"200" doc:"Who sets the hold: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
	Until       time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: it ends when it is released"`
}

// Flagger is the body of Flagger's webhooks, as far as Pushback reads it.
type Flagger struct {
	_        struct{}          `additionalProperties:"true"`
	Name     string            `json:"name" minLength:"1" maxLength:"200" doc:"Name of the canary, used as the service"`
	Checksum string            `json:"checksum,omitempty" maxLength:"500" doc:"Of what the canary runs; its version, unless metadata names one"`
	Metadata map[string]string `json:"metadata,omitempty" maxProperties:"100" doc:"The keys environment (without it: production) and version are read"`
}
