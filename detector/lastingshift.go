package detector

// lastingShift is how a scan scores a shift that lasts ten ticks: by the mean of them, or by all ticks since the
// change, whichever says more.
type lastingShift struct {
	mean, since Tail
	tick        sinceTick // the last of them; of weight 0 where ticks are not added up
}

func (s *Scan) lastingShift(after int) lastingShift {
	l := lastingShift{mean: s.Lengths[min(fitting(after)-1, tenTicks)]}
	if s.Noise == nil || len(s.Lengths) < lengths {
		return l
	}
	if ticks := s.Noise.begin(min(after, meanLengths[tenTicks])).ticks; len(ticks) > 0 {
		l.since, l.tick = s.Lengths[lengths-1], ticks[len(ticks)-1]
	}
	return l
}

// score is that of a shift in σ.
func (l *lastingShift) score(shift float64) float64 {
	score := l.mean.score(shift)
	if l.tick.weight > 0 {
		score = max(score, l.since.score(l.tick.ratio(shift*l.tick.weight))+sinceAhead)
	}
	return score
}

// shift is the one in σ that comes to a score.
func (l *lastingShift) shift(score float64) float64 {
	shift := l.mean.at(score)
	if l.tick.weight > 0 {
		shift = min(shift, l.tick.sum(l.since.at(score-sinceAhead))/l.tick.weight)
	}
	return shift
}

// shiftAt is the shift in σ whose G comes to a score when it lasts ten ticks. It lies between what
// the scan and the plain one, nil for none, would need alone.
func (s *Scan) shiftAt(score float64, after int, plain *Scan) float64 {
	own := s.lastingShift(after)
	alone := own.shift(score)
	if plain == nil || s.Scale <= 0 || plain.Scale <= 0 {
		return alone
	}
	ratio, other := s.Scale/plain.Scale, plain.lastingShift(after)
	apart := other.shift(score) / ratio
	low, high := min(alone, apart), max(alone, apart)
	for range 30 {
		middle := (low + high) / 2
		if s.mixed(own.score(middle), other.score(middle*ratio)) < score {
			low = middle
		} else {
			high = middle
		}
	}
	return high
}
