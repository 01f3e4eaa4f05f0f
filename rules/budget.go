package rules

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/strictyaml"
)

// Budget is how often a rule may be wrong, in times a second.
type Budget struct {
	FalsePages     float64 // likely or certain, and nothing was wrong
	FalseRollbacks float64 // certain, and nothing was wrong
}

// DefaultBudget is one false page a week and one false rollback a quarter.
var DefaultBudget = Budget{FalsePages: 1 / periods["week"].Seconds(), FalseRollbacks: 1 / periods["quarter"].Seconds()}

// smallestP is the smallest p-value that is required. A profile's tail is
// extrapolated, and smaller values are not reliable.
const smallestP = 1e-5

// Thresholds are the p-values that keep the budget of a rule that watches pace
// changes a second. A p-value holds for a whole watch, however many looks it
// has, so the expected false alarms of a rule are at most p times its watches.
//
// They are never laxer than the defaults, even if the budget would allow it, so
// that "likely" means at least the same for every rule. Without a pace they are
// the defaults.
//
// See adr/0019.
func (b Budget) Thresholds(pace float64) detector.Thresholds {
	t := detector.DefaultThresholds
	if !(pace > 0) {
		return t
	}
	b = cmp.Or(b, DefaultBudget)
	t.Likely = min(max(b.FalsePages/pace, smallestP), t.Likely)
	t.Certain = min(max(b.FalseRollbacks/pace, smallestP), t.Certain, t.Likely)
	return t
}

// frequency is how often something may happen, as people write it: 1/week.
type frequency struct {
	text      string
	perSecond float64
}

// periods are what a frequency counts in.
var periods = map[string]time.Duration{
	"day": 24 * time.Hour, "week": 7 * 24 * time.Hour, "month": 30 * 24 * time.Hour,
	"quarter": 91 * 24 * time.Hour, "year": 365 * 24 * time.Hour,
}

// UnmarshalText reads a frequency.
func (f *frequency) UnmarshalText(text []byte) error {
	f.text = strings.TrimSpace(string(text))
	number, word, _ := strings.Cut(f.text, "/")
	times, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	period, known := periods[strings.TrimSpace(word)]
	if err != nil || !known || math.IsInf(times, 0) || math.IsNaN(times) {
		return &strictyaml.ValueError{
			Message: fmt.Sprintf("%q is not a frequency", shortened(f.text)),
			Hint:    "write a number a day, week, month, quarter or year, as in 1/week",
		}
	}
	f.perSecond = times / period.Seconds()
	return nil
}

// MarshalText gives what was written.
func (f frequency) MarshalText() ([]byte, error) { return []byte(f.text), nil }

func shortened(text string) string {
	if runes := []rune(text); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return text
}

// budget fills in how often the rule may be wrong.
func (r *reader) budget(at string, w *writtenBudget) Budget {
	b := DefaultBudget
	if w == nil {
		return b
	}
	if w.FalsePages == nil && w.FalseRollbacks == nil {
		r.at(at, codeWidening, "an empty budget has no effect", "leave the key out to get the default: {false_pages: 1/week, false_rollbacks: 1/quarter}")
	}
	b.FalsePages = r.frequency(at+".false_pages", w.FalsePages, b.FalsePages)
	b.FalseRollbacks = r.frequency(at+".false_rollbacks", w.FalseRollbacks, b.FalseRollbacks)
	return b
}

// maxFrequency and minFrequency bound a budget. Zero is impossible, because every test errs
// sometimes.
var (
	maxFrequency = 100 / periods["day"].Seconds()
	minFrequency = 0.1 / periods["year"].Seconds()
)

func (r *reader) frequency(at string, f *frequency, otherwise float64) float64 {
	if f == nil {
		return otherwise
	}
	if slack := 1e-9; f.perSecond > maxFrequency*(1+slack) || f.perSecond < minFrequency*(1-slack) {
		r.at(at, codeOutOfRange, "this must be from 0.1/year to 100/day", "every test errs sometimes; the rarer its false alarms, the larger the effects that it misses")
	}
	return f.perSecond
}
