package rules

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
)

// ErrNoMatch says that the catalogue gives no labels for a service, so that
// $match cannot be filled in.
var ErrNoMatch = errors.New("the service catalogue has no labels for $match")

// Probe is one question to the metric store, asked as an instant query at the end
// of the before window. It is the key of the answers that Resolve takes.
type Probe struct {
	Signal string // as written
	Index  int    // which of any_of
	Form   Question
	Expr   string
}

// Question is what a probe asks for.
type Question string

// The questions. Any answer with a series means that there is data.
const (
	HasData Question = "has_data" // counters and queries
	Edges   Question = "edges"    // classic histogram: one series an edge (le), the value its count before
	Parts   Question = "parts"    // one series a value of `by`, the value its events before
	P90     Question = "p90"      // native histogram: one series, the value the 90th percentile before
	Mean    Question = "mean"     // summary, or histogram without buckets: its mean alone can be judged
)

// Probes are the questions whose answers Resolve needs, in the order of
// preference. A rule of a store that does not speak PromQL has none.
//
//	answers := map[rules.Probe][]sources.Series{}
//	for _, p := range probes {
//		answers[p] = store.Instant(ctx, p.Expr, base) // leave out what failed
//	}
//	resolved := bound.Resolve(answers, resolution)
//
// Of an expression whose series are known not to exist nothing is asked: exist has, for each
// metric name that NamesProbe asks for, whether it does. nil: nothing is known.
func (b Bound) Probes(resolution time.Duration, exist map[string]bool) ([]Probe, error) {
	if !b.rule.Language.Selectors() {
		return nil, nil
	}
	var all []Probe
	for _, s := range b.rule.Signals {
		for i, e := range s.AnyOf {
			if e.absent(exist) {
				continue
			}
			probes, err := b.probes(e, Resolved{Resolution: resolution})
			if err != nil {
				return nil, fmt.Errorf("signal %s: %w", s.Name, err)
			}
			if s.By != "" {
				parts, err := b.partsProbes(s.By, e, b.probeWindow(Resolved{Resolution: resolution}))
				if err != nil {
					return nil, fmt.Errorf("signal %s: %w", s.Name, err)
				}
				probes = append(probes, parts...)
			}
			for _, p := range probes {
				p.Signal, p.Index = s.Name, i
				all = append(all, p)
			}
		}
	}
	return all, nil
}

// probeWindow is how far back a probe looks.
func (b Bound) probeWindow(r Resolved) string {
	return promDuration(max(ticks*b.tick(r), 4*r.resolution()))
}

// probes ask for an expression or, where it has a control, for either.
func (b Bound) probes(e Expr, r Resolved) ([]Probe, error) {
	own, err := b.probesOf(e, r)
	other, controlled := e.controlExpr()
	if err != nil || !controlled {
		return own, err
	}
	control, err := b.probesOf(other, r)
	if err != nil {
		return nil, err
	}
	return joinProbes(own, control), nil
}

func (b Bound) probesOf(e Expr, r Resolved) ([]Probe, error) {
	window := b.probeWindow(r)
	switch {
	case e.Counter != "":
		selector, err := b.selector(e.Counter, "")
		if err != nil {
			return nil, err
		}
		bad, err := badMatchers(e.Bad)
		if err != nil {
			return nil, err
		}
		return []Probe{{Form: HasData, Expr: fmt.Sprintf("group by (%s) (present_over_time(%s[%s]))", strings.Join(namesOf(bad), ", "), selector, window)}}, nil
	case e.Histogram != "":
		buckets, err := b.selector(e.Histogram, "_bucket")
		if err != nil {
			return nil, err
		}
		native, err := b.selector(e.Histogram, "")
		if err != nil {
			return nil, err
		}
		count, err := b.selector(e.Histogram, "_count")
		return []Probe{
			{Form: P90, Expr: fmt.Sprintf("histogram_quantile(0.9, sum(increase(%s[%s])))", native, window)},
			{Form: Edges, Expr: fmt.Sprintf("sum by (le) (increase(%s[%s]))", buckets, window)},
			{Form: Mean, Expr: fmt.Sprintf("group (present_over_time(%s[%s]))", count, window)},
		}, err
	default:
		expr := e.Query
		if e.TotalQuery != "" {
			expr = e.TotalQuery
		}
		filled, err := b.fill(expr, b.spans(r, b.tick(r)))
		if err != nil {
			return nil, err
		}
		return []Probe{{Form: HasData, Expr: filled.String()}}, nil
	}
}

// Resolve reads the answers: for each signal, the first of any_of that has
// data, whether its histogram is native, and the edge that bounds slow. A
// signal without an answer is left out; its inputs are then the first of any_of,
// and the detector gives the reason `unmatched`.
func (b Bound) Resolve(answers map[Probe][]sources.Series, resolution time.Duration) Resolved {
	r := Resolved{Resolution: resolution, Signals: map[string]Choice{}}
	for _, p := range b.byPreference(answers) {
		chosen, done := r.Signals[p.Signal]
		switch {
		case len(answers[p]) == 0:
		case p.Form == Parts && done && chosen.Index == p.Index && len(chosen.Parts) == 0:
			s, _ := b.rule.signal(p.Signal)
			chosen.Parts = partsOf(s.By, answers[p])
			r.Signals[p.Signal] = chosen
		case p.Form != Parts && !done:
			r.Signals[p.Signal] = b.choose(p, answers[p])
		case p.Form != Parts && len(chosen.Missing) > 0:
			// An expression whose bad events can be seen is better than one whose cannot.
			if other := b.choose(p, answers[p]); len(other.Missing) == 0 {
				r.Signals[p.Signal] = other
			}
		case chosen.MeanOnly && (p.Form == Edges || p.Form == P90):
			r.Signals[p.Signal] = b.choose(p, answers[p]) // one that shows slow events is better too
		}
	}
	return r
}

// byPreference are the probes that were answered, as Probes has them.
func (b Bound) byPreference(answers map[Probe][]sources.Series) []Probe {
	forms := []Question{P90, Edges, Mean, HasData, Parts}
	position := func(p Probe) int {
		return slices.IndexFunc(b.rule.Signals, func(s Signal) bool { return s.Name == p.Signal })
	}
	return slices.SortedFunc(maps.Keys(answers), func(x, y Probe) int {
		return cmp.Or(cmp.Compare(position(x), position(y)), cmp.Compare(x.Index, y.Index),
			cmp.Compare(slices.Index(forms, x.Form), slices.Index(forms, y.Form)), cmp.Compare(x.Expr, y.Expr))
	})
}

func (b Bound) choose(p Probe, answer []sources.Series) Choice {
	c := Choice{Index: p.Index}
	s, _ := b.rule.signal(p.Signal)
	u := unitOf(s.AnyOf[p.Index])
	wanted := s.Slow.Seconds() * u.perSecond
	switch p.Form {
	case HasData:
		c.Missing = missingLabels(s.AnyOf[p.Index], answer)
		if s.Combine == "" && s.AnyOf[p.Index].Counter == "" && len(answer) > 1 {
			c.Series = len(answer)
		}
	case P90:
		c.Native, c.Bound = true, wanted
		if wanted == 0 {
			c.Bound = cmp.Or(lastValue(answer[0]), defaultSlowBound*u.perSecond)
		}
	case Mean:
		c.MeanOnly = true
	case Edges:
		c.Edge, c.Bound = chooseEdge(answer, wanted, defaultSlowBound*u.perSecond)
	}
	return c
}

// chooseEdge picks the bound of slow among a histogram's edges: the lowest at or
// above the one wanted, or, where none is wanted, at or above the 90th
// percentile of before. The highest finite edge serves where none is as high.
func chooseEdge(series []sources.Series, wanted, otherwise float64) (string, float64) {
	buckets, total := bucketsOf(series)
	if wanted == 0 && total == 0 {
		wanted = otherwise
	}
	for _, c := range buckets {
		if wanted > 0 && c.bound >= wanted || wanted == 0 && c.count >= 0.9*total {
			return c.text, c.bound
		}
	}
	if len(buckets) == 0 {
		return "", 0
	}
	last := buckets[len(buckets)-1]
	return last.text, last.bound
}

// bucket is one edge of a classic histogram and how many events lie below it.
type bucket struct {
	text         string
	bound, count float64
}

// bucketsOf gives the finite edges, ascending, and the number of all events.
func bucketsOf(series []sources.Series) (buckets []bucket, total float64) {
	for _, s := range series {
		bound, err := strconv.ParseFloat(s.Labels["le"], 64)
		if err != nil {
			continue
		}
		count := lastValue(s)
		total = max(total, count)
		if !math.IsInf(bound, 0) {
			if i := slices.IndexFunc(buckets, func(b bucket) bool { return b.bound == bound }); i >= 0 {
				buckets[i].count += count // the same edge in another spelling, from other pods
				continue
			}
			buckets = append(buckets, bucket{s.Labels["le"], bound, count})
		}
	}
	slices.SortFunc(buckets, func(a, b bucket) int { return cmp.Compare(a.bound, b.bound) })
	return buckets, total
}

// defaultSlowBound bounds slow, in seconds, if the rule has no bound and there
// was no traffic to choose one from. Users of a web page notice that delay.
const defaultSlowBound = 0.5

// lastValue is the last sample's value, 0 if there is none or it is not a number.
func lastValue(s sources.Series) float64 {
	if len(s.Samples) == 0 {
		return 0
	}
	v := s.Samples[len(s.Samples)-1].V
	if math.IsNaN(v) {
		return 0
	}
	return v
}
