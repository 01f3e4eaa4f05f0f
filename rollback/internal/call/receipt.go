package call

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/rollback"
)

// Settled is the receipt of a rollback that had nothing to do.
func Settled(at time.Time, target string) rollback.Receipt {
	return rollback.Receipt{At: at.UTC(), Status: "already at " + rollback.Output(target)}
}

// Log is what a hook did, line by line, for a receipt's output.
type Log struct{ lines []string }

// Add notes one line.
func (l *Log) Add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// Receipt is the end of it. status goes first in everything people read.
func (l *Log) Receipt(at time.Time, status string) rollback.Receipt {
	return rollback.Receipt{At: at.UTC(), Status: status, Output: rollback.Output(strings.Join(l.lines, "\n"))}
}

// Reached is the first check of every preflight: whether a look was answered,
// and if not, whether that may pass. The hint is for an answer that refuses.
func Reached(what string, err error, hint string) rollback.Check {
	if err == nil {
		return rollback.Check{What: what}
	}
	if Passing(err) && Code(err) == 0 {
		hint = "is it running at that address, and may Pushback reach it from here?"
	}
	return rollback.Check{What: what, Problem: rollback.Output(err.Error()), Hint: hint, Temporary: Passing(err)}
}
