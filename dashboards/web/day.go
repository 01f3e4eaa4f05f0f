package web

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Day24 is the last day: the main signals of the site, with a line for every change.
type Day24 struct {
	From, Middle, To time.Time
	Pushes           []Push // oldest first
	LeftOut          bool   // there were more changes, before these
	Counts           []Count
	Graphs           []Graph
	Lines            []Strokes // of all changes, by tone
}

// Push is a change as a line.
type Push struct {
	Key, Title string
	At         time.Time
	Badge      Badge
}

// Count is how many changes have a state.
type Count struct {
	Badge
	N int
}

// Strokes are lines of one tone, as the path of an SVG.
type Strokes struct{ Tone, Path string }

// Graph is one signal of the last day.
type Graph struct {
	Name, Unit string
	Fault      string    // why it could not be read; "" if it could
	ReadAt     time.Time // when it was last read
	Last       string    // its newest value
	Low, High  string    // between which it was
	Path       string    // as the path of an SVG: minutes, and ten-thousandths of the height
	Top        float64   // the value at the upper edge; at the lower edge is Bottom
	Bottom     float64
}

// The size of the drawing: a unit for each minute, and units that are fine enough to read values from.
const (
	dayWidth  = 24 * 60
	dayHeight = 10000
)

// minute is where a moment is in the drawing.
func (d Day24) minute(at time.Time) int { return int(at.Sub(d.From).Minutes()) }

// NewDay24 lays out the last day up to now.
func NewDay24(pushes []Push, now time.Time) Day24 {
	d := Day24{To: now.Truncate(time.Minute), Pushes: pushes}
	d.From, d.Middle = d.To.Add(-24*time.Hour), d.To.Add(-12*time.Hour)
	at := map[string]*strings.Builder{}
	var tones []string
	for _, p := range pushes {
		if at[p.Badge.Tone] == nil {
			at[p.Badge.Tone] = new(strings.Builder)
			tones = append(tones, p.Badge.Tone)
		}
		path := at[p.Badge.Tone]
		path.WriteString("M" + strconv.Itoa(d.minute(p.At)) + " 0V" + strconv.Itoa(dayHeight))
	}
	for _, tone := range tones {
		d.Lines = append(d.Lines, Strokes{tone, at[tone].String()})
	}
	d.Counts = counts(pushes)
	return d
}

// counts counts changes by state, in the order in which the states came first.
func counts(pushes []Push) (all []Count) {
	for _, p := range pushes {
		i := slices.IndexFunc(all, func(c Count) bool { return c.Badge == p.Badge })
		if i < 0 {
			i, all = len(all), append(all, Count{Badge: p.Badge})
		}
		all[i].N++
	}
	return all
}

// Blank says whether no signal has a line, so that the changes are lines by themselves.
func (d Day24) Blank() bool {
	return !slices.ContainsFunc(d.Graphs, func(g Graph) bool { return g.Path != "" })
}

// Draw adds a signal, of which values are one each step from a moment on.
func (d *Day24) Draw(g Graph, from time.Time, step time.Duration, values []float64) {
	low, high := math.Inf(1), math.Inf(-1)
	last := math.NaN()
	for _, v := range values {
		if isFinite(v) {
			low, high, last = min(low, v), max(high, v), v
		}
	}
	if isFinite(last) {
		g.Last, g.Low, g.High = Number(last, g.Unit), Number(low, g.Unit), Number(high, g.Unit)
		g.Bottom, g.Top = edges(low, high)
		g.Path = d.path(g, from, step, values)
	}
	d.Graphs = append(d.Graphs, g)
}

// edges are the values at the edges of a graph: zero is one of them, so that half a percent does not
// look like a mountain.
func edges(low, high float64) (bottom, top float64) {
	bottom, top = min(low, 0), max(high, 0)
	pad := (top - bottom) * 0.06
	if pad == 0 {
		pad = 1
	}
	if bottom < 0 {
		bottom -= pad
	}
	return bottom, top + pad
}

// path is the line of a graph, with a gap where there is no value.
func (d *Day24) path(g Graph, from time.Time, step time.Duration, values []float64) string {
	var b strings.Builder
	drawing := false
	for i, v := range values {
		x := d.minute(from.Add(time.Duration(i) * step))
		if !isFinite(v) || x < 0 || x > dayWidth {
			drawing = false
			continue
		}
		command := "M"
		if drawing {
			command = "L"
		}
		b.WriteString(command + strconv.Itoa(x) + " " + strconv.Itoa(int(math.Round(dayHeight*(g.Top-v)/(g.Top-g.Bottom)))))
		drawing = true
	}
	return b.String()
}
