package backtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/pushback/pushback/detector"
)

// Line is the verdict of one rule on one signal at one tick of one moment.
type Line struct {
	Change string         `json:"change"`
	Rule   string         `json:"rule"`
	Signal string         `json:"signal"`
	Tick   int            `json:"tick"` // from 1
	Grade  detector.Grade `json:"grade"`
	P      float64        `json:"p"`      // corrected for the number of signals; 1 if nothing was tested
	Effect float64        `json:"effect"` // after minus forecast, in the signal's unit
	Reason string         `json:"reason"` // a reason code, or empty
}

// Lines returns the lines of a replay, by tick and then in the order of the signals.
func (r Replay) Lines() []Line {
	var all []Line
	for _, l := range r.Looks {
		for _, e := range l.Verdict.Signals {
			all = append(all, Line{
				Change: r.Moment.ID, Rule: r.Rule.Name, Signal: e.Signal, Tick: l.Tick,
				Grade: e.Grade, P: e.P, Effect: e.Effect.Difference, Reason: string(e.Reason),
			})
		}
	}
	return all
}

// WriteJSON writes the lines of a replay, one JSON object each.
func (r Replay) WriteJSON(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for _, l := range r.Lines() {
		if err := encoder.Encode(l); err != nil {
			return fmt.Errorf("writing a tick: %w", err)
		}
	}
	return nil
}

// WriteText writes the lines of a replay in columns.
func (r Replay) WriteText(w io.Writer) error {
	for _, l := range r.Lines() {
		_, err := fmt.Fprintf(w, "%-24s %-16s %-16s %4d  %-8s p %-10.4g effect %-12.5g %s\n",
			l.Change, l.Rule, l.Signal, l.Tick, l.Grade, l.P, l.Effect, cmp.Or(l.Reason, "-"))
		if err != nil {
			return fmt.Errorf("writing a tick: %w", err)
		}
	}
	return nil
}
