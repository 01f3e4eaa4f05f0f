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

// Month is what a pace counts changes in.
const Month = 30 * day

// Rate is a share or a frequency with its 95 % interval.
type Rate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// share is c of n with Wilson's interval; nil where n is 0.
func share(c, n int) *Rate {
	if n == 0 {
		return nil
	}
	p := float64(c) / float64(n)
	low, high := stats.Wilson(p, float64(n))
	r := Rate{Value: p, Low: low, High: high}
	switch c { // where rounding would leave a trace
	case 0:
		r.Low = 0
	case n:
		r.High = 1
	}
	return &r
}

// times scales a share to a frequency; nil where either is unknown.
func (r *Rate) times(n float64) *Rate {
	if r == nil || n <= 0 {
		return nil
	}
	return &Rate{Value: r.Value * n, Low: r.Low * n, High: r.High * n}
}

// Score is what is to be said of one rule. What is nil could not be measured:
// rates without placebos, frequencies without a pace.
type Score struct {
	Rule     string `json:"rule"`
	Team     string `json:"team"`
	Hash     string `json:"rule_hash"`
	Changes  Count  `json:"changes"`
	Placebos Count  `json:"placebos"`

	FalseAlarms    *Rate   `json:"false_alarm_rate"`    // of placebos judged, likely or worse
	FalseRollbacks *Rate   `json:"false_rollback_rate"` // of placebos judged, might have acted
	Pace           float64 `json:"changes_a_month"`     // 0: unknown
	PagesAMonth    *Rate   `json:"false_pages_a_month"`
	ActsAMonth     *Rate   `json:"false_rollbacks_a_month"`

	Caught []Catch    `json:"caught"`
	Median float64    `json:"median_seconds_to_detect"` // of Caught; 0 where there is none
	Earned rules.Mode `json:"earned"`
	Why    string     `json:"why"` // one sentence
}

// Scorer counts replays and makes scores of them.
type Scorer struct {
	Pace   float64 // changes a month of every rule; 0: as many as were replayed in the time they span
	scores []*Score
	budget map[string]rules.Budget
	byRule map[string]*Score
	from   map[string]time.Time
	to     map[string]time.Time
}

// NewScorer expects replays under these rules.
func NewScorer(all []rules.Rule, pace float64) *Scorer {
	s := &Scorer{Pace: pace, budget: map[string]rules.Budget{}, byRule: map[string]*Score{}, from: map[string]time.Time{}, to: map[string]time.Time{}}
	for _, r := range all {
		s.budget[r.Name] = cmp.Or(r.Budget, rules.DefaultBudget)
		score := &Score{Rule: r.Name, Team: r.Team, Hash: r.Hash, Caught: []Catch{}}
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
	if c, ok := r.catch(); ok {
		score.Caught = append(score.Caught, c)
	}
	at := r.Moment.StartedAt
	if from, ok := s.from[score.Rule]; !ok || at.Before(from) {
		s.from[score.Rule] = at
	}
	if at.After(s.to[score.Rule]) {
		s.to[score.Rule] = at
	}
}

// Scores are those of all rules, in their order.
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
	score.PagesAMonth = score.FalseAlarms.times(score.Pace)
	score.ActsAMonth = score.FalseRollbacks.times(score.Pace)
	score.Median = medianTime(score.Caught)
	score.Earned, score.Why = s.earned(score)
	return score
}

// leastSpan is the shortest time that says how often a team changes things.
const leastSpan = day

func (s *Scorer) pace(score Score) float64 {
	span := s.to[score.Rule].Sub(s.from[score.Rule])
	switch {
	case s.Pace > 0:
		return s.Pace
	case span < leastSpan:
		return 0
	}
	return float64(score.Changes.Watched) * month.Seconds() / span.Seconds()
}

func medianTime(caught []Catch) float64 {
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

// earned holds the worst that the placebos allow for against the budget: a
// rule is trusted with what it has shown, not with what it may well be.
func (s *Scorer) earned(score Score) (rules.Mode, string) {
	switch {
	case score.FalseAlarms == nil:
		return rules.Observe, "no moment without a change was judged: ask for placebos"
	case score.Pace == 0:
		return rules.Observe, "the changes span less than a day: say how many there are a month"
	}
	b := s.budget[score.Rule]
	pages, acts := b.FalsePages*month.Seconds(), b.FalseRollbacks*month.Seconds()
	switch {
	case score.PagesAMonth.High > pages:
		return rules.Observe, exceeding("false pages", *score.PagesAMonth, pages, score)
	case score.ActsAMonth.High > acts:
		return rules.Ask, exceeding("false rollbacks", *score.ActsAMonth, acts, score)
	}
	return rules.Act, fmt.Sprintf("at worst %.2g false pages and %.2g false rollbacks a month, within the budget of %.2g and %.2g",
		score.PagesAMonth.High, score.ActsAMonth.High, pages, acts)
}

// exceeding says by how much, and whether more placebos could tell better.
func exceeding(what string, r Rate, budget float64, score Score) string {
	text := fmt.Sprintf("%s may be as many as %.2g a month, the budget is %.2g", what, r.High, budget)
	if r.Value > budget {
		return text
	}
	return text + fmt.Sprintf("; at best it takes %d placebos to tell", enough(budget/score.Pace))
}

// enough is how many placebos without an alarm bring Wilson's upper limit
// under a share.
func enough(share float64) int {
	z2 := stats.Normal95 * stats.Normal95
	return int(math.Ceil(z2 / share * (1 - share)))
}
