package migrate

import (
	"errors"
	"math"
)

// stretch is a stretch of the number line. Its ends belong to it unless they are open.
type stretch struct {
	lower, upper         float64
	lowerOpen, upperOpen bool
}

// everything has no ends.
func everything() stretch { return stretch{lower: math.Inf(-1), upper: math.Inf(1)} }

// errNeverGood and errSeveralStretches are reasons why a condition has no limits.
var (
	errNeverGood        = errors.New("no number satisfies it")
	errSeveralStretches = errors.New("what satisfies it is not one stretch from a lowest to a highest number")
	errNotEvaluated     = errors.New("it cannot be evaluated on what the query gives")
)

// stretchOf returns the stretch on which ok is true.
func stretchOf(cuts []float64, ok func(v float64) (bool, error)) (stretch, error) {
	s, began, ended := everything(), false, false
	for _, p := range probes(cuts) {
		held, err := ok(p.at)
		switch {
		case err != nil:
			return s, errNotEvaluated
		case held && ended:
			return s, errSeveralStretches
		case held && !began:
			began, s.lower, s.lowerOpen = true, p.from, p.from != p.to && !math.IsInf(p.from, -1)
		case !held && began && !ended:
			ended, s.upper, s.upperOpen = true, p.from, p.from == p.to
		}
	}
	if !began {
		return s, errNeverGood
	}
	return s, nil
}

// probe is a number at which a condition is evaluated, which stands for all from one cut to the
// next, or for a cut alone.
type probe struct{ at, from, to float64 }

// probes returns each cut, and a number before, between and after them.
func probes(cuts []float64) []probe {
	if len(cuts) == 0 {
		return []probe{{0, math.Inf(-1), math.Inf(1)}}
	}
	first, last := cuts[0], cuts[len(cuts)-1]
	all := []probe{{first - 1 - math.Abs(first), math.Inf(-1), first}}
	for i, c := range cuts {
		all = append(all, probe{c, c, c})
		if i+1 < len(cuts) && math.Nextafter(c, math.Inf(1)) < cuts[i+1] {
			all = append(all, probe{c + (cuts[i+1]-c)/2, c, cuts[i+1]})
		}
	}
	return append(all, probe{last + 1 + math.Abs(last), last, math.Inf(1)})
}

// end is one end of a stretch: what lies beyond it is bad.
type end struct {
	number float64
	open   bool // the number itself is bad too
	lower  bool
}

// ends returns the finite ends, the upper one first.
func (s stretch) ends() []end {
	var all []end
	if !math.IsInf(s.upper, 1) {
		all = append(all, end{s.upper, s.upperOpen, false})
	}
	if !math.IsInf(s.lower, -1) {
		all = append(all, end{s.lower, s.lowerOpen, true})
	}
	return all
}

// limit is the number as a limit, which accepts itself: if the number is bad, the next one.
func (e end) limit() float64 {
	switch {
	case !e.open:
		return e.number
	case e.lower:
		return math.Nextafter(e.number, math.Inf(1))
	}
	return math.Nextafter(e.number, math.Inf(-1))
}
