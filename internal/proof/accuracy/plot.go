package accuracy

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// The size of a plot, and of the margins that hold its axes.
const (
	plotWidth, plotHeight = 760, 420
	marginLeft, marginTop = 56, 24
	marginRight           = 220
	marginBottom          = 48
)

// colours distinguish methods. The detector's are the first and strongest.
var colours = []string{"#0b5fa5", "#0b9ea5", "#b3442c", "#d98c3f", "#7a6ab0", "#4f8a3c", "#8a8a8a", "#c2569b", "#5c4a3a", "#222222"}

type canvas struct{ strings.Builder }

func newCanvas(title string) *canvas {
	c := &canvas{}
	fmt.Fprintf(c, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="12" role="img" aria-label="%s">`+"\n", plotWidth, plotHeight, html.EscapeString(title))
	fmt.Fprintf(c, `<rect width="%d" height="%d" fill="#fff"/><text x="%d" y="16" font-weight="bold">%s</text>`+"\n", plotWidth, plotHeight, marginLeft, html.EscapeString(title))
	return c
}

// x and y convert shares of the plot's area, 0 to 1 from its lower left, to pixels.
func (c *canvas) x(share float64) float64 {
	return marginLeft + share*(plotWidth-marginLeft-marginRight)
}

func (c *canvas) y(share float64) float64 {
	return plotHeight - marginBottom - share*(plotHeight-marginTop-marginBottom)
}

func (c *canvas) text(x, y float64, anchor, words string) {
	fmt.Fprintf(c, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(words))
}

func (c *canvas) line(x1, y1, x2, y2 float64) {
	fmt.Fprintf(c, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#ccc"/>`+"\n", x1, y1, x2, y2)
}

func (c *canvas) dot(x, y float64, colour string, filled bool) {
	fill := colour
	if !filled {
		fill = "#fff"
	}
	fmt.Fprintf(c, `<circle cx="%.1f" cy="%.1f" r="5" fill="%s" stroke="%s" stroke-width="2"/>`+"\n", x, y, fill, colour)
}

func (c *canvas) legend(methods []string) {
	for i, m := range methods {
		y := float64(marginTop + 18 + 20*i)
		c.dot(plotWidth-marginRight+18, y-4, colours[i%len(colours)], true)
		c.text(plotWidth-marginRight+30, y, "start", m)
	}
}

func (c *canvas) write(w io.Writer) error {
	c.WriteString("</svg>\n")
	_, err := io.WriteString(w, c.String())
	return err
}

// PlotPower draws false alarms against power: filled for the default, hollow for a tuned
// threshold. The axis of false alarms is logarithmic from 0.1 %.
func (r Report) PlotPower(w io.Writer) error {
	c := newCanvas("False alarms against power")
	along := func(rate float64) float64 { return c.x(math.Log10(max(rate, 0.001)/0.001) / 3) }
	for _, rate := range []float64{0.001, 0.01, 0.05, 0.1, 0.5, 1} {
		c.line(along(rate), c.y(0), along(rate), c.y(1))
		c.text(along(rate), c.y(0)+16, "middle", number(100*rate)+" %")
	}
	for _, power := range []float64{0, 0.25, 0.5, 0.75, 1} {
		c.line(c.x(0), c.y(power), c.x(1), c.y(power))
		c.text(c.x(0)-6, c.y(power)+4, "end", number(100*power)+" %")
	}
	c.text(c.x(0.5), plotHeight-10, "middle", "false alarms (filled: default, hollow: tuned)")
	for _, matched := range append([]float64{0}, matchedRates...) {
		for i, row := range r.at(matched) {
			c.dot(along(row.FalseAlarms), c.y(row.Power), colours[i%len(colours)], matched == 0)
		}
	}
	c.legend(r.names())
	return c.write(w)
}

// PlotTicks draws the median ticks to detection at 1 % false alarms, one column per
// scenario. It leaves out scenarios that were found at less than 5 % of the moments.
func (r Report) PlotTicks(w io.Writer) error {
	c := newCanvas("Median ticks to detect, at 1 % false alarms")
	for _, tick := range []int{0, 10, 20, 30} {
		y := c.y(float64(tick) / window)
		c.line(c.x(0), y, c.x(1), y)
		c.text(c.x(0)-6, y+4, "end", fmt.Sprint(tick))
	}
	for s, name := range r.Scenarios {
		x := c.x((float64(s) + 0.5) / float64(len(r.Scenarios)))
		fmt.Fprintf(c, `<text transform="translate(%.1f %.1f) rotate(-35)" text-anchor="end" font-size="10">%s</text>`+"\n", x+4, c.y(0)+12, html.EscapeString(name))
		for i, row := range r.at(matchedRates[0]) {
			if row.Caught[s] >= 0.05 {
				c.dot(x+float64(i)-4, c.y(float64(row.Ticks[s])/window), colours[i%len(colours)], i < len(Ours))
			}
		}
	}
	c.legend(r.names())
	return c.write(w)
}

func (r Report) names() []string {
	var names []string
	for _, row := range r.at(0) {
		names = append(names, row.Method)
	}
	return names
}
