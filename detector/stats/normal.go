package stats

import "math"

// Normal gathers the normal equations of a weighted least-squares fit.
type Normal struct {
	n      int
	matrix []float64 // n rows of n columns and the right-hand side
}

// NewNormal starts a fit of n unknowns.
func NewNormal(n int) *Normal { return &Normal{n: n, matrix: make([]float64, n*(n+1))} }

// Add takes one row: y is about the sum of the unknowns times x, with weight w.
func (e *Normal) Add(x []float64, y, w float64) {
	for i, a := range x {
		row := e.matrix[i*(e.n+1):]
		for k, b := range x {
			row[k] += w * a * b
		}
		row[e.n] += w * a * y
	}
}

// AddGroup takes many rows at once, where entry i of each is c[i] times the
// of[i]-th of a few functions: xx are the weighted sums over the rows of their
// products, of which the upper half is read, and xy of their products with y.
func (e *Normal) AddGroup(c []float64, of []int, functions int, xx, xy []float64) {
	for i, a := range c {
		row := e.matrix[i*(e.n+1) : (i+1)*(e.n+1)]
		for k, b := range c {
			p, q := of[i], of[k]
			if p > q {
				p, q = q, p
			}
			row[k] += a * b * xx[p*functions+q]
		}
		row[e.n] += a * xy[of[i]]
	}
}

// Solve returns the unknowns, drawn towards the prior: the prior weighs the
// given share of each unknown's own sum of squares, and decides alone for an
// unknown that no row had anything to say of.
func (e *Normal) Solve(share float64, prior []float64) []float64 {
	for i, p := range prior {
		own := &e.matrix[i*(e.n+1)+i]
		pull := share * *own
		if !(*own > 0) {
			pull = 1
		}
		*own += pull
		e.matrix[i*(e.n+1)+e.n] += pull * p
	}
	for i := range e.n {
		e.eliminate(i)
	}
	x := make([]float64, e.n)
	for i := range x {
		x[i] = e.matrix[i*(e.n+1)+e.n] / e.matrix[i*(e.n+1)+i]
		if math.IsNaN(x[i]) || math.IsInf(x[i], 0) {
			x[i] = prior[i]
		}
	}
	return x
}

// eliminate clears column i from every other row. The matrix is positive
// definite once the prior is in it, so no pivot needs to be sought.
func (e *Normal) eliminate(i int) {
	width := e.n + 1
	pivot := e.matrix[i*width : (i+1)*width]
	for r := range e.n {
		if r == i || pivot[i] == 0 {
			continue
		}
		row := e.matrix[r*width : (r+1)*width]
		share := row[i] / pivot[i]
		for k := range row {
			row[k] -= share * pivot[k]
		}
	}
}
