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

// Budget is how much false alarm a rule may cost, in times a second.
type Budget struct {
	FalsePages     float64 // likely or certain, and nothing was wrong
	FalseRollbacks float64 // certain, and nothing was wrong
}

// DefaultBudget is one false page a week and one false rollback a quarter.
var DefaultBudget = Budget{FalsePages: 1 / periods["week"].Seconds(), FalseRollbacks: 1 / periods["quarter"].Seconds()}

// strictest is the smallest p that is asked for: the tail of a history is
// extrapolated, and says nothing that far beyond it.
const strictest = 1e-5

// Thresholds are the p-values that keep the budget of a rule that watches so
// many changes a second. p holds for a whole watch, however often it is looked
// at, so the false alarms of a rule are no more than p times its watches.
//
// They are never laxer than the defaults, whatever the budget allows: what is
// called likely is to be likely. Nothing known of the pace, they are the
// defaults.
//
// See adr/0019.
func (b Budget) Thresholds(pace float64) detector.Thresholds {
	t := detector.DefaultThresholds
	if !(pace > 0) {
		return t
	}
	b = cmp.Or(b, DefaultBudget)
	t.Likely = min(max(b.FalsePages/pace, strictest), t.Likely)
	t.Certain = min(max(b.FalseRollbacks/pace, strictest), t.Certain, t.Likely)
	return t
}

// frequency is how often something may be, as people write it: 1/week.
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
			Message: fmt.Sprintf("%q is not how often something may be", shortened(f.text)),
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

// budget fills in what a rule may cost.
func (r *reader) budget(at string, w *writtenBudget) Budget {
	b := DefaultBudget
	if w == nil {
		return b
	}
	if w.FalsePages == nil && w.FalseRollbacks == nil {
		r.at(at, codeWidening, "an empty budget says nothing", "leave the key out where the default is meant: {false_pages: 1/week, false_rollbacks: 1/quarter}")
	}
	b.FalsePages = r.often(at+".false_pages", w.FalsePages, b.FalsePages)
	b.FalseRollbacks = r.often(at+".false_rollbacks", w.FalseRollbacks, b.FalseRollbacks)
	return b
}

// mostOften and leastOften bound what a budget may ask for: no test errs never.
var (
	mostOften  = 100 / periods["day"].Seconds()
	leastOften = 0.1 / periods["year"].Seconds()
)

func (r *reader) often(at string, f *frequency, otherwise float64) float64 {
	if f == nil {
		return otherwise
	}
	if slack := 1e-9; f.perSecond > mostOften*(1+slack) || f.perSecond < leastOften*(1-slack) {
		r.at(at, codeOutOfRange, "this must be from 0.1/year to 100/day", "no test errs never; the less often, the larger what it overlooks")
	}
	return f.perSecond
}
