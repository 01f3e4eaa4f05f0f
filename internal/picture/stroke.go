package picture

import (
	"image"
	"math"
)

// dashed cuts a line into its dashes. Without a pattern it is one.
func dashed(points []point, pattern []float64) (dashes [][]point) {
	if len(pattern) == 0 {
		return [][]point{points}
	}
	on, at, left := true, 0, pattern[0]
	current := []point{points[0]}
	for i := 1; i < len(points); i++ {
		from, to := points[i-1], points[i]
		length := math.Hypot(to.x-from.x, to.y-from.y)
		for done := 0.0; done < length; {
			step := min(left, length-done)
			done, left = done+step, left-step
			here := point{from.x + (to.x-from.x)*done/length, from.y + (to.y-from.y)*done/length}
			if current = append(current, here); left > 0 {
				continue
			}
			if on {
				dashes = append(dashes, current)
			}
			on, at = !on, (at+1)%len(pattern)
			current, left = []point{here}, pattern[at]
		}
	}
	if on && len(current) > 1 {
		dashes = append(dashes, current)
	}
	return dashes
}

// outline returns polygons that together cover lines of twice this radius. All of them turn the same way, so that
// where two of them overlap, both count. Only lines that are round have discs at their corners.
func outline(lines [][]point, radius float64, round bool) (polygons [][]point) {
	for _, points := range lines {
		for i := 1; i < len(points); i++ {
			a, b := points[i-1], points[i]
			length := math.Hypot(b.x-a.x, b.y-a.y)
			if length == 0 {
				continue
			}
			nx, ny := -(b.y-a.y)/length*radius, (b.x-a.x)/length*radius
			polygons = append(polygons, []point{{a.x - nx, a.y - ny}, {b.x - nx, b.y - ny}, {b.x + nx, b.y + ny}, {a.x + nx, a.y + ny}})
			if round && i > 1 {
				polygons = append(polygons, disc(a, radius))
			}
		}
	}
	return polygons
}

// corners is how many a disc has: at these sizes nobody sees them.
const corners = 12

// disc is a polygon around a point. It turns as those of outline do.
func disc(middle point, radius float64) []point {
	polygon := make([]point, corners)
	for i := range polygon {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		polygon[i] = point{middle.x + radius*cos, middle.y + radius*sin}
	}
	return polygon
}

// boundsOf is the smallest rectangle of pixels around polygons.
func boundsOf(polygons [][]point) image.Rectangle {
	lowX, lowY, highX, highY := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, polygon := range polygons {
		for _, p := range polygon {
			lowX, lowY, highX, highY = min(lowX, p.x), min(lowY, p.y), max(highX, p.x), max(highY, p.y)
		}
	}
	if lowX > highX {
		return image.Rectangle{}
	}
	return image.Rect(int(math.Floor(lowX)), int(math.Floor(lowY)), int(math.Ceil(highX)), int(math.Ceil(highY)))
}
