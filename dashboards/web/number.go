package web

import (
	"math"
	"strconv"
	"strings"
)

// Number writes a value in its unit for people: with three significant digits, a fraction as
// percent, seconds as µs, ms or s.
func Number(v float64, unit string) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "—"
	case unit == "fraction":
		return digits(v*100) + " %"
	case unit == "seconds" && v != 0 && math.Abs(v) < 1:
		return digits(v*1000) + " ms"
	case unit == "seconds":
		return digits(v) + " s"
	case unit != "":
		return digits(v) + " " + unit
	}
	return digits(v)
}

// Signed is Number with its sign always written; differences of fractions are
// points, because "+2 %" of a percentage can be read two ways.
func Signed(v float64, unit string) string {
	text := Number(math.Abs(v), unit)
	if unit == "fraction" {
		text = strings.TrimSuffix(text, "%") + "pp"
	}
	if v < 0 {
		return "−" + text
	}
	return "+" + text
}

// digits writes three significant digits, without an exponent up to a
// million, and thin spaces between thousands.
func digits(v float64) string {
	if v == 0 {
		return "0"
	}
	magnitude := int(math.Floor(math.Log10(math.Abs(v))))
	if magnitude >= 9 || magnitude < -4 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	text := strconv.FormatFloat(v, 'f', max(0, 2-magnitude), 64)
	if strings.Contains(text, ".") {
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	}
	return strings.Replace(thousands(text), "-", "−", 1)
}

// thousands puts a thin space between groups of three digits.
func thousands(text string) string {
	whole, rest, _ := strings.Cut(text, ".")
	for i := len(whole) - 3; i > 0 && whole[i-1] != '-'; i -= 3 {
		whole = whole[:i] + "\u2009" + whole[i:]
	}
	if rest == "" {
		return whole
	}
	return whole + "." + rest
}

// Probability writes a p-value. Below one in ten thousand it writes no digits.
func Probability(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return strconv.FormatFloat(p, 'g', 2, 64)
}
