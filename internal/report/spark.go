package report

import (
	"github.com/pushback/pushback/detector"
)

// Spark draws a signal in one line of at most so many columns: before the change, a line,
// and after it. Missing ticks are blank.
func Spark(before, after detector.Values, columns int, onlyASCII bool) string {
	g := blocks
	if onlyASCII {
		g = asciiLevels
	}
	return plot(before, after, columns, 1, g).rows[0]
}

// Short is what a signal came to in a few words: from what to what, or that it was lost or
// not compared.
//
//	errors 0.5 % → 3.1 %
func Short(e detector.Evidence) string {
	switch what := lost(e); {
	case what != "":
		return printable(e.Signal + " " + what)
	case compared(e):
		return printable(fromTo(e))
	case e.Reason != "":
		return printable(e.Signal + " " + string(e.Reason))
	}
	return printable(e.Signal + " not compared")
}

// fromTo is the forecast and what came of it.
func fromTo(e detector.Evidence) string {
	return e.Signal + " " + value(e.Effect.Forecast, e.Unit) + " → " + value(e.Effect.After, e.Unit)
}

// Numbers are those of a signal as columns of a table: what was forecast, what was
// observed, and the difference with its sign. Each is "" where the signal was not compared.
func Numbers(e detector.Evidence) (forecast, observed, diff string) {
	if !compared(e) {
		return "", "", ""
	}
	return printable(value(e.Effect.Forecast, e.Unit)), printable(value(e.Effect.After, e.Unit)), printable(difference(e))
}

// Plain is text without anything beyond ASCII.
func Plain(text string) string { return plain(text) }
