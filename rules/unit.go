package rules

import (
	"slices"
	"strings"
)

// unit is the unit of a histogram of durations.
type unit struct {
	name      string
	short     string // how names of metrics abbreviate it
	perSecond float64
}

var units = []unit{{"seconds", "s", 1}, {"milliseconds", "ms", 1e3}, {"microseconds", "us", 1e6}, {"nanoseconds", "ns", 1e9}}

func unitNames() []string {
	names := make([]string, len(units))
	for i, u := range units {
		names[i] = u.name
	}
	return names
}

// unitOf is the unit that an expression says, or that the histogram's name ends in, as
// Prometheus recommends: seconds if it names none.
func unitOf(e Expr) unit {
	name, _, _ := strings.Cut(e.Histogram, "{")
	name = strings.TrimSpace(name)
	i := slices.IndexFunc(units, func(u unit) bool {
		if e.Unit != "" {
			return e.Unit == u.name
		}
		return strings.HasSuffix(name, "_"+u.name) || u.perSecond > 1 && strings.HasSuffix(name, "_"+u.short)
	})
	return units[max(i, 0)]
}
