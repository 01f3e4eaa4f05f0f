package stats

import (
	"math"
	"sort"
)

// Sliding is a window that moves along a series and keeps its finite values in
// order, so that medians of neighbouring windows cost what they differ by and
// not a sort each. The zero value is an empty window at the beginning.
type Sliding struct {
	sorted   []float64
	from, to int
}

// Move puts the window over x[from:to] of the series it moves along. A series
// must not change under its window.
func (s *Sliding) Move(x []float64, from, to int) {
	if from < s.from || from >= s.to || to < s.to || 2*(from-s.from) > to-from {
		s.sorted = Finite(s.sorted[:0], x[from:to])
		if len(s.sorted) <= shortSort {
			insertionSort(s.sorted)
		} else {
			sort.Float64s(s.sorted)
		}
		s.from, s.to = from, to
		return
	}
	for ; s.from < from; s.from++ {
		s.drop(x[s.from])
	}
	for ; s.to < to; s.to++ {
		s.take(x[s.to])
	}
}

// drop removes one value. Equal ones are alike.
func (s *Sliding) drop(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	i := s.place(v)
	copy(s.sorted[i:], s.sorted[i+1:])
	s.sorted = s.sorted[:len(s.sorted)-1]
}

func (s *Sliding) take(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	i := s.place(v)
	s.sorted = append(s.sorted, v)
	copy(s.sorted[i+1:], s.sorted[i:])
	s.sorted[i] = v
}

// place is where v stands, or would. Counting a short window is faster than
// halving it: no branch has to be guessed.
func (s *Sliding) place(v float64) int {
	if len(s.sorted) <= shortSort {
		i := 0
		for _, w := range s.sorted {
			if w < v {
				i++
			}
		}
		return i
	}
	low, high := 0, len(s.sorted)
	for low < high {
		if middle := int(uint(low+high) >> 1); s.sorted[middle] < v {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low
}

// Finite is how many finite values the window holds.
func (s *Sliding) Finite() int { return len(s.sorted) }

// Median is the middle of the window's finite values, as Median has it.
func (s *Sliding) Median() float64 { return middle(s.sorted) }

func middle(ascending []float64) float64 {
	n := len(ascending)
	switch {
	case n == 0:
		return math.NaN()
	case n%2 == 1:
		return ascending[n/2]
	}
	return ascending[n/2-1]/2 + ascending[n/2]/2
}

// Deviation is the median of how far the window's values lie from a centre. It
// walks outward from the centre, for those on either side are in order.
func (s *Sliding) Deviation(centre float64) float64 {
	n := len(s.sorted)
	if n == 0 {
		return math.NaN()
	}
	right := s.place(centre)
	left := right - 1
	previous, last := 0.0, 0.0
	for range n/2 + 1 {
		previous = last
		if right == n || left >= 0 && centre-s.sorted[left] <= s.sorted[right]-centre {
			last = centre - s.sorted[left]
			left--
		} else {
			last = s.sorted[right] - centre
			right++
		}
	}
	if n%2 == 1 {
		return last
	}
	return previous/2 + last/2
}
