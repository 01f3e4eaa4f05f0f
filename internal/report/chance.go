package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// Chance says a p-value in words:
//
//	would happen by chance once in 5,000 quiet half hours
//
// The unit is the time that the rule watches after a change (detector.Plan.Length), because that is what p is a probability of: that a watch
// of this length sees something as extreme though nothing has changed (docs/detection.md). A verdict that is blind, and a
// signal that was not tested, have no p that means anything: then it is "".
func Chance(e detector.Evidence, v detector.Verdict, watched time.Duration) string {
	if v.Outcome == detector.Blind || !tested(e) {
		return ""
	}
	unit := windowWord(watched)
	switch {
	case unit == "":
		return ""
	case e.P >= 0.5:
		return "would happen by chance in most quiet " + unit
	case e.P < 1e-4:
		return "would happen by chance less than once in 10,000 quiet " + unit
	}
	return "would happen by chance once in " + thousands(twoDigits(1/e.P)) + " quiet " + unit
}

// tested says whether p is that of a test, and not of a limit or a loss alone. 1 stands where nothing was tested, too.
func tested(e detector.Evidence) bool {
	if !compared(e) || !(e.P >= 0 && e.P < 1) || e.P == 0 && e.Grade == detector.None {
		return false
	}
	return len(e.Tests) == 0 || slices.ContainsFunc(e.Tests, func(t detector.Test) bool { return t != detector.ByLimit && t != detector.ByLoss })
}

// windowWord is a length of time as what it is counted in, "" for none.
func windowWord(d time.Duration) string {
	switch d {
	case 15 * time.Minute:
		return "quarters of an hour"
	case 30 * time.Minute:
		return "half hours"
	case time.Hour:
		return "hours"
	case 24 * time.Hour:
		return "days"
	case 7 * 24 * time.Hour:
		return "weeks"
	}
	if d <= 0 {
		return ""
	}
	return "periods of " + spelled(d)
}

// spelled is a length of time in words: 45 minutes, 1 hour 30 minutes.
func spelled(d time.Duration) string {
	var parts []string
	for _, unit := range []struct {
		word string
		long time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}, {"second", time.Second}} {
		n := d / unit.long
		d %= unit.long
		switch {
		case n == 1:
			parts = append(parts, "1 "+unit.word)
		case n > 1:
			parts = append(parts, strconv.FormatInt(int64(n), 10)+" "+unit.word+"s")
		}
	}
	if len(parts) == 0 {
		return "less than a second"
	}
	return strings.Join(parts, " ")
}

// twoDigits rounds a number above one to two digits, as p itself is written.
func twoDigits(v float64) int {
	power := math.Pow(10, math.Max(0, math.Floor(math.Log10(v))-1))
	return int(math.Round(v/power) * power)
}

// thousands puts a comma between groups of three digits.
func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
