package detector

import (
	"math"
	"slices"
	"time"
)

// scans fills in the placebo scans of a profile: one with all seasons, and after it the plain
// one, which is a part of the first and judges alone where the profile's past does not reach a
// change. Choosing by the smallest detectable shift was tried, and chose whichever had the
// calmer placebos by chance.
func (l learner) scans(k *Profile, worse Worse) {
	p, seasons := l.placebos(l.seasons), l.seasons
	if len(p.at) < minPlacebos && len(seasons) > 0 {
		p, seasons = l.placebos(nil), nil
	}
	if len(p.at) < minPlacebos {
		return
	}
	limits := p.limit()
	plain, apart := l.forecaster(nil, p.withoutSeasons(l.work), limits)
	var seasonal Scan
	if len(seasons) > 0 {
		seasonal, p = l.forecaster(seasons, p, limits)
	}
	for _, d := range worse.directions() {
		last, scans := l.scan(plain, apart, d, nil), k.scans(d)
		if len(seasons) > 0 {
			*scans = append(*scans, l.scan(seasonal, p, d, &last).Scan)
		}
		*scans = append(*scans, last.Scan)
	}
}

// ranked is a scan with G of every placebo, in their order.
type ranked struct {
	Scan
	g []float64
}

// limit learns how large the levels of the placebos' windows may be, and cuts them.
func (p placebos) limit() []float64 {
	limits := learnLimits(p.baselines, p.lookbacks)
	for i := range p.baselines {
		p.baselines[i].limit(limits)
	}
	return limits
}

// forecaster learns the weights and forecasts the placebos: what the scans of both directions
// have in common.
func (l learner) forecaster(seasons []season, p placebos, limits []float64) (Scan, placebos) {
	s := Scan{Forecaster: forecasterOf(seasons, l.tick), Long: lastLong(l.long), Placebos: len(p.at), Limits: limits[:levelsOf(p.lookbacks)]}
	for _, season := range seasons {
		s.Periods = append(s.Periods, time.Duration(season.period)*l.tick)
	}
	s.Weights = l.learnWeights(p)
	l.forecastAll(&p, s.Weights)
	s.Scale = l.typicalSpread(p.spread)
	s.Rare = l.move > 0
	s.Own = l.ownShare(p, s.Scale)
	s.Noise = l.noise(p, &s)
	return s, p
}

// scan summarises how far the ticks after the placebos were from their forecasts in
// direction d, and returns G of each. Plain is the plain scan, if that is another, with its G.
func (l learner) scan(s Scan, p placebos, d direction, plain *ranked) ranked {
	peaks := l.peaks(p, &s, d)
	s.Lengths, s.Rarest, s.Seen = tails(peaks), l.rarest(), l.quietTicks()
	for i := range peaks {
		s.Worst = max(s.Worst, peaks[i][0])
	}
	g, beside := scores(peaks, s.Lengths), (*Scan)(nil)
	if plain != nil {
		s.Plain, beside = plainShare, &plain.Scan
		for i := range g {
			g[i] = s.mixed(g[i], plain.g[i])
		}
	}
	ascending := slices.Clone(g)
	slices.Sort(ascending)
	s.summarise(ascending)
	s.Habits = l.habits(p.at, g, &s)
	if l.bursts == 0 {
		s.Excess = 0 // what moves is rounding
	}
	s.Detectable = s.shiftAt(s.level(DefaultThresholds.Likely), l.after, beside) * s.sigma(math.Sqrt(p.meanSquare()))
	return ranked{s, g}
}

// forecasterOf names a forecaster by how far it looks back.
func forecasterOf(seasons []season, tick time.Duration) string {
	switch {
	case len(seasons) == 0:
		return "blend"
	case time.Duration(seasons[len(seasons)-1].period)*tick >= week:
		return "weekly blend"
	}
	return "daily blend"
}
