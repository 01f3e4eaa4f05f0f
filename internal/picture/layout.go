package picture

import (
	"fmt"
	"image/color"
	"math"
	"strings"

	"github.com/pushback/pushback/dashboards/web"
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
)

const (
	margin    = 16
	titleSize = 15
	nameSize  = 13
	smallSize = 11
)

// Draw draws what is chosen of a subject. Its errors are ErrNothing and ErrNoSignal.
func Draw(s Subject, c Choice) (*Drawing, error) {
	shown, left, err := chosen(s, c)
	if err != nil {
		return nil, err
	}
	d := &Drawing{width: widthOf(c), theme: light}
	if c.Dark {
		d.theme = dark
	}
	d.title, d.about = report.Headline(s.Change, s.Verdict), aboutOf(shown)
	f := faces{}
	y := float64(margin) - 3*axisGap
	if !c.Bare {
		y = d.heading(f, s)
	}
	signals := make([]web.Signal, len(shown))
	for i, p := range shown {
		signals[i].Plot = p.plot
	}
	w := web.PlotsOf(signals, s.Watch.Plan, s.Observation)
	for _, p := range shown {
		y = d.named(f, p, y)
		y = d.panel(f, s, p, w, frame{left: margin, top: y, right: float64(d.width) - margin})
	}
	y = d.legend(f, shown, y)
	if left > 0 {
		y += smallSize + axisGap
		d.write(point{margin, y}, d.theme.soft, f.fit(fmt.Sprintf("and %d more signals, on the page of the change", left), smallSize, false, d.inner()))
	}
	d.height = int(math.Ceil(y)) + margin
	return d, nil
}

func widthOf(c Choice) int {
	if c.Width == 0 {
		return DefaultWidth
	}
	return min(max(c.Width, MinWidth), MaxWidth)
}

// inner is the width between the margins.
func (d *Drawing) inner() float64 { return float64(d.width) - 2*margin }

// aboutOf is what each signal did, for those who do not see it.
func aboutOf(shown []plotted) string {
	lines := make([]string, len(shown))
	for i, p := range shown {
		lines[i] = report.Short(p.evidence)
		if p.chance != "" {
			lines[i] += ", which " + p.chance
		}
	}
	return strings.Join(lines, "; ")
}

// heading writes the verdict in words, and when it was found, and returns where that ends.
func (d *Drawing) heading(f faces, s Subject) float64 {
	y := float64(margin)
	for _, w := range f.wrap(d.title, titleSize, true, d.inner(), 2) {
		y += titleSize + 3
		d.write(point{margin, y}, d.theme.ink, w)
	}
	y += smallSize + axisGap
	look := report.Printable("rule "+s.Verdict.Rule) + s.Verdict.At.UTC().Format(", look at 2006-01-02 15:04:05 MST")
	if !s.Watch.After.IsZero() {
		look += ", after the rollback"
	}
	d.write(point{margin, y}, d.theme.soft, f.fit(look, smallSize, false, d.inner()))
	return y
}

// named writes what a signal did, and returns where that ends.
func (d *Drawing) named(f faces, p plotted, y float64) float64 {
	y += nameSize + 3*axisGap
	name := f.fit(report.Short(p.evidence), nameSize, true, d.inner())
	d.write(point{margin, y}, d.colourOf(p.evidence.Grade), name)
	said := strings.Join(nonEmpty(gradeWord(p.evidence), p.chance), ": ")
	room := d.inner() - name.width - 2*axisGap
	one := f.fit(said, smallSize, false, d.inner())
	if said != "" && one.width <= room {
		d.write(point{margin + name.width + 2*axisGap, y}, d.theme.soft, one)
		return y + axisGap
	}
	for _, w := range f.wrap(said, smallSize, false, d.inner(), 2) {
		y += smallSize + markGap
		d.write(point{margin, y}, d.theme.soft, w)
	}
	return y + axisGap
}

// colourOf is that of a signal's name: it is not only the colour that says it, the grade stands beside it.
func (d *Drawing) colourOf(g detector.Grade) color.RGBA {
	switch {
	case g >= detector.Likely:
		return d.theme.after
	case g == detector.Suspect:
		return d.theme.limit
	}
	return d.theme.ink
}

func gradeWord(e detector.Evidence) string {
	if e.Grade == detector.None {
		return ""
	}
	return e.Grade.String()
}

func nonEmpty(all ...string) (some []string) {
	for _, one := range all {
		if one != "" {
			some = append(some, one)
		}
	}
	return some
}

// key is one entry of the legend.
type key struct {
	word    string
	colour  color.RGBA
	dash    []float64
	opacity float64 // of a band; 0: it is a line
}

// keys are what the panels show.
func (d *Drawing) keys(shown []plotted) (all []key) {
	all = []key{{word: "before", colour: d.theme.before}, {word: "after", colour: d.theme.after}}
	after, band, interval, limit := false, false, false, false
	for _, p := range shown {
		has := p.hasAfter()
		after = after || has
		band = band || has && p.plot.Least != p.plot.Most
		interval = interval || has && p.plot.Low != p.plot.High
		limit = limit || p.plot.Limit != nil && *p.plot.Limit <= rangeOf(p).high
	}
	for _, one := range []struct {
		is bool
		key
	}{
		{after, key{word: "expected without the change", colour: d.theme.forecast, dash: []float64{6, 4}}},
		{band, key{word: "95 % of quiet times", colour: d.theme.forecast, opacity: 0.3}},
		{interval, key{word: "95 % interval of what is now", colour: d.theme.after, opacity: 0.26}},
		{limit, key{word: "the rule's limit", colour: d.theme.limit, dash: []float64{4, 4}}},
	} {
		if one.is {
			all = append(all, one.key)
		}
	}
	return all
}

const swatch = 22

// legend explains lines and bands, in as many rows as it needs, and returns where it ends.
func (d *Drawing) legend(f faces, shown []plotted, y float64) float64 {
	x := float64(margin)
	y += smallSize + axisGap
	for _, k := range d.keys(shown) {
		word := f.fit(k.word, smallSize, false, d.inner()-swatch-axisGap)
		if wide := swatch + axisGap + word.width; x+wide > float64(d.width)-margin {
			x, y = margin, y+smallSize+axisGap
		}
		middle := y - smallSize*0.35
		if k.opacity > 0 {
			d.rect(x, middle-4, x+swatch, middle+4, k.colour, k.opacity)
		} else {
			d.stroke(k.colour, 2, k.dash, point{x, middle}, point{x + swatch, middle})
		}
		d.write(point{x + swatch + axisGap, y}, d.theme.soft, word)
		x += swatch + axisGap + word.width + 3*axisGap
	}
	return y
}
