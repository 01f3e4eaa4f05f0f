package picture

import (
	"math"
	"slices"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/internal/report"
)

// The sizes of a panel, in pixels.
const (
	plotHeight  = 150
	axisSize    = 11
	axisGap     = 6
	levelHeight = 36 // between two labels at the side, about
	timeWidth   = 68 // between two labels below, about
	maxUnit     = 120
	fewTicks    = 40 // so few are dots as well: one alone makes no line
)

// frame is where a plot stands, and what its sides mean.
type frame struct {
	left, top, right, bottom float64
	times, values            interval
}

func (f frame) x(at float64) float64 { return f.times.over(at, f.left, f.right) }
func (f frame) y(v float64) float64  { return f.values.over(v, f.bottom, f.top) }

func (p plotted) hasAfter() bool { return slices.ContainsFunc(p.plot.After, drawable) }

// series are the points in time of both lines: the middle of each tick.
type series struct{ before, after []point }

func seriesOf(p web.Plot, w *web.WatchPlots) (s series) {
	for i, v := range p.Before {
		s.before = append(s.before, point{w.Started + (float64(i)+0.5-float64(len(p.Before)))*w.Tick, v})
	}
	for i, v := range p.After {
		s.after = append(s.after, point{w.From + (float64(i)+0.5)*w.Tick, v})
	}
	return s
}

// timesOf is the time that is shown: all that was measured, and the marks that followed soon.
func (s series) timesOf(tick float64, marks []mark) interval {
	all := slices.Concat(s.before, s.after)
	i := interval{all[0].x, all[len(all)-1].x}
	soon := i.high + (i.high-i.low)/4
	for _, m := range marks {
		if m.at > i.high && m.at <= soon {
			i.high = m.at
		}
	}
	if i.high-i.low < tick || i.high <= i.low {
		i.high = i.low + max(tick, 1)
	}
	return i
}

// panel draws one signal from y on, between left and right, and returns where it ends.
func (d *Drawing) panel(f faces, s Subject, p plotted, w *web.WatchPlots, box frame) float64 {
	marks, lines := d.marksOf(s, p), seriesOf(p.plot, w)
	box.values, box.times = rangeOf(p), lines.timesOf(w.Tick, marks)
	levels := box.values.levels(plotHeight / levelHeight)
	names, widest := make([]words, len(levels)), 0.0
	for i, v := range levels {
		names[i] = f.fit(report.Value(v, p.plot.Unit), axisSize, false, maxUnit)
		widest = max(widest, names[i].width)
	}
	box.left += widest + axisGap
	labels, rows := f.place(marks, box.x, box.left, box.right)
	box.top += float64(rows)*rowSize + markGap
	box.bottom = box.top + plotHeight
	for i, v := range levels {
		d.stroke(d.theme.line, 1, nil, point{box.left, box.y(v)}, point{box.right, box.y(v)})
		d.write(point{box.left - axisGap - names[i].width, box.y(v) + axisSize*0.35}, d.theme.soft, names[i])
	}
	d.timesBelow(f, box)
	d.curves(p, lines, box)
	for _, l := range labels {
		baseline := box.top - markGap - float64(l.row)*rowSize
		from := baseline - markSize*0.8
		if l.short || l.left < l.x && l.x < l.left+l.words.width {
			from = box.top
		}
		d.stroke(l.colour, 1.5, l.dash, point{l.x, from}, point{l.x, box.bottom})
		d.write(point{l.left, baseline}, l.colour, l.words)
	}
	return box.bottom + axisSize + 2*axisGap
}

// timesBelow writes the times, and that they are UTC.
func (d *Drawing) timesBelow(f faces, box frame) {
	y := box.bottom + axisSize + axisGap
	utc := f.fit("UTC", axisSize, false, box.right)
	d.write(point{box.left - axisGap - utc.width, y}, d.theme.soft, utc)
	end := box.left - axisGap
	at, layout := box.times.moments(int((box.right - box.left) / timeWidth))
	for _, t := range at {
		x, word := box.x(t), f.fit(clock(t, layout), axisSize, false, timeWidth)
		d.stroke(d.theme.line, 1, nil, point{x, box.top}, point{x, box.bottom})
		left := min(x-word.width/2, box.right-word.width)
		if left < end+axisGap {
			continue
		}
		d.write(point{left, y}, d.theme.soft, word)
		end = left + word.width
	}
}

// curves draws bands, limit and lines.
func (d *Drawing) curves(p plotted, lines series, box frame) {
	if p.hasAfter() {
		d.bands(p.plot, lines.after, box)
	}
	if l := p.plot.Limit; l != nil && drawable(*l) && *l >= box.values.low && *l <= box.values.high {
		d.stroke(d.theme.limit, 1.5, []float64{4, 4}, point{box.left, box.y(*l)}, point{box.right, box.y(*l)})
	}
	for _, one := range []struct {
		points []point
		after  bool
	}{{lines.before, false}, {lines.after, true}} {
		colour := d.theme.before
		if one.after {
			colour = d.theme.after
		}
		runs := box.runs(one.points)
		few := one.after && len(slices.DeleteFunc(slices.Clone(p.plot.After), func(v float64) bool { return !drawable(v) })) <= fewTicks
		for _, run := range runs {
			if len(run) > 1 {
				d.stroke(colour, 2, nil, thinned(run)...)
			}
			if len(run) > 1 && !few {
				continue
			}
			for _, at := range run {
				d.add(shape{kind: dot, colour: colour, width: 5, points: []point{at}})
			}
		}
	}
}

// bands draws where the level would be without the change, and the interval of where it is.
func (d *Drawing) bands(p web.Plot, after []point, box frame) {
	left, right := box.x(after[0].x), box.x(after[len(after)-1].x)
	if right-left < 6 {
		left, right = left-3, right+3
	}
	if least, most := float64(p.Least), float64(p.Most); least != most && drawable(least) && drawable(most) {
		d.rect(left, box.y(min(most, box.values.high)), right, box.y(max(least, box.values.low)), d.theme.forecast, 0.18)
	}
	if low, high := float64(p.Low), float64(p.High); low != high && drawable(low) && drawable(high) {
		d.rect(left, box.y(min(high, box.values.high)), right, box.y(max(low, box.values.low)), d.theme.after, 0.14)
	}
	if f := float64(p.Forecast); drawable(f) {
		d.stroke(d.theme.forecast, 2, []float64{6, 4}, point{left, box.y(f)}, point{right, box.y(f)})
	}
}

// runs are the points on the picture, cut where ticks are missing.
func (f frame) runs(points []point) (runs [][]point) {
	var run []point
	end := func() {
		if len(run) > 0 {
			runs, run = append(runs, run), nil
		}
	}
	for _, p := range points {
		if !drawable(p.y) {
			end()
			continue
		}
		run = append(run, point{f.x(p.x), f.y(p.y)})
	}
	end()
	return runs
}

// thinnedTo is the width that one group of points takes in a line that has more points than can be seen.
const thinnedTo = 2.5

// thinned leaves of the points in each few pixels the highest and the lowest, so that no peak is lost, and both ends.
func thinned(run []point) (kept []point) {
	last := run[len(run)-1]
	kept = append(kept, run[0])
	for rest := run[1:]; len(rest) > 0; {
		n := 1
		for n < len(rest) && math.Floor(rest[n].x/thinnedTo) == math.Floor(rest[0].x/thinnedTo) {
			n++
		}
		kept = append(kept, extremes(rest[:n])...)
		rest = rest[n:]
	}
	if kept[len(kept)-1] != last {
		kept = append(kept, last)
	}
	return kept
}

// extremes are the highest and the lowest point, in their order.
func extremes(group []point) []point {
	highest, lowest := 0, 0
	for i, p := range group {
		if p.y < group[highest].y {
			highest = i
		}
		if p.y > group[lowest].y {
			lowest = i
		}
	}
	if highest == lowest {
		return group[highest : highest+1]
	}
	return []point{group[min(highest, lowest)], group[max(highest, lowest)]}
}
