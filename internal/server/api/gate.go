package api

import "time"

// Gate is the answer to a deploy tool that asks before it pushes.
type Gate struct {
	Service     string     `json:"service"`
	Environment string     `json:"environment"`
	Open        bool       `json:"open" doc:"Nothing speaks against pushing"`
	Reason      string     `json:"reason,omitempty" doc:"Why it is closed; where it is open, what a fix was let pass by"`
	Obstacles   []Obstacle `json:"obstacles" doc:"All that stands in the way"`
	Data        GateData   `json:"data" doc:"The same for the web metric provider of Argo Rollouts"`
}

// Obstacle is one thing in the way: a hold, or a change that is held bad.
type Obstacle struct {
	Why    string    `json:"why"`
	Change string    `json:"change,omitempty" doc:"Key of the change that is held bad; pass it as fix to push what mends it"`
	Hold   string    `json:"hold,omitempty" doc:"Id of the hold"`
	Actor  string    `json:"actor,omitempty" doc:"Who set the hold"`
	Since  time.Time `json:"since,omitzero"`
	Until  time.Time `json:"until,omitzero" doc:"When the hold ends by itself"`
}

// GateData is what a successCondition may look at, by jsonPath {$.data}.
type GateData struct {
	OK  bool `json:"ok" doc:"The gate is open"`
	Bad bool `json:"bad" doc:"A change of the service is held bad, whatever else is held"`
}

// Hold keeps deploys from passing the gate, or all automatic rollbacks back.
type Hold struct {
	ID          string    `json:"id" example:"h12"`
	Kind        string    `json:"kind" enum:"gate,fleet" doc:"gate: set by a person, closes the gate. fleet: too much turned bad at once; all automatic rollbacks are held, and the gate is closed"`
	Service     string    `json:"service,omitempty" doc:"Absent: of all services"`
	Environment string    `json:"environment,omitempty" doc:"Absent: of all environments"`
	Why         string    `json:"why"`
	Actor       string    `json:"actor"`
	At          time.Time `json:"at"`
	Until       time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: when it is released"`
}

// Holds are the holds in force, oldest first.
type Holds struct {
	Holds []Hold `json:"holds"`
}

// NewHold is what a person asks to be held.
type NewHold struct {
	Service     string    `json:"service,omitempty" maxLength:"200" doc:"Absent: all services"`
	Environment string    `json:"environment,omitempty" maxLength:"200" doc:"Absent: all environments"`
	Why         string    `json:"why" minLength:"1" maxLength:"1000"`
	Actor       string    `json:"actor" minLength:"1" maxLength:"200" doc:"Who holds: a name, for the journal"`
	Until       time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: when it is released"`
}

// Flagger is the body of Flagger's webhooks; what is not needed is left out.
type Flagger struct {
	_        struct{}          `additionalProperties:"true"`
	Name     string            `json:"name" minLength:"1" maxLength:"200" doc:"Of the canary; taken for the service"`
	Metadata map[string]string `json:"metadata,omitempty" doc:"environment: production unless said"`
}
