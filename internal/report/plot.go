package report

import (
	"math"
	"strings"

	"github.com/pushback/pushback/detector"
)

// plotRows is how many lines the plot of a signal is high beside its evidence.
const plotRows = 6

// glyphs are the characters of a plot: bars from empty to full, the line where the change
// was, and the axes.
type glyphs struct {
	bars                         []rune
	deploy                       rune
	side, corner, bottom, beside rune // beside: where the line of the change meets the bottom
}

var (
	blocks = glyphs{bars: []rune(" ▁▂▃▄▅▆▇█"), deploy: '│', side: '┤', corner: '└', bottom: '─', beside: '┴'}
	ascii  = glyphs{bars: []rune(" #"), deploy: '|', side: '|', corner: '+', bottom: '-', beside: '+'}
	// asciiLevels are the bars of a plot of one row, where only the character can say how high.
	asciiLevels = glyphs{bars: []rune(" .:-=+*#"), deploy: '|'}
)

// drawing is a plot without its labels.
type drawing struct {
	rows        []string // top first
	low, high   float64  // what the bottom and the top stand for
	ticks       int      // in a column
	left, right int      // columns before and after the change
}

// plot draws the ticks before and after a change as bars, with a line where
// the change was. Missing ticks are blank columns. It is at most columns wide.
func plot(before, after detector.Values, columns, rows int, g glyphs) drawing {
	d := drawing{ticks: 1}
	for columnsFor(len(before), d.ticks)+1+columnsFor(len(after), d.ticks) > max(columns, 3) {
		d.ticks++
	}
	left, right := binned(before, d.ticks), binned(after, d.ticks)
	d.left, d.right = len(left), len(right)
	d.low, d.high = span(append(append([]float64{}, left...), right...))
	for row := rows - 1; row >= 0; row-- {
		var b strings.Builder
		for _, v := range left {
			b.WriteRune(g.bar(v, row, rows, d))
		}
		b.WriteRune(g.deploy)
		for _, v := range right {
			b.WriteRune(g.bar(v, row, rows, d))
		}
		d.rows = append(d.rows, strings.TrimRight(b.String(), " "))
	}
	return d
}

// columnsFor is how many columns n ticks take, so many ticks a column.
func columnsFor(n, ticks int) int { return (n + ticks - 1) / ticks }

// bar is the part of a column in one row. Any value shows at least the lowest bar in the
// lowest row.
func (g glyphs) bar(v float64, row, rows int, d drawing) rune {
	if math.IsNaN(v) {
		return ' '
	}
	full := float64(len(g.bars) - 1)
	share := 0.0
	if d.high > d.low {
		share = (v - d.low) / (d.high - d.low)
	}
	fill := math.Round(share*float64(rows)*full) - float64(row)*full
	if row == 0 {
		fill = max(fill, 1)
	}
	return g.bars[int(min(max(fill, 0), full))]
}

// drawable is the size beyond which a number is no measurement.
const drawable = 1e100

// binned averages so many ticks a column.
func binned(x []float64, ticks int) []float64 {
	out := make([]float64, 0, len(x)/ticks+1)
	for i := 0; i < len(x); i += ticks {
		sum, n := 0.0, 0.0
		for _, v := range x[i:min(i+ticks, len(x))] {
			if math.Abs(v) < drawable {
				sum, n = sum+v, n+1
			}
		}
		out = append(out, sum/n)
	}
	return out
}

// span is the range of a plot. It starts at zero, unless the values would then look flat.
func span(x []float64) (low, high float64) {
	low, high = math.Inf(+1), math.Inf(-1)
	for _, v := range x {
		if !math.IsNaN(v) {
			low, high = min(low, v), max(high, v)
		}
	}
	switch {
	case low > high:
		return 0, 0
	case low > 0 && low < high/2 || low == high && low > 0:
		low = 0
	case low == high && low < 0:
		high = 0
	}
	return low, high
}
