package picture

import "image/color"

// point is a place in the picture, in pixels from its upper left corner.
type point struct{ x, y float64 }

// kind is what a shape is.
type kind int

const (
	area kind = iota // filled
	line             // stroked, with round corners
	dot              // a disc around its first point
	text             // on the baseline that begins at its first point
)

// shape is one thing to draw. Lines and dots have a width, text has a size.
type shape struct {
	kind    kind
	colour  color.RGBA
	opacity float64 // 0 to 1
	points  []point
	width   float64
	dash    []float64
	words   words
}

// Drawing is a picture that can be written.
type Drawing struct {
	width, height int
	theme         theme
	title, about  string // in words, for those who do not see it
	shapes        []shape
}

// Words say what the picture shows, for those who do not see it.
func (d *Drawing) Words() string { return d.title + ". " + d.about }

func (d *Drawing) add(s shape) {
	if s.opacity == 0 {
		s.opacity = 1
	}
	d.shapes = append(d.shapes, s)
}

// rect fills the rectangle between two corners.
func (d *Drawing) rect(x0, y0, x1, y1 float64, c color.RGBA, opacity float64) {
	d.add(shape{kind: area, colour: c, opacity: opacity, points: []point{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}})
}

// stroke draws a line through points.
func (d *Drawing) stroke(c color.RGBA, width float64, dash []float64, points ...point) {
	d.add(shape{kind: line, colour: c, width: width, dash: dash, points: points})
}

// write writes words, of which the baseline begins at p.
func (d *Drawing) write(p point, c color.RGBA, w words) {
	if w.text != "" {
		d.add(shape{kind: text, colour: c, points: []point{p}, words: w})
	}
}

// theme is the colours of a picture: those of assets/app.css.
type theme struct {
	surface, ink, soft, line, before, after, forecast, limit, busy color.RGBA
}

var light = theme{
	surface: rgb(0xffffff), ink: rgb(0x1b1a18), soft: rgb(0x5d5a54), line: rgb(0xdfdcd4), before: rgb(0x6b6862),
	after: rgb(0xb3221b), forecast: rgb(0x2746a6), limit: rgb(0x8a5200), busy: rgb(0x2746a6),
}

var dark = theme{
	surface: rgb(0x1a1c20), ink: rgb(0xececea), soft: rgb(0xa7a8ab), line: rgb(0x30333a), before: rgb(0xa7a8ab),
	after: rgb(0xff857b), forecast: rgb(0x91a8ff), limit: rgb(0xe6ad52), busy: rgb(0x91a8ff),
}

func rgb(hex uint32) color.RGBA {
	return color.RGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: 0xff} //nolint:gosec // each is one byte of the number
}
