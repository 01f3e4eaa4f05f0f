package picture

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// PNG paints the drawing, in at most 256 colours.
func (d *Drawing) PNG() ([]byte, error) {
	p := newPainter(d)
	for _, s := range d.shapes {
		p.paint(s)
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.DefaultCompression}
	if err := encoder.Encode(&b, inPalette(p.canvas)); err != nil {
		return nil, fmt.Errorf("encoding a picture: %w", err)
	}
	return b.Bytes(), nil
}

// painter paints shapes one after another.
type painter struct {
	canvas *image.RGBA
	mask   *image.Alpha
	raster *vector.Rasterizer
	faces  faces
}

func newPainter(d *Drawing) *painter {
	bounds := image.Rect(0, 0, d.width, d.height)
	p := &painter{image.NewRGBA(bounds), image.NewAlpha(bounds), vector.NewRasterizer(0, 0), faces{}}
	for i := 0; i < len(p.canvas.Pix); i += 4 {
		c := d.theme.surface
		p.canvas.Pix[i], p.canvas.Pix[i+1], p.canvas.Pix[i+2], p.canvas.Pix[i+3] = c.R, c.G, c.B, 0xff
	}
	return p
}

func (p *painter) paint(s shape) {
	switch s.kind {
	case area:
		p.fill(s, [][]point{s.points})
	case line:
		p.fill(s, outline(dashed(s.points, s.dash), s.width/2, len(s.dash) == 0))
	case dot:
		p.fill(s, [][]point{disc(s.points[0], s.width/2)})
	case text:
		p.write(s)
	}
}

// fill fills polygons.
func (p *painter) fill(s shape, polygons [][]point) {
	box := boundsOf(polygons).Intersect(p.canvas.Bounds())
	if box.Empty() {
		return
	}
	p.raster.Reset(box.Dx(), box.Dy())
	at := func(q point) (float32, float32) {
		return float32(q.x - float64(box.Min.X)), float32(q.y - float64(box.Min.Y))
	}
	for _, polygon := range polygons {
		for i, q := range polygon {
			if x, y := at(q); i == 0 {
				p.raster.MoveTo(x, y)
			} else {
				p.raster.LineTo(x, y)
			}
		}
		p.raster.ClosePath()
	}
	p.clear(box)
	p.raster.Draw(p.mask, box, image.Opaque, image.Point{})
	p.blend(box, s)
}

// write writes text.
func (p *painter) write(s shape) {
	drawer := font.Drawer{
		Dst: p.mask, Src: image.Opaque, Face: p.faces.of(s.words.size, s.words.bold),
		Dot: fixed.Point26_6{X: fixed.Int26_6(math.Round(s.points[0].x * 64)), Y: fixed.Int26_6(math.Round(s.points[0].y) * 64)},
	}
	bounds, _ := drawer.BoundString(s.words.text)
	box := image.Rect(bounds.Min.X.Floor()-1, bounds.Min.Y.Floor()-1, bounds.Max.X.Ceil()+1, bounds.Max.Y.Ceil()+1).Intersect(p.canvas.Bounds())
	p.clear(box)
	drawer.DrawString(s.words.text)
	p.blend(box, s)
}

func (p *painter) clear(box image.Rectangle) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		clear(p.mask.Pix[p.mask.PixOffset(box.Min.X, y):p.mask.PixOffset(box.Max.X, y)])
	}
}

// shades is how many steps there are between a colour and what is below it. They keep a picture small: smooth edges
// in six steps look the same, and take two thirds of the space.
const shades = 6

// blend puts the colour where the mask is.
func (p *painter) blend(box image.Rectangle, s shape) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			covered := (int(p.mask.AlphaAt(x, y).A)*shades + 127) / 255
			if covered == 0 {
				continue
			}
			share := int(math.Round(s.opacity * 256 * float64(covered) / shades))
			pix := p.canvas.Pix[p.canvas.PixOffset(x, y):]
			for i, c := range [3]uint8{s.colour.R, s.colour.G, s.colour.B} {
				pix[i] = uint8((int(c)*share + int(pix[i])*(256-share)) >> 8) //nolint:gosec // between two bytes
			}
		}
	}
}

// inPalette returns the picture in at most 256 colours: a later one takes the nearest of the first.
func inPalette(from *image.RGBA) *image.Paletted {
	to := image.NewPaletted(from.Bounds(), nil)
	known := map[color.RGBA]uint8{}
	var last color.RGBA // most pixels are as their neighbour
	for i := range to.Pix {
		c := color.RGBA{from.Pix[4*i], from.Pix[4*i+1], from.Pix[4*i+2], 0xff}
		if c == last {
			to.Pix[i] = to.Pix[i-1]
			continue
		}
		last = c
		at, ok := known[c]
		if !ok {
			if len(to.Palette) < 256 {
				to.Palette = append(to.Palette, c)
			}
			at = uint8(to.Palette.Index(c)) //nolint:gosec // the palette has 256 colours at most
			known[c] = at
		}
		to.Pix[i] = at
	}
	return to
}
