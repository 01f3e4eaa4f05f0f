package rules

import (
	"fmt"
	"slices"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/watch"
)

// The words of the rule language that several places in the code use.
const (
	gauge = "gauge"
	rate  = "rate"
	ratio = "ratio"
	mean  = "mean" // of durations

	ownerChat    = "$owner.chat"
	ownerPager   = "$owner.pager"
	serviceOwner = "$service.owner"
	serviceHook  = "$service.hook"

	onSignalLost = "signal_lost"

	fraction = "fraction"
)

// endings are the final states that `on` takes.
var endings = []string{string(watch.Blind), string(watch.Inconclusive), string(watch.Healthy)}

// reasons are the reason codes that a rule may name. Left out are "too early",
// which is no reason to act, and "superseded", after which nothing is done.
var reasons = reasonsOf(detector.Reasons)

func reasonsOf(all map[detector.Reason]string) []string {
	var words []string
	for r := range all {
		if r != detector.StillWatching && r != detector.Superseded {
			words = append(words, string(r))
		}
	}
	slices.Sort(words)
	return words
}

// occasions are what `on` takes.
var occasions = slices.Concat(endings, reasons)

// modes are the words of Mode, in order.
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
