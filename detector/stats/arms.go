package stats

import "math"

// oddsRatios are the alternatives of Arms: how many times likelier an event is
// to be bad in one arm than in the other. A mixture over them costs the
// logarithm of their number and needs no guess.
var oddsRatios = [...]float64{1.1, 1.2, 1.5, 2, 3, 5, 10, 30}

// Arms compares two arms that are watched at the same time, tick by tick. Of
// the bad events of a tick, those of the first arm are, under equal rates, a
// binomial share of its part of all events, whatever the tick's rate was: a
// spike that hits both arms is no evidence. E is the mean over the alternatives
// of their likelihood ratios; its expectation under equal rates is at most 1 at
// any look and for any traffic, so that 1/max E is a p-value however often one
// looks (Ville's inequality; a mixture martingale, Robbins 1970). It is exact
// where bad events are independent; an overdispersion over 1 divides the
// evidence instead.
//
// The zero value has seen nothing.
type Arms struct{ logs [len(oddsRatios)]float64 }

// Add takes one tick: c1 bad of n1 events in the first arm, c0 of n0 in the
// other. Ratio is how many times likelier the first arm's events were to be bad
// all along, 1 where nothing says otherwise. Direction +1 looks for more bad
// events in the first arm, −1 for fewer.
func (a *Arms) Add(c1, n1, c0, n0, ratio, direction, overdispersion float64) {
	if !(n1 > 0 && n0 > 0 && c1+c0 > 0 && ratio > 0) {
		return
	}
	even := ratio * n1 / (ratio*n1 + n0)
	for i, odds := range oddsRatios {
		if direction < 0 {
			odds = 1 / odds
		}
		theta := odds * ratio * n1 / (odds*ratio*n1 + n0)
		a.logs[i] += (c1*math.Log(theta/even) + c0*math.Log((1-theta)/(1-even))) / overdispersion
	}
}

// LogE is the logarithm of E over the ticks so far.
func (a *Arms) LogE() float64 {
	highest := a.logs[0]
	for _, l := range a.logs[1:] {
		highest = max(highest, l)
	}
	sum := 0.0
	for _, l := range a.logs {
		sum += math.Exp(l - highest)
	}
	return highest + math.Log(sum/float64(len(a.logs)))
}

// LogSplit is the logarithm of an E-value against the claim that n1 of n1+n0
// events, of a declared share, fell into the first of two arms: the mixture of
// LogE with the share known. 1/max E over all looks is a p-value.
func LogSplit(n1, n0, share, kappa float64) float64 {
	if n1+n0 <= 0 {
		return 0
	}
	a1, a0 := kappa*share, kappa*(1-share)
	return logBeta(a1+n1, a0+n0) - logBeta(a1, a0) - n1*math.Log(share) - n0*math.Log1p(-share)
}
