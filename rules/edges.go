package rules

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// edgeMatcher selects the buckets of one edge in every spelling of its number: le="1",
// le="1.0", le="1.000" and le="1e+00" are the same edge, and a new client library or a new
// Prometheus writes it in another way.
func edgeMatcher(edge string) *labels.Matcher {
	pattern := regexp.QuoteMeta(edge)
	if v, ok := edgeNumber(edge); ok {
		pattern = spellingsOf(v)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, "le", pattern)
}

// edgeNumber is the number that an edge is, unless it is infinite or none.
func edgeNumber(edge string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(edge, 64)
	return v, err == nil && !math.IsInf(v, 0) && !math.IsNaN(v)
}

// spellingsOf matches a number with and without an exponent.
func spellingsOf(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	mantissa, power, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	exponent := "[+]?0*" + strings.TrimLeft(power, "+0")
	switch {
	case strings.Trim(power, "+0") == "":
		exponent = "[+-]?0+"
	case strings.HasPrefix(power, "-"):
		exponent = "-0*" + strings.TrimLeft(power, "-0")
	}
	return fmt.Sprintf("%s%s|%s%s[eE]%s", sign, decimals(strconv.FormatFloat(v, 'f', -1, 64)), sign, decimals(mantissa), exponent)
}

// decimals matches a decimal number with any zeros at its end, and without the one before the
// point.
func decimals(number string) string {
	whole, fraction, _ := strings.Cut(number, ".")
	switch {
	case fraction == "":
		return whole + `(\.0*)?`
	case whole == "0":
		whole = "0?"
	}
	return whole + `\.` + fraction + "0*"
}

func unique(all []string) []string {
	var kept []string
	for _, s := range all {
		if !slices.Contains(kept, s) {
			kept = append(kept, s)
		}
	}
	return kept
}
