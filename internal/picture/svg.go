package picture

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"math"
	"strconv"
)

// SVG writes the drawing. It refers to nothing outside of itself: no font, no style sheet, no script.
func (d *Drawing) SVG() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" font-family="Go,Arial,Helvetica,sans-serif">`, d.width, d.height, d.width, d.height)
	b.WriteString("<title>")
	escape(&b, d.title)
	b.WriteString("</title><desc>")
	escape(&b, d.about)
	fmt.Fprintf(&b, `</desc><rect width="%d" height="%d" fill="%s"/>`, d.width, d.height, hex(d.theme.surface.R, d.theme.surface.G, d.theme.surface.B))
	for _, s := range d.shapes {
		b.WriteByte('\n')
		s.svg(&b)
	}
	b.WriteString("\n</svg>\n")
	return b.Bytes()
}

func (s shape) svg(b *bytes.Buffer) {
	colour := hex(s.colour.R, s.colour.G, s.colour.B)
	switch s.kind {
	case area:
		fmt.Fprintf(b, `<path d="%sz" fill="%s"`, path(s.points), colour)
		if s.opacity < 1 {
			fmt.Fprintf(b, ` fill-opacity="%s"`, number(s.opacity))
		}
		b.WriteString("/>")
	case line:
		fmt.Fprintf(b, `<path d="%s" fill="none" stroke="%s" stroke-width="%s"`, path(s.points), colour, number(s.width))
		if len(s.dash) > 0 {
			b.WriteString(` stroke-dasharray="`)
			for i, n := range s.dash {
				if i > 0 {
					b.WriteByte(' ')
				}
				b.WriteString(number(n))
			}
			b.WriteByte('"')
		} else if len(s.points) > 2 {
			b.WriteString(` stroke-linejoin="round"`)
		}
		b.WriteString("/>")
	case dot:
		fmt.Fprintf(b, `<circle cx="%s" cy="%s" r="%s" fill="%s"/>`, number(s.points[0].x), number(s.points[0].y), number(s.width/2), colour)
	case text:
		s.svgText(b, colour)
	}
}

func (s shape) svgText(b *bytes.Buffer, colour string) {
	fmt.Fprintf(b, `<text x="%s" y="%s" font-size="%s" fill="%s"`, number(s.points[0].x), number(s.points[0].y), number(s.words.size), colour)
	if s.words.bold {
		b.WriteString(` font-weight="bold"`)
	}
	// The browser's font is another one. So that no label meets another, it makes the text as wide as that was planned.
	fmt.Fprintf(b, ` textLength="%s" lengthAdjust="spacingAndGlyphs">`, number(s.words.width))
	escape(b, s.words.text)
	b.WriteString("</text>")
}

// escape writes text that may come from outside as XML text. What XML cannot hold becomes U+FFFD.
func escape(b *bytes.Buffer, text string) { _ = xml.EscapeText(b, []byte(text)) } // writing to a buffer never fails

// path is a line through points, each relative to the one before, to a tenth of a pixel.
func path(points []point) string {
	b := make([]byte, 0, 9*len(points))
	var x, y int
	for i, p := range points {
		nx, ny := tenths(p.x), tenths(p.y)
		if i == 0 {
			b = append(b, 'M')
			b = appendTenths(append(appendTenths(b, nx), ' '), ny)
		} else {
			if i == 1 {
				b = append(b, 'l')
			} else if nx >= x {
				b = append(b, ' ')
			}
			b = appendTenths(b, nx-x)
			if ny >= y {
				b = append(b, ' ')
			}
			b = appendTenths(b, ny-y)
		}
		x, y = nx, ny
	}
	return string(b)
}

func tenths(v float64) int { return int(math.Round(v * 10)) }

func appendTenths(b []byte, v int) []byte {
	return strconv.AppendFloat(b, float64(v)/10, 'f', -1, 64)
}

func number(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

func hex(r, g, b uint8) string { return fmt.Sprintf("#%02x%02x%02x", r, g, b) }
