package sources

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Slot is what a newer change replaces: in one slot, a newer change always wins
// over an older one.
type Slot struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Region      string `json:"region,omitempty"`
	Kind        Kind   `json:"kind"`
}

// Change is what people did to production, as one or more tools reported it.
//
// Its before window ends at StartedAt; it is rolling until FinishedAt, which is
// zero while no tool has reported its end.
type Change struct {
	ID          string    `json:"id"` // the first witness's name for it
	Service     string    `json:"service"`
	Environment string    `json:"environment"`
	Region      string    `json:"region,omitempty"`
	Kind        Kind      `json:"kind"`
	Version     string    `json:"version"`
	Previous    string    `json:"previous,omitempty"`
	Status      Status    `json:"status"`
	StartedAt   time.Time `json:"started_at"`
	FinishedAt  time.Time `json:"finished_at,omitzero"`
	Sequence    int64     `json:"sequence,omitempty"`
	Ends        []End     `json:"ends,omitempty"` // from which Status and FinishedAt follow

	RollbackOf string            `json:"rollback_of,omitempty"`
	Group      string            `json:"group,omitempty"`
	Riders     []string          `json:"riders,omitempty"`
	Reversible bool              `json:"reversible"`
	Actor      string            `json:"actor,omitempty"`
	URL        string            `json:"url,omitempty"`
	Labels     map[string]string `json:"labels,omitempty"`
	Witnesses  []Witness         `json:"witnesses,omitempty"`
}

// Witness is one tool that reported the change, under its own name for it.
type Witness struct {
	Source   string    `json:"source"`
	ChangeID string    `json:"change_id"`
	At       time.Time `json:"at"`
}

// Slot returns the slot of the change.
func (c Change) Slot() Slot {
	return Slot{Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: c.Kind}
}

// Key names the change, and never changes: in the store, in URLs and as the idempotency
// key of its one rollback. It is made from the change and not from chance, so
// that two replicas, or one process before and after a crash, agree on it.
//
// Every part is length-prefixed before hashing: ("ab", "c") and ("a", "bc")
// give different keys.
func (c Change) Key() string {
	return Key(c.Slot(), c.ID)
}

// Key is the key of the change called id in slot s: 26 lower-case base32
// characters, 130 bits of SHA-256.
func Key(s Slot, id string) string {
	h := sha256.New()
	for _, part := range []string{s.Service, s.Environment, s.Region, string(s.Kind), id} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:26]
}
