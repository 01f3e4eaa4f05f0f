package api

import "time"

// Incident is a period that profiles are learned without.
type Incident struct {
	ID          string    `json:"id" example:"i3"`
	Service     string    `json:"service,omitempty" doc:"Absent: all services"`
	Environment string    `json:"environment,omitempty" doc:"Absent: all environments"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to,omitzero" doc:"Absent: it goes on"`
	Why         string    `json:"why,omitempty"`
	Actor       string    `json:"actor"`
	At          time.Time `json:"at" doc:"When it was noted"`
}

// Incidents are the incidents that were not removed, oldest first.
type Incidents struct {
	Incidents []Incident `json:"incidents"`
}

// IncidentEnd is a person's request to end an incident that goes on.
type IncidentEnd struct {
	To    time.Time `json:"to,omitzero" doc:"When it was over; absent: now"`
	Actor string    `json:"actor" minLength:"1" maxLength:"200" doc:"Who ends it: a name, for the journal"`
}

// NewIncident is a person's request to learn profiles without a period.
type NewIncident struct {
	Service     string    `json:"service,omitempty" maxLength:"200" doc:"Absent: all services"`
	Environment string    `json:"environment,omitempty" maxLength:"200" doc:"Absent: all environments"`
	From        time.Time `json:"from"`
	To          time.Time `json:"to,omitzero" doc:"Absent: now"`
	Open        bool      `json:"open,omitempty" doc:"It goes on, until it is ended; to must be absent then"`
	Why         string    `json:"why,omitempty" maxLength:"1000"`
	Actor       string    `json:"actor,omitempty" maxLength:"200" doc:"Who notes it: a name, for the journal. Whoever signed in is named by that instead, and a named token beside it"`
}
