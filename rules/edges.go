package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
)

// edgeMatcher selects the buckets of one edge in every spelling that clients use: le="1",
// le="1.0" and le="1e+00" are the same edge, and a new client library or a new Prometheus
// writes it in another way.
func edgeMatcher(edge string) *labels.Matcher {
	spellings := edgeSpellings(edge)
	for i, s := range spellings {
		spellings[i] = regexp.QuoteMeta(s)
	}
	return labels.MustNewMatcher(labels.MatchRegexp, "le", strings.Join(spellings, "|"))
}

// edgeSpellings are the ways in which clients write an edge, the given one first.
func edgeSpellings(edge string) []string {
	all := []string{edge}
	v, err := strconv.ParseFloat(edge, 64)
	if err != nil {
		return all
	}
	plain, power := strconv.FormatFloat(v, 'f', -1, 64), strconv.FormatFloat(v, 'e', -1, 64) // 1e+00
	all = append(all, plain, labels.FormatOpenMetricsFloat(v), strconv.FormatFloat(v, 'g', -1, 64), power)
	if !strings.Contains(plain, ".") {
		all = append(all, plain+".0")
	}
	mantissa, exponent, _ := strings.Cut(power, "e")
	short, err := strconv.Atoi(exponent)
	if err != nil {
		return all
	}
	whole := mantissa
	if !strings.Contains(whole, ".") {
		whole += ".0"
	}
	all = append(all, fmt.Sprintf("%se%d", mantissa, short), fmt.Sprintf("%sE%d", whole, short)) // 1e0, and 1.0E0 as Java writes it
	return unique(all)
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
