package sources

import (
	"time"
)

// Kind is what sort of change was made.
type Kind string

// The four kinds of change. A slot belongs to one kind: a flag flip does not
// supersede code.
const (
	Deploy     Kind = "deploy"
	Config     Kind = "config"
	Flag       Kind = "flag"
	Experiment Kind = "experiment"
)

// Status is how far a change has come, as its tool reports it.
type Status string

// The three statuses to which every tool's vocabulary is mapped.
const (
	Started   Status = "started"
	Succeeded Status = "succeeded"
	Failed    Status = "failed"
)

// Event is one report of a tool about one change.
//
// Two events are duplicates if (Source, EventID) is equal. Both are taken from
// what the tool signed and never from a delivery header, which a replay may renew.
// A later Status of the same ChangeID is no duplicate.
type Event struct {
	Source   string    `json:"source"`             // the configured source, not the tool's claim
	EventID  string    `json:"event_id"`           // unique within Source
	ChangeID string    `json:"change_id"`          // the tool's own name of the change
	Status   Status    `json:"status"`             // started, succeeded or failed
	At       time.Time `json:"at"`                 // the tool's clock, UTC
	Sequence int64     `json:"sequence,omitempty"` // the tool's order among equal At; 0 where it has none

	Service     string `json:"service"`
	Environment string `json:"environment"`
	Region      string `json:"region,omitempty"`
	Kind        Kind   `json:"kind"`
	Version     string `json:"version"`
	Previous    string `json:"previous,omitempty"`

	RollbackOf string            `json:"rollback_of,omitempty"` // the ChangeID or rollback key this one undoes
	Group      string            `json:"group,omitempty"`       // the flag, experiment or config key: all its steps share it
	Riders     []string          `json:"riders,omitempty"`      // whose commits ride on this push
	Reversible *bool             `json:"reversible,omitempty"`  // nil: not reported, taken as true
	Actor      string            `json:"actor,omitempty"`
	URL        string            `json:"url,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`

	// Paths are the files that the change touches, relative to the root of its repository. They
	// say which services of a repository with many the event is about; they are not stored.
	Paths []string `json:"paths,omitempty"`
}

// Slot returns the slot of the event's change.
func (e Event) Slot() Slot {
	return slotOf(e.Service, e.Environment, e.Region, e.Kind, e.Group)
}
