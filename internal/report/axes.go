package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/pushback/pushback/detector"
)

// axesRows is how many lines a plot with axes is high.
const axesRows = 10

// Plots writes the headline, and for each signal that was measured one line and a plot
// with axes: values with their unit at the side, times below. The error is the writer's.
func Plots(w io.Writer, r Record, s Style) error {
	p := newPage(w, s)
	p.heading(Headline(r.Change, r.Verdict), r.Verdict.Grade)
	for _, e := range r.Verdict.Signals {
		p.line("")
		p.heading(line(e, ""), e.Grade)
		p.axes(reading(r.Observation, e.Signal), e.Unit, timesOf(r))
	}
	return p.err
}

// times are those of a plot: where the before window ends, where judging begins, and how
// long a tick is; zero where they are not known.
type times struct {
	base, from, at time.Time
	tick           time.Duration
	change         string // what the line in the middle is, and at which time it was
}

func timesOf(r Record) times {
	o := r.Observation
	t := times{from: o.From, tick: r.Watch.Plan.Tick, change: "change"}
	if t.base = o.BaseAt; t.base.IsZero() && !o.From.IsZero() {
		t.base = o.From.Add(-time.Duration(o.Gap) * t.tick)
	}
	if t.at = o.StartedAt; t.at.IsZero() {
		t.at = t.base
	}
	if !r.Watch.After.IsZero() {
		t.change, t.at = "rollback", r.Watch.After
	}
	return t
}

// axes writes a plot with its axes, or that there is nothing to draw.
func (p *page) axes(r detector.Reading, unit string, t times) {
	if len(r.Before.Value)+len(r.After.Value) == 0 {
		p.line("  nothing was measured")
		return
	}
	g := p.style.glyphs()
	before, after, room := r.Before.Value, since(r), p.style.Width-labelWidth-5
	wide := min(max((room-1)/(len(before)+len(after)), 1), widestTick)
	d := plot(widened(before, wide), widened(after, wide), room, axesRows, g)
	for i, row := range d.rows {
		label := ""
		switch i {
		case 0:
			label = value(d.high, unit)
		case axesRows / 2:
			label = value(d.low+(d.high-d.low)/2, unit)
		}
		p.line(strings.TrimRight(fmt.Sprintf("  %*s %c %s", labelWidth, label, g.side, row), " "))
	}
	p.line(fmt.Sprintf("  %*s %c%s%c%s", labelWidth, value(d.low, unit), g.corner,
		strings.Repeat(string(g.bottom), d.left+1), g.beside, strings.Repeat(string(g.bottom), d.right)))
	p.below(d, t, wide)
}

// widestTick is how many columns a tick takes at most, where there are few of them.
const widestTick = 3

// widened repeats every tick, so that few ticks fill the width.
func widened(v detector.Values, times int) detector.Values {
	wide := make(detector.Values, 0, len(v)*times)
	for _, x := range v {
		for range times {
			wide = append(wide, x)
		}
	}
	return wide
}

// below writes the times under a plot: where it begins, the change, and where it ends; and
// how long a tick is, or a column of several.
func (p *page) below(d drawing, t times, wide int) {
	indent := 2 + labelWidth + 3
	if t.tick <= 0 || t.from.IsZero() {
		p.line(fmt.Sprintf("%*s", indent+d.left+len(t.change)/2, t.change))
		return
	}
	column, unit := t.tick*time.Duration(d.ticks), "column"
	if d.ticks == 1 {
		unit = "tick"
	}
	span := func(columns int) time.Duration { return time.Duration(columns/wide) * column }
	layout := "15:04"
	if column%time.Minute != 0 {
		layout = time.TimeOnly
	}
	clock := func(at time.Time) string { return at.UTC().Format(layout) }
	left, right := clock(t.base.Add(-span(d.left))), clock(t.from.Add(span(d.right)))
	middle := t.change + " " + clock(t.at)
	if t.at.Sub(t.base) > column {
		// What came right before may be bad, so that an earlier time is compared with.
		middle = "before until " + clock(t.base) + ", " + middle
	}
	row := []rune(strings.Repeat(" ", indent+d.left+d.right+1+len(middle)+len(right)))
	put := func(at int, text string) int {
		copy(row[max(at, 0):], []rune(text))
		return at + len(text)
	}
	end := indent - 1
	if room := d.left - len(middle)/2; room > len(left) {
		end = put(indent, left)
	}
	end = put(max(end+1, indent+d.left-len(middle)/2), middle)
	put(max(end+1, indent+d.left+1+d.right-len(right)), right+"Z")
	p.line(strings.TrimRight(string(row), " ") + fmt.Sprintf("  (a %s is %s)", unit, Span(column)))
}

// Span writes a duration without its zeros: 1m, 1m30s, 2h.
func Span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
