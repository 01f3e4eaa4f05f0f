package accuracy

import (
	"cmp"
	"context"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
)

// rare is one kind of series that moves rarely or never, and what happens to it at the
// change. Scales that are taken from all ticks are zero there.
type rare struct {
	what   string
	worse  detector.Worse // empty: higher
	spans  []time.Duration
	within int  // ticks until which it should be found
	quiet  bool // nothing happens: an alarm is false
	draw   func(r *rand.Rand, n int) []float64
	change func(r *rand.Rand, history, after []float64) []float64
	once   bool // nothing is drawn at random, so one watch tells all
	times  int  // how many times as many watches as of other kinds; 0: as many
}

// RareRow is what was found of one kind with one span of history, or the false alarms of
// a quiet one.
type RareRow struct {
	What    string  `json:"what"`
	Hours   float64 `json:"history_hours"`
	Watches int     `json:"watches"`
	Within  int     `json:"within_ticks"`
	Quiet   bool    `json:"quiet"`
	Likely  Share   `json:"likely"`
	Certain Share   `json:"certain"`

	outcomes []reached
}

// shortAndLong are the histories of kinds that are drawn.
var shortAndLong = []time.Duration{48 * time.Hour, 7 * 24 * time.Hour}

// rares are the kinds, in the order of the page.
var rares = slices.Concat(sparseKinds(), flatKinds(), spikeKinds())

// watch draws one series and reports when each grade was reached.
func (k rare) watch(span time.Duration, seed uint64, number int) reached {
	r, n := sourceOf(k.what, span, seed, number), int(span/time.Minute)
	x := k.draw(r, n+window)
	after := x[n:]
	if k.change != nil {
		after = k.change(r, x[:n], after)
	}
	return learnQuiet(cmp.Or(k.worse, detector.Higher), x[:n]).look(after[:k.within])
}

// watches is how many series are drawn where so many were asked for.
func (k rare) watches(series int) int {
	if k.once {
		return 1
	}
	return series * max(k.times, 1)
}

// MeasureRare watches so many series of each kind and span, of some kinds more.
func MeasureRare(ctx context.Context, series int, seed uint64, progress Progress) ([]RareRow, error) {
	var rows []RareRow
	var pieces []func()
	for _, k := range rares {
		for _, span := range k.spans {
			outcomes := make([]reached, k.watches(series))
			rows = append(rows, RareRow{What: k.what, Hours: span.Hours(), Watches: len(outcomes), Within: k.within, Quiet: k.quiet, outcomes: outcomes})
			for i := range outcomes {
				pieces = append(pieces, func() { outcomes[i] = k.watch(span, seed, i) })
			}
		}
	}
	err := parallel(ctx, len(pieces), progress, func(i int) { pieces[i]() })
	for i := range rows {
		rows[i].count()
	}
	return rows, err
}

// count fills in the shares.
func (r *RareRow) count() {
	r.Likely, r.Certain = rateOf(r.outcomes, detector.Likely), rateOf(r.outcomes, detector.Certain)
}
