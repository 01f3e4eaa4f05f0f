package detector

import "math"

// A placebo overlaps the next nine, so that a history of placebos holds far
// fewer tails than placebos. An exponential tail whose mean was estimated from
// n exceedances is, for the next value, a Pareto one with shape n: the more
// that is unknown, the heavier. Taken as known instead, β raised a nominal
// 1 % of false alarms to 2 % on real series.
//
// β of one signal is drawn towards that of signals in general, because over
// hundreds of real series it varied less than its estimate does.
const (
	independent  = 0.15 // exceedances that count, of all: neighbours share most of their ticks
	priorTails   = 20   // exceedances that the general β is worth
	generalShare = 0.55 // β over Q80 of signals in general
)

// temper replaces the plain β by one drawn to the general, and says what it is
// worth. A history that never moved keeps its zero.
func (s *Scan) temper() {
	if s.Excess <= 0 || s.Q80 <= 0 {
		return
	}
	own := tailShare * independent * float64(s.Placebos)
	s.Excess = (own*s.Excess + priorTails*generalShare*s.Q80) / (own + priorTails)
	s.Tail = own + priorTails
}

// beyond is the share of exceedances larger than so many β.
func (s Scan) beyond(excess float64) float64 {
	if s.Tail > 0 {
		return math.Pow(1+excess/s.Tail, -s.Tail)
	}
	return math.Exp(-excess)
}

// level is the g at which p, under tailShare, is reached.
func (s Scan) level(p float64) float64 {
	if s.Tail > 0 {
		return s.Q80 + s.Excess*s.Tail*(math.Pow(p/tailShare, -1/s.Tail)-1)
	}
	return s.Q80 + s.Excess*math.Log(tailShare/p)
}
