package detector

import "math"

// Detectable is the smallest shift that lasts ten ticks and is found at a
// p-value, in the signal's unit: what a stricter threshold costs. The larger of
// both directions where either is watched, each at half of p; 0 where no scan
// was learned. p is from 0, excluded, to 0.2.
func (k Profile) Detectable(p float64) float64 {
	directions := [][]Scan{k.Higher, k.Lower}
	if len(k.Higher) > 0 && len(k.Lower) > 0 {
		p /= 2
	}
	largest := 0.0
	for _, scans := range directions {
		if len(scans) > 0 {
			plain, _ := scans[0].beside(scans[1:])
			largest = max(largest, scans[0].detectable(k.After, p, plain))
		}
	}
	return largest
}

// detectable scales the shift found at p = 0.01, which was learned with the
// spread of every before window, to another p.
func (s *Scan) detectable(after int, p float64, plain *Scan) float64 {
	if s.constant() || p <= 0 || len(s.Lengths) == 0 {
		return 0
	}
	usual := s.shiftAt(s.level(DefaultThresholds.Likely), after, plain)
	if usual <= 0 {
		return 0
	}
	return s.Detectable * s.shiftAt(s.level(p), after, plain) / usual
}

// Detectable scales the smallest difference that a watch could have seen at
// p = 0.01 by its counts, or by its before window, to another p: as their
// standard errors go. What a scan judged, its profile knows better.
func (e Evidence) Detectable(p float64) float64 {
	if p <= 0 || e.Smallest <= 0 {
		return 0
	}
	return e.Smallest * (deviate(p) + power80Deviate) / detectableDeviates
}

// power80Deviate is the normal deviate that 80 % lie below.
const power80Deviate = 0.842

// deviate is the normal deviate beyond which a share p lies.
func deviate(p float64) float64 { return math.Sqrt2 * math.Erfinv(1-2*p) }
