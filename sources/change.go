package sources

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strings"
	"time"
)

// Slot is what a newer change replaces: in one slot, a newer change always wins
// over an older one. A service runs one version in one place, so its deploys share a
// slot. It has many flags, experiments and config keys, and a change of one leaves the
// others as they are, so each of them has a slot of its own, by its group.
//
// See adr/0078.
type Slot struct {
	Service     string `json:"service"`
	Environment string `json:"environment"`
	Region      string `json:"region,omitempty"`
	Kind        Kind   `json:"kind"`
	Group       string `json:"group,omitempty"` // "" for deploys
}

// slotOf returns the slot of a change. The group of a deploy is no part of it.
func slotOf(service, environment, region string, kind Kind, group string) Slot {
	s := Slot{Service: service, Environment: environment, Region: region, Kind: kind}
	if kind != Deploy {
		s.Group = group
	}
	return s
}

// HoldsOneThing reports whether all changes of the slot are about the same thing, so
// that an earlier version is one to go back to. Flags and experiments without a group
// may be any of their service; a config push without one is all of its configuration.
func (s Slot) HoldsOneThing() bool {
	return s.Group != "" || s.Kind != Flag && s.Kind != Experiment
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

	// FormerKey is the key of a change that was stored before groups were part of the
	// key; "" for all others.
	FormerKey string `json:"former_key,omitempty"`
}

// Witness is one tool that reported the change, under its own name for it.
type Witness struct {
	Source   string    `json:"source"`
	ChangeID string    `json:"change_id"`
	At       time.Time `json:"at"`
}

// Slot returns the slot of the change.
func (c Change) Slot() Slot {
	return slotOf(c.Service, c.Environment, c.Region, c.Kind, c.Group)
}

// Thing names what the change is about within its service: "flag new-cart". It is ""
// for a deploy, which is about the service itself.
func (c Change) Thing() string {
	if c.Kind == Deploy || c.Kind == "" {
		return ""
	}
	return strings.TrimSpace(string(c.Kind) + " " + c.Group)
}

// What names what the change set, without its service: "v42" for a deploy, and "flag
// new-cart 50%" for a flag, whose version alone could be that of any other.
func (c Change) What() string { return strings.TrimSpace(c.Thing() + " " + c.Version) }

// KindAndVersion is What with the kind of every change: "deploy v42".
func (c Change) KindAndVersion() string {
	if c.Thing() != "" {
		return c.What()
	}
	return strings.TrimSpace(string(c.Kind) + " " + c.Version)
}

// Key names the change, and never changes: in the store, in URLs and as the idempotency
// key of its one rollback. It is made from the change and not from chance, so
// that two replicas, or one process before and after a crash, agree on it.
//
// Every part is length-prefixed before hashing: ("ab", "c") and ("a", "bc")
// give different keys.
func (c Change) Key() string {
	if c.FormerKey != "" {
		return c.FormerKey
	}
	return Key(c.Slot(), c.ID)
}

// Key is the key of the change called id in slot s: 26 lower-case base32
// characters, 130 bits of SHA-256. A slot without a group has the keys that it had
// before slots had groups.
func Key(s Slot, id string) string {
	parts := []string{s.Service, s.Environment, s.Region, string(s.Kind), id}
	if s.Group != "" {
		parts = append(parts, s.Group)
	}
	h := sha256.New()
	for _, part := range parts {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(part)))
		h.Write(n[:])
		h.Write([]byte(part))
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(h.Sum(nil)))[:keyLength]
}

// keyLength is how many characters a key has.
const keyLength = 26

// IsKey says whether a text has the form of a key, whether or not there is such a change.
func IsKey(text string) bool {
	outside := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '2' || r > '7') }
	return len(text) == keyLength && !strings.ContainsFunc(text, outside)
}

// KeysFrom returns the first and the last key that a text may be the beginning of; false
// if no key begins with it.
func KeysFrom(prefix string) (first, last string, ok bool) {
	rest := keyLength - len(prefix)
	if rest < 0 || !IsKey(prefix+strings.Repeat("a", rest)) {
		return "", "", false
	}
	return prefix + strings.Repeat("2", rest), prefix + strings.Repeat("z", rest), true
}
