package main

import (
	"testing"

	"github.com/pushback/pushback/internal/server/api"
)

// What ends a wait, and with which exit code.
func TestWhatEndsAWait(t *testing.T) {
	answer := func(state, grade, order string) (c api.WatchedChange) {
		c.State, c.Grade, c.Order = state, grade, order
		return c
	}
	f := func(until string, want int, answers ...api.WatchedChange) {
		t.Helper()
		w := verdictWait{waitFlags: waitFlags{Until: until}}
		for i, a := range answers {
			code, over := w.over(a)
			if last := i == len(answers)-1; over && (!last || code != want) || !over && last && want >= 0 {
				t.Errorf("--until %s, answer %d of %d (%s %s %s): code %d, over %v, want %d", until, i+1, len(answers), a.State, a.Grade, a.Order, code, over, want)
			}
		}
	}
	const goesOn = -1
	none, likely, certain := answer("watching", "none", ""), answer("watching", "likely", ""), answer("watching", "certain", "")
	for _, until := range []string{"likely", "certain", "end"} {
		f(until, 0, none, answer("healthy", "none", ""))
		f(until, exitNothingDone, none, certain, certain)
		f(until, goesOn, certain, none, certain) // it takes two in a row: its order may come with the next look
		for _, order := range []string{"refused", "cancelled", "expired"} {
			f(until, exitNothingDone, answer("watching", "certain", order), answer("watching", "certain", order))
		}
	}
	f("end", goesOn, likely, likely, likely)
	f("certain", goesOn, likely, likely, likely)
	f("likely", exitRegressed, none, likely)
	for _, order := range []string{"proposed", "approved", "decided", "sending", "done", "failed", "unknown"} {
		f("end", goesOn, answer("watching", "certain", order), answer("watching", "certain", order))
		f("certain", exitRegressed, certain, answer("watching", "certain", order))
		f("likely", exitRegressed, answer("watching", "certain", order))
	}
}
