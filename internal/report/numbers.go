package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// The units that are shown otherwise than they are stored.
const (
	fraction = "fraction" // read as percent, differences as points
	seconds  = "seconds"  // read as µs, ms or s
)

// value is a measured number with its unit.
func value(v float64, unit string) string {
	if v < 0 {
		return "−" + value(-v, unit)
	}
	switch unit {
	case fraction:
		return digits(100*v) + " %"
	case seconds:
		return duration(v)
	case "":
		return digits(v)
	}
	return digits(v) + " " + unit
}

// signed is a difference with its sign and unit.
func signed(v float64, unit string) string {
	sign := "+"
	if v < 0 {
		sign, v = "−", -v
	}
	if unit == fraction {
		return sign + digits(100*v) + " points"
	}
	return sign + value(v, unit)
}

// bare is a bound of an interval, in the unit of the difference beside it.
func bare(v float64, unit string) string {
	switch {
	case v < 0:
		return "−" + bare(-v, unit)
	case unit == seconds:
		return duration(v)
	case unit == fraction:
		return digits(100 * v)
	}
	return digits(v)
}

// digits writes small numbers with two significant figures, medium ones with one decimal and
// large ones with none. The callers write signs.
func digits(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 1e6 || v < 1e-4:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case v >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v >= 1:
		return trimmed(v, 1)
	}
	return trimmed(v, 1-int(math.Floor(math.Log10(v))))
}

func trimmed(v float64, decimals int) string {
	s := strconv.FormatFloat(v, 'f', decimals, 64)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

func duration(v float64) string {
	switch {
	case v == 0:
		return "0 s"
	case v < 1e-3:
		return digits(v*1e6) + " µs"
	case v < 1:
		return digits(v*1e3) + " ms"
	}
	return trimmed(v, 2) + " s"
}

// probability never writes a p as 0, and with two significant figures at most.
func probability(p float64) string {
	switch {
	case p < 1e-4:
		return "p < 0.0001"
	case p >= 0.995:
		return "p 1"
	}
	return fmt.Sprintf("p %s", strconv.FormatFloat(p, 'g', 2, 64))
}

// printable replaces characters by which text from outside could control a terminal or add a
// line. Spaces of other widths, which stand between the digits of numbers, become spaces.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Zs, r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		}
		return r
	}, s)
}
