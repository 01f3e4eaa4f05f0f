package report

import (
	"io"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/watch"
	"github.com/pushback/pushback/sources"
)

// Moved gives one line a signal: what moved from what to what, and how sure.
func Moved(v detector.Verdict) []string { return make([]string, 0, len(v.Signals)) }

// Headline is one line: service, version, what happened.
func Headline(c sources.Change, v detector.Verdict) string { return c.Service }

// Record is what Text renders: all of it was stored at the look.
type Record struct {
	Change      sources.Change       `json:"change"`
	Watch       watch.Watch          `json:"watch"`
	Verdict     detector.Verdict     `json:"verdict"`
	Observation detector.Observation `json:"observation"`
}

// Style is how a terminal wants it.
type Style struct {
	Width  int  // columns; 0: 80
	ASCII  bool // no character beyond ASCII
	Colour bool // ANSI colours
}

// Text writes the whole record for a terminal.
func Text(w io.Writer, r Record, s Style) error {
	_, err := io.WriteString(w, Headline(r.Change, r.Verdict)+"\n")
	return err
}
