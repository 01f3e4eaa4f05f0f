package call

import (
	"fmt"
	"strings"
	"time"

	"github.com/pushback/pushback/rollback"
)

// AlreadyLive is the receipt of a rollback that had nothing to do, because the
// target was live already.
//
// See adr/0047.
func AlreadyLive(at time.Time, target string) rollback.Receipt {
	return rollback.Receipt{At: at.UTC(), Status: "already at " + rollback.Output(target)}
}

// Log collects what a hook did, line by line, for the output of a receipt.
type Log struct{ lines []string }

// Add appends one line.
func (l *Log) Add(format string, args ...any) {
	l.lines = append(l.lines, fmt.Sprintf(format, args...))
}

// Receipt returns a receipt with the log as its output. status is its short
// summary, which people read first.
func (l *Log) Receipt(at time.Time, status string) rollback.Receipt {
	return rollback.Receipt{At: at.UTC(), Status: status, Output: rollback.Output(strings.Join(l.lines, "\n"))}
}

// ReachCheck is the first check of every preflight: whether the tool answered a
// read. If err is temporary, so is the problem. hint says what to do if the tool
// refused; if it did not answer, the check has a hint of its own.
func ReachCheck(what string, err error, hint string) rollback.Check {
	if err == nil {
		return rollback.Check{What: what}
	}
	if IsTemporary(err) && StatusCode(err) == 0 {
		hint = "check that it runs at that address, and that Pushback can reach it from here"
	}
	return rollback.Check{What: what, Problem: rollback.Output(err.Error()), Hint: hint, Temporary: IsTemporary(err)}
}
