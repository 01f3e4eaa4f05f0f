package rules

import (
	"fmt"

	"github.com/pushback/pushback/internal/watch"
)

// The words of the rule language that code asks about in several places.
const (
	gauge = "gauge"
	rate  = "rate"
	ratio = "ratio"

	ownerChat    = "$owner.chat"
	ownerPager   = "$owner.pager"
	serviceOwner = "$service.owner"
	serviceHook  = "$service.hook"

	onSignalLost = "signal_lost"

	fraction = "fraction"
)

// occasions are what `on` takes.
var occasions = []string{string(watch.Blind), string(watch.Inconclusive), string(watch.Healthy), onSignalLost}

// modes by how far they go.
var modes = []string{"observe", "ask", "act"}

// String is the word people write.
func (m Mode) String() string {
	if m < Observe || m > Act {
		return fmt.Sprintf("mode(%d)", int(m))
	}
	return modes[m]
}

// MarshalText gives the word people write.
func (m Mode) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads observe, ask or act.
func (m *Mode) UnmarshalText(text []byte) error {
	for i, word := range modes {
		if word == string(text) {
			*m = Mode(i)
			return nil
		}
	}
	return oneOf("mode", string(text), modes)
}
