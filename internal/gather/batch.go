package gather

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/pushback/pushback/sources"
)

const (
	// mostTogether is how many questions are asked as one at most.
	mostTogether = 250
	// mostBytes bounds the values in a merged query: VictoriaMetrics takes queries of 16 KiB.
	mostBytes = 8 << 10
	// mostPoints bounds the points of a merged answer, all questions together, each of them
	// with one series.
	mostPoints = 30_000
)

// batch is what one query asks for: the questions, of which each has its own value of the split
// or, without a split, the same expression.
type batch struct {
	by          sources.Split
	asks        []*ask
	values      []string // of asks; empty without a split
	from, until int64    // Unix milliseconds
}

// kind is what questions of one batch have in common.
type kind struct {
	label string
	shape unique.Handle[string] // of the expression, or without a label the expression itself
	step  time.Duration
	phase int64 // of the steps' grid; of an instant, its time
}

// member is a question as one of a kind.
type member struct {
	*ask
	split sources.Split
}

// batches groups questions so that as few queries as possible ask them.
func (c *splitCache) batches(asks []*ask, most int) (all []batch) {
	kinds := map[kind][]member{}
	for _, a := range asks {
		k, m := c.kinds(a)
		for i := range k {
			kinds[k[i]] = append(kinds[k[i]], m[i])
		}
	}
	asked := map[*ask]bool{}
	for _, k := range largestFirst(kinds) {
		members := slices.DeleteFunc(kinds[k], func(m member) bool { return asked[m.ask] })
		for _, m := range members {
			asked[m.ask] = true
		}
		all = append(all, cut(members, k.label != "", most)...)
	}
	return all
}

// kinds are all kinds that a question is of: one for each of its splits, and itself.
func (c *splitCache) kinds(a *ask) (kinds []kind, members []member) {
	own := kind{step: a.query.Step, phase: a.from}
	if step := a.query.Step.Milliseconds(); step > 0 {
		own.phase = a.from % step
	}
	for _, s := range c.of(a.query.Expr) {
		k := own
		k.label, k.shape = s.split.Label, s.shape
		kinds, members = append(kinds, k), append(members, member{a, s.split})
	}
	own.shape = unique.Make(a.query.Expr)
	return append(kinds, own), append(members, member{ask: a})
}

// largestFirst orders kinds by how many questions they have. Between equals the order is
// that of their text, so that equal questions are asked equally.
func largestFirst(kinds map[kind][]member) []kind {
	return slices.SortedFunc(maps.Keys(kinds), func(a, b kind) int {
		return cmp.Or(
			len(kinds[b])-len(kinds[a]), strings.Compare(b.label, a.label), strings.Compare(a.shape.Value(), b.shape.Value()),
			cmp.Compare(a.step, b.step), cmp.Compare(a.phase, b.phase),
		)
	})
}

// cut makes batches of the questions of one kind. Windows that hardly overlap are not asked
// as one, because the query covers the whole from the first to the last.
func cut(members []member, split bool, most int) (all []batch) {
	slices.SortStableFunc(members, func(a, b member) int { return cmp.Compare(a.from, b.from) })
	var now *batch
	var wanted, bytes int64
	for _, m := range members {
		steps := m.steps(m.from, m.until)
		if now != nil {
			whole := m.steps(now.from, max(now.until, m.until)) * int64(len(now.asks)+1)
			bytes += int64(len(m.split.Value)) + 1
			if len(now.asks) >= most || bytes > mostBytes || whole > mostPoints || whole > 2*(wanted+steps) {
				now = nil
			}
		}
		if now == nil {
			all = append(all, batch{by: m.split, from: m.from, until: m.until})
			now, wanted, bytes = &all[len(all)-1], 0, int64(len(m.split.Value))
		}
		now.asks, now.until, wanted = append(now.asks, m.ask), max(now.until, m.until), wanted+steps
		if split {
			now.values = append(now.values, m.split.Value)
		}
	}
	return all
}

// steps is how many points a window has.
func (a *ask) steps(from, until int64) int64 {
	return (until-from)/max(1, a.query.Step.Milliseconds()) + 1
}

// query is what asks for the whole batch.
func (b batch) query(l sources.Merging) sources.Query {
	q := b.asks[0].query
	values := slices.Compact(slices.Sorted(slices.Values(b.values)))
	if len(values) > 1 {
		q.Expr = l.Merge(q.Expr, b.by, values)
	}
	return q
}

// split gives each question its part of the answer, as it would have been given alone.
func (b batch) split(answer []sources.Series) [][]sources.Series {
	parts := make([][]sources.Series, len(b.asks))
	if len(b.values) == 0 {
		for i, a := range b.asks {
			parts[i] = a.within(answer)
		}
		return parts
	}
	of := map[string][]sources.Series{}
	one := !slices.ContainsFunc(b.values, func(v string) bool { return v != b.values[0] })
	for _, s := range answer {
		value := s.Labels[b.by.Label]
		switch {
		case one: // the question was asked as it is
			value = b.values[0]
		case b.by.Added:
			s.Labels = maps.Clone(s.Labels)
			delete(s.Labels, b.by.Label)
		}
		of[value] = append(of[value], s)
	}
	for i, a := range b.asks {
		parts[i] = a.within(of[b.values[i]])
	}
	return parts
}

// within are the points of the question's own window. A series without points is not there.
// An instant has one point, whose time is the store's.
func (a *ask) within(all []sources.Series) []sources.Series {
	if a.query.Step == 0 {
		return all
	}
	kept := make([]sources.Series, 0, len(all))
	for _, s := range all {
		s.Samples = between(s.Samples, a.from, a.until, func(p sources.Sample) int64 { return p.T })
		s.Histograms = between(s.Histograms, a.from, a.until, func(p sources.HistogramSample) int64 { return p.T })
		if len(s.Samples)+len(s.Histograms) > 0 {
			kept = append(kept, s)
		}
	}
	return kept
}

// between is the stretch of points, in ascending order, from one time to another. It cannot be appended to
// without being copied, because others hold what follows.
func between[P any](points []P, from, until int64, at func(P) int64) []P {
	order := func(p P, t int64) int { return cmp.Compare(at(p), t) }
	first, _ := slices.BinarySearchFunc(points, from, order)
	end, _ := slices.BinarySearchFunc(points, until+1, order)
	return points[first:end:end]
}
