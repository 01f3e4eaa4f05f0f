package replay

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pushback/pushback/detector"
)

// Basis is all that a verdict was judged from, as the detail of a journal entry has it.
// Entries of one look share it: only the first one of them has it.
type Basis struct {
	Observation *detector.Observation `json:"observation,omitempty"`
	Plan        *detector.Plan        `json:"plan,omitempty"`
	Facts       *Facts                `json:"facts,omitempty"` // nil in entries written before facts were recorded
	Profiles
}

// Profiles name the profiles that a look was judged by. Their content is stored, and
// exported, once for all entries that name them.
type Profiles struct {
	Hashes       map[string]string `json:"profiles,omitempty"`      // signal → hash of the profile
	WithoutShape []string          `json:"without_shape,omitempty"` // signals whose profile was used without its shape, which may be of another service
}

// Facts are what the reason of a verdict depends on beside what was measured.
type Facts struct {
	RolloutFailed bool `json:"rollout_failed"` // the tool reported that the change failed
	Confounded    bool `json:"confounded"`     // another change was as likely the cause
}

// Use notes that a signal is judged by the profile of a hash.
func (p *Profiles) Use(signal, hash string, withoutShape bool) {
	if p.Hashes == nil {
		p.Hashes = map[string]string{}
	}
	p.Hashes[signal] = hash
	if withoutShape {
		p.WithoutShape = append(p.WithoutShape, signal)
	}
}

// Sorted lists the hashes, each once.
func (p Profiles) Sorted() []string {
	return slices.Compact(slices.Sorted(maps.Values(p.Hashes)))
}

// basisKeys are the keys of a detail that hold the basis, and the queries of older entries.
var basisKeys = []string{"observation", "plan", "facts", "profiles", "without_shape", "inputs"}

// AddTo adds the basis to an entry's detail.
func (b Basis) AddTo(detail map[string]any) error {
	text, err := json.Marshal(b)
	if err != nil {
		return fmt.Errorf("encoding what the verdict was judged from: %w", err)
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return fmt.Errorf("encoding what the verdict was judged from: %w", err)
	}
	for key, value := range fields {
		detail[key] = value
	}
	return nil
}

// The actions of entries that hold a verdict.
const (
	Responded = "respond" // a line of the rule applied
	Ended     = "end"     // the watch ended
)

// HoldsVerdict reports whether entries of an action hold a verdict.
func HoldsVerdict(action string) bool { return action == Responded || action == Ended }

// Readable is an entry's detail without what is only needed to judge again, for people.
func Readable(action string, detail json.RawMessage) json.RawMessage {
	var fields map[string]json.RawMessage
	if !HoldsVerdict(action) || json.Unmarshal(detail, &fields) != nil {
		return detail
	}
	had := len(fields)
	maps.DeleteFunc(fields, func(key string, _ json.RawMessage) bool { return slices.Contains(basisKeys, key) })
	if len(fields) == had {
		return detail
	}
	text, err := json.Marshal(fields)
	if err != nil {
		return detail
	}
	return text
}

// Named lists the hashes of the profiles that an entry names, each once.
func Named(action string, detail json.RawMessage) []string {
	var p Profiles
	if !HoldsVerdict(action) || json.Unmarshal(detail, &p) != nil {
		return nil
	}
	return p.Sorted()
}
