package backtest

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/rules"
)

const (
	day   = 24 * time.Hour
	month = Month
)

// Month is the unit of time of a pace.
const Month = 30 * day

// Rate is a share or a frequency with its 95 % interval.
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// share returns c of n with Wilson's interval, nil if n is 0.
func share(c, n int) *Rate {
	if n == 0 {
		return nil
	}
	p := float64(c) / float64(n)
	low, high := stats.Wilson(p, float64(n))
	r := Rate{Value: p, Low: low, High: high}
	switch c { // exact bounds, without rounding errors
	case 0:
		r.Low = 0
	case n:
		r.High = 1
	}
	return &r
}

// scale multiplies a share to a frequency, nil if either is unknown.
func (r *Rate) scale(n float64) *Rate {
	if r == nil || n <= 0 {
		return nil
	}
	return &Rate{Value: r.Value * n, Low: r.Low * n, High: r.High * n}
}

// Score is the result of a backtest for one rule. A field is nil if it could not be
// measured: rates need placebos, and frequencies need a pace.
type Score struct {
	Rule     string `json:"rule"`
	Team     string `json:"team"`
	Hash     string `json:"rule_hash"`
	Changes  Count  `json:"changes"`
	Placebos Count  `json:"placebos"`

	FalseAlarms    *Rate   `json:"false_alarm_rate"`    // share of judged placebos with grade likely or higher
	FalseRollbacks *Rate   `json:"false_rollback_rate"` // share of judged placebos that might have acted
	Pace           float64 `json:"changes_a_month"`     // 0: unknown
	PagesAMonth    *Rate   `json:"false_pages_a_month"`
	ActsAMonth     *Rate   `json:"false_rollbacks_a_month"`

	Alarms []Alarm    `json:"caught"`
	Median float64    `json:"median_seconds_to_detect"` // of Alarms; 0 if there is none
	Earned rules.Mode `json:"earned"`
	Why    string     `json:"why"` // one sentence
}

// Scorer counts replays and computes scores from them.
type Scorer struct {
	Pace   float64 // changes a month under every rule; 0: measured from the replayed changes
	scores []*Score
	budget map[string]rules.Budget
	byRule map[string]*Score
	from   map[string]time.Time
	to     map[string]time.Time
}

// NewScorer returns a scorer for replays under the given rules.
func NewScorer(all []rules.Rule, pace float64) *Scorer {
	s := &Scorer{Pace: pace, budget: map[string]rules.Budget{}, byRule: map[string]*Score{}, from: map[string]time.Time{}, to: map[string]time.Time{}}
	for _, r := range all {
		s.budget[r.Name] = cmp.Or(r.Budget, rules.DefaultBudget)
		score := &Score{Rule: r.Name, Team: r.Team, Hash: r.Hash, Alarms: []Alarm{}}
		s.scores, s.byRule[r.Name] = append(s.scores, score), score
	}
	return s
}

// Add counts one replay under one of the scorer's rules.
func (s *Scorer) Add(r Replay) {
	score := s.byRule[r.Rule.Name]
	if r.Moment.Placebo {
		score.Placebos.add(r)
		return
	}
	score.Changes.add(r)
	if c, ok := r.alarm(); ok {
		score.Alarms = append(score.Alarms, c)
	}
	at := r.Moment.StartedAt
	if from, ok := s.from[score.Rule]; !ok || at.Before(from) {
		s.from[score.Rule] = at
	}
	if at.After(s.to[score.Rule]) {
		s.to[score.Rule] = at
	}
}

// Scores returns the scores of all rules, in their order.
func (s *Scorer) Scores() []Score {
	all := make([]Score, len(s.scores))
	for i, score := range s.scores {
		all[i] = s.finish(*score)
	}
	return all
}

func (s *Scorer) finish(score Score) Score {
	n := score.Placebos.Judged
	score.FalseAlarms, score.FalseRollbacks = share(score.Placebos.Alarmed, n), share(score.Placebos.MightAct, n)
	score.Pace = s.pace(score)
	score.PagesAMonth = score.FalseAlarms.scale(score.Pace)
	score.ActsAMonth = score.FalseRollbacks.scale(score.Pace)
	score.Median = medianTime(score.Alarms)
	score.Earned, score.Why = s.earned(score)
	return score
}

// minPaceSpan is the shortest period that a pace is measured from.
const minPaceSpan = day

func (s *Scorer) pace(score Score) float64 {
	span := s.to[score.Rule].Sub(s.from[score.Rule])
	switch {
	case s.Pace > 0:
		return s.Pace
	case span < minPaceSpan:
		return 0
	}
	return float64(score.Changes.Watched) * month.Seconds() / span.Seconds()
}

func medianTime(caught []Alarm) float64 {
	if len(caught) == 0 {
		return 0
	}
	times := make([]float64, len(caught))
	for i, c := range caught {
		times[i] = c.Seconds
	}
	slices.Sort(times)
	return stats.Quantile(times, 0.5)
}

// earned compares the upper limits of the false rates with the budget: a rule earns
// a mode only if the placebos show with 95 % confidence that it keeps within.
func (s *Scorer) earned(score Score) (rules.Mode, string) {
	switch {
	case score.FalseAlarms == nil:
		return rules.Observe, "no placebo was judged: ask for placebos"
	case score.Pace == 0:
		return rules.Observe, "the changes span less than a day: give the number of changes a month"
	}
	b := s.budget[score.Rule]
	pages, acts := b.FalsePages*month.Seconds(), b.FalseRollbacks*month.Seconds()
	switch {
	case score.PagesAMonth.High > pages:
		return rules.Observe, overBudget("false pages", *score.PagesAMonth, pages, score)
	case score.ActsAMonth.High > acts:
		return rules.Ask, overBudget("false rollbacks", *score.ActsAMonth, acts, score)
	}
	return rules.Act, fmt.Sprintf("at worst %.2g false pages and %.2g false rollbacks a month, within the budget of %.2g and %.2g",
		score.PagesAMonth.High, score.ActsAMonth.High, pages, acts)
}

// overBudget says by how much a rate may exceed the budget, and how many placebos
// could show that it does not.
func overBudget(what string, r Rate, budget float64, score Score) string {
	text := fmt.Sprintf("%s may be as many as %.2g a month, the budget is %.2g", what, r.High, budget)
	if r.Value > budget {
		return text
	}
	return text + fmt.Sprintf("; it takes at least %d placebos to show that it is less", placebosNeeded(budget/score.Pace))
}

// placebosNeeded returns how many placebos without an alarm bring Wilson's upper
// limit under a share.
func placebosNeeded(share float64) int {
	z2 := stats.Normal95 * stats.Normal95
	return int(math.Ceil(z2 / share * (1 - share)))
}
