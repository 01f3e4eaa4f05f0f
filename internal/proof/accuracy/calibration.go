package accuracy

import (
	"context"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

// Spans are the histories of the calibration.
var Spans = []time.Duration{8 * time.Hour, 48 * time.Hour, 7 * 24 * time.Hour, 10 * 24 * time.Hour, 14 * 24 * time.Hour}

// Calibration says what to draw.
type Calibration struct {
	Series     int             // of each generator and span, each with one change
	Generators []Generator     // nil: all
	Spans      []time.Duration // nil: all
	Seed       uint64          // equal seeds give equal cells
	Progress   Progress
}

// Cell is one generator with one span of history.
type Cell struct {
	Generator string   `json:"generator"`
	Hours     float64  `json:"history_hours"`
	Series    int      `json:"series"`
	Suspect   Share    `json:"suspect"` // false alarms
	Likely    Share    `json:"likely"`
	Certain   Share    `json:"certain"`
	Caught    []Caught `json:"caught"` // by regression
}

// Caught is what was found of one regression.
type Caught struct {
	Regression string  `json:"regression"`
	Likely     float64 `json:"likely"`
	Certain    float64 `json:"certain"`
	Ticks      int     `json:"ticks"` // median until likely, of what was found; 0: nothing was
}

// Share is a share of a number of trials with its 95 % Wilson interval.
type Share struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func shareOf(count, trials int) Share {
	part := float64(count) / float64(trials)
	low, high := stats.Wilson(part, float64(trials))
	return Share{part, max(low, 0), min(high, 1)}
}

// GeneratorsNamed are those whose names contain one of the words; all where there is no
// word.
func GeneratorsNamed(words []string) []Generator {
	if len(words) == 0 {
		return Generators
	}
	var named []Generator
	for _, g := range Generators {
		for _, word := range words {
			if strings.Contains(strings.ToLower(g.Name), strings.ToLower(word)) {
				named = append(named, g)
				break
			}
		}
	}
	return named
}

// GeneratorNames are the names of all, in one line.
func GeneratorNames() string {
	var names []string
	for _, g := range Generators {
		names = append(names, g.Name)
	}
	return strings.Join(names, "; ")
}

// Calibrate watches changes that do nothing at the ends of drawn series, and then the same
// changes with a regression.
func Calibrate(ctx context.Context, c Calibration) ([]Cell, error) {
	if c.Generators == nil {
		c.Generators = Generators
	}
	if c.Spans == nil {
		c.Spans = Spans
	}
	outcomes, err := watchKinds(ctx, len(c.Generators)*len(c.Spans), c.Series, c.Progress, func(cell, number int) []reached {
		g, span := c.cell(cell)
		return g.watch(span, c.Seed, number)
	})
	cells := make([]Cell, len(outcomes))
	for i := range cells {
		g, span := c.cell(i)
		cells[i] = cellOf(g, span, outcomes[i])
	}
	return cells, err
}

func (c Calibration) cell(i int) (Generator, time.Duration) {
	return c.Generators[i/len(c.Spans)], c.Spans[i%len(c.Spans)]
}

// watch draws one series and watches the change at its end: unchanged, and with each
// regression.
func (g Generator) watch(span time.Duration, seed uint64, number int) []reached {
	r, history := sourceOf(g.Name, span, seed, number), int(span/time.Minute)
	x := g.draw(r, history+window)
	w := learnQuiet(detector.Higher, x[:history])
	out := []reached{w.look(x[history:])}
	for i := range regressions {
		out = append(out, w.look(g.regress(r, x[history:], i)))
	}
	return out
}

func cellOf(g Generator, span time.Duration, outcomes [][]reached) Cell {
	quiet := columnOf(outcomes, 0)
	cell := Cell{
		Generator: g.Name, Hours: span.Hours(), Series: len(outcomes),
		Suspect: rateOf(quiet, detector.Suspect), Likely: rateOf(quiet, detector.Likely), Certain: rateOf(quiet, detector.Certain),
	}
	for i, regression := range regressions {
		worse := columnOf(outcomes, i+1)
		cell.Caught = append(cell.Caught, Caught{
			Regression: regression.name,
			Likely:     rateOf(worse, detector.Likely).Share,
			Certain:    rateOf(worse, detector.Certain).Share,
			Ticks:      medianTick(ticksOf(worse, detector.Likely)),
		})
	}
	return cell
}
