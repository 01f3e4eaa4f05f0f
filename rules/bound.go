package rules

import (
	"math"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
)

// Bound is one rule for one change of one service, with the overrides for that
// service applied. Its queries have the change's values. Make it with Set.For, or with Bind
// from a rule that was stored with a watch.
type Bound struct {
	rule        Rule
	service     Service
	change      sources.Change
	partMatcher *labels.Matcher // of a part: selects its series; nil: the whole signal
}

// Bind applies the overrides of a rule that are meant for the service. It
// does not ask whether the rule watches the change: Set.For does.
func Bind(r Rule, c sources.Change, svc Service) Bound {
	return Bound{rule: r.withOverrides(svc.Name), service: svc, change: c}
}

// Rule is the rule as it holds for this service. Its Text and Hash are those
// of the rule as written, for all services.
func (b Bound) Rule() Rule { return b.rule }

// Service is the service the rule is bound to.
func (b Bound) Service() Service { return b.service }

// The before and after windows have this many ticks unless the rule sets `tick`
// or `before`. The published method uses the same number.
const ticks = 30

// Resolved is what the metric store answered to the probes: its resolution, and
// for each signal which expression has data. It is stored with the watch.
type Resolved struct {
	Resolution time.Duration     `json:"resolution"` // the scrape interval; 0 is taken as 15s
	Signals    map[string]Choice `json:"signals"`    // by the signal's name as written; absent: nothing has data
}

// Choice is how one signal is read.
type Choice struct {
	Index  int     `json:"index"`            // which of any_of
	Native bool    `json:"native,omitempty"` // a native histogram
	Edge   string  `json:"edge,omitempty"`   // classic: the value of le as the store writes it
	Bound  float64 `json:"bound,omitempty"`  // the bound of slow, in the histogram's unit

	MeanOnly bool `json:"mean_only,omitempty"` // a summary: there are no buckets to tell how many were slow

	Series  int      `json:"series,omitempty"`  // of a query that should give one series: how many it gives, if more
	Missing []string `json:"missing,omitempty"` // of a counter: the labels that `bad` names and no series has
	Labels  []string `json:"labels,omitempty"`  // the labels that its series have instead

	Parts []string `json:"parts,omitempty"` // of a signal judged by a label: its values, the busiest first
}

// resolution is the store's, never less than a millisecond.
func (r Resolved) resolution() time.Duration {
	if r.Resolution <= 0 {
		return 15 * time.Second
	}
	return max(r.Resolution, time.Millisecond)
}

// Plan is what the detector needs. A histogram becomes two signals:
// "latency.mean" and "latency.slow".
func (b Bound) Plan(r Resolved) detector.Plan {
	tick := b.tick(r)
	p := detector.Plan{
		Rule: b.rule.Name, Tick: tick,
		Before: b.rule.Before, After: max(1, int(b.rule.Bake/tick)),
	}
	for _, s := range b.rule.Signals {
		p.Season = max(p.Season, s.Season)
		whole := s.detectorSignals(s.chosenExpr(r), r.Signals[s.Name])
		for i := range whole {
			whole[i].Place, whole[i].Needed = b.rule.place(s), slices.Contains(b.rule.Needs, s.Name)
			whole[i].Unseen = b.unseenLabels(s, r)
		}
		p.Signals = append(append(p.Signals, whole...), s.detectorParts(r, whole)...)
	}
	if p.Fine = b.fineTick(r); p.Fine > 0 {
		for _, s := range p.Signals {
			if s.Part == "" { // parts have no fine horizon of their own
				s.Of, s.Name = s.Name, detector.FineName(s.Name, p.Fine)
				p.Signals = append(p.Signals, s)
			}
		}
	}
	return p
}

// fineTick is the tick of the fine horizon, which a bake over an hour has too: a
// minute, or the store's resolution if that is longer. 0 for none: a rule that
// writes its own tick is judged with that one only.
func (b Bound) fineTick(r Resolved) time.Duration {
	resolution := r.resolution()
	fine := time.Duration(math.Ceil(time.Minute.Seconds()/resolution.Seconds())) * resolution
	if b.rule.Tick > 0 || b.rule.Bake <= time.Hour || fine >= b.tick(r) {
		return 0
	}
	return fine
}

// tick is what the rule writes, or bake/30 rounded up to a whole multiple of the
// store's resolution, because the store has no samples between two scrapes.
func (b Bound) tick(r Resolved) time.Duration {
	resolution := r.resolution()
	if b.rule.Tick > 0 {
		return max(b.rule.Tick, resolution)
	}
	n := (b.rule.Bake + ticks*resolution - 1) / (ticks * resolution)
	return max(1, n) * resolution
}

// chosenExpr is the expression of any_of that the signal is read by.
func (s Signal) chosenExpr(r Resolved) Expr {
	return s.AnyOf[min(r.Signals[s.Name].Index, len(s.AnyOf)-1)]
}

// detectorSignals gives the detector's signals for one signal as written.
func (s Signal) detectorSignals(e Expr, c Choice) []detector.Signal {
	base := detector.Signal{
		Name: s.Name, Worse: s.Worse, MinEffect: s.MinEffect.Main,
		ActOnLost: s.ActOnLost, SkipUnmatched: s.SkipUnmatched,
	}
	if e.Control != nil {
		base.Controlled, base.ByVersion, base.Split = true, e.selectsVersion(), e.Control.Split
	}
	switch {
	case e.Histogram != "" || e.QueryKind == mean:
		all := s.histogramSignals(base, unitOf(e))
		if c.MeanOnly || e.QueryKind == mean {
			all = all[:1]
		}
		return all
	case e.Counter != "" || e.BadQuery != "":
		base.Kind, base.Unit, base.MinEvents = detector.Counts, fraction, s.MinEvents
	default:
		base.Kind = detector.Level
		if e.QueryKind == ratio {
			base.Unit = fraction
		}
	}
	base.Limit = s.Limit.scaled(1)
	return []detector.Signal{base}
}

// histogramSignals are the two signals of a histogram: its mean and its slow
// fraction. A quantile is not used, because it cannot be averaged and is capped
// by the highest bucket.
func (s Signal) histogramSignals(base detector.Signal, u unit) []detector.Signal {
	mean, slow := base, base
	mean.Name, mean.Kind, mean.Unit = s.Name+".mean", detector.Level, u.name
	mean.MinEffect.Absolute *= u.perSecond
	slow.Name, slow.Kind, slow.Unit = s.Name+".slow", detector.Counts, fraction
	slow.MinEffect, slow.MinEvents = s.MinEffect.Slow, s.MinEvents
	if s.Limit != nil && s.Limit.Fraction {
		slow.Limit = s.Limit.scaled(1)
	} else {
		mean.Limit = s.Limit.scaled(u.perSecond)
	}
	return []detector.Signal{mean, slow}
}

func (l *Limit) scaled(scale float64) *float64 {
	if l == nil {
		return nil
	}
	v := l.Value * scale
	return &v
}
