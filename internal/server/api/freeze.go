package api

import "time"

// Freeze is whether all acting is stopped.
type Freeze struct {
	Frozen bool      `json:"frozen" doc:"No rollback is carried out. The freeze file of the replica that answers decides"`
	Why    string    `json:"why,omitempty"`
	Since  time.Time `json:"since,omitzero" doc:"When the freeze file was last written; absent where it cannot be read"`
	Until  time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: it ends when it is lifted"`
	Window string    `json:"window,omitempty" doc:"The freeze window of pushback.yml that is in force: people are asked before anything is rolled back"`
}

// NewFreeze is a person's request to stop all acting.
type NewFreeze struct {
	Why   string    `json:"why" minLength:"1" maxLength:"1000"`
	Actor string    `json:"actor" minLength:"1" maxLength:"200" doc:"Who freezes: a name, for the journal"`
	Until time.Time `json:"until,omitzero" doc:"When it ends by itself; absent: it ends when it is lifted"`
}
