package detector

import (
	"math"
	"slices"
	"time"

	"github.com/pushback/pushback/detector/stats"
	"github.com/pushback/pushback/sources"
)

// An outage in the history makes every tail wider, and hides what a later change does. People
// declare few of them, so Learn looks for those that nobody declared, and learns without
// them: stretches of minutes to hours after which the signal comes back, and whose level
// exceeds that of everything else in the history by far.
//
// What recurs is usual and never left out: what there are three of in the history, and what
// happens at the same time on another day. A history of little more than a day cannot show
// that, so nothing of it is left out.
//
// See adr/0065.

// The history is compared in blocks of blockTicks, by their medians, so that short spikes are
// no outages. A block is compared with the levels around it: the medians of sideBlocks
// blocks that lie so many blocks before and after it. An outage that is longer than the
// distance is not seen at it.
const (
	blockTicks = 6
	sideBlocks = 5
)

var outageDistances = [...]int{72, 24, 6}

// An outage exceeds usualMargin times what the history shows at usualPlaces separate places
// (in fewer than placesDays days: at one less), outageDeviates robust standard deviations, and
// the tickQuantile of the distances of all other ticks from the level before them. All outages
// together take at most mostLeftOut of the ticks, of few days twice that. Their stretches reach to the blocks that
// exceed outageEdge of their height, and outagePadding blocks beyond.
const (
	usualPlaces    = 3
	placesDays     = 4
	leastDays      = 1.5
	usualMargin    = 3
	outageDeviates = 8
	tickQuantile   = 0.995
	mostLeftOut    = 0.05
	outageEdge     = 0.25
	outagePadding  = 1
)

// stretch is the blocks or ticks from one up to another one, which is not in it.
type stretch struct{ from, to int }

func (s stretch) overlaps(o stretch) bool { return s.from < o.to && o.from < s.to }

// leaveOutages clears the outages of x in x and in ticks, which may share their values, and
// returns when they were. What good changes did is no outage, because the next change may do
// the same.
func leaveOutages(x Values, ticks Ticks, h History, p Plan) (left Windows) {
	at := func(i int) time.Time { return h.Start.Add(time.Duration(i) * p.Tick) }
	for _, s := range outages(x, p.Tick) {
		w := sources.Window{From: at(s.from), To: at(s.to)}
		if slices.ContainsFunc(h.Good, func(c GoodChange) bool {
			return c.BaseAt.Before(w.To) && w.From.Before(c.FinishedAt.Add(time.Duration(p.After)*p.Tick))
		}) {
			continue
		}
		for i := s.from; i < s.to; i++ {
			x[i] = math.NaN()
			ticks.clearTick(i)
		}
		left = append(left, w)
	}
	return left
}

// outages are the stretches of ticks that cannot be usual, in order.
func outages(x []float64, tick time.Duration) []stretch {
	f := outageFinder{day: float64(day) / float64(tick*blockTicks), places: usualPlaces}
	days := float64(finite(x)) * float64(tick) / float64(day)
	if days < leastDays || f.day < 1 {
		return nil
	}
	f.blocks = blockMedians(x, blockTicks)
	f.typical = make([]float64, len(f.blocks))
	most := mostLeftOut
	if days < placesDays {
		f.places, most = f.places-1, 2*mostLeftOut
	} else if day%(tick*blockTicks) == 0 {
		f.subtractDay()
	}
	f.levels = movingMedians(f.blocks, sideBlocks)
	for _, d := range []direction{upward, downward} {
		usual := 0.0
		for _, distance := range outageDistances {
			usual = f.find(distance, d, usual)
		}
	}
	if len(f.found) == 0 {
		return nil
	}
	return f.within(int(most*float64(finite(x))), f.usualTick(x))
}

// outageFinder looks for outages among the blocks of a history.
type outageFinder struct {
	blocks, levels []float64
	typical        []float64 // what was subtracted of every block
	day            float64   // blocks
	places         int       // at which something is usual
	found          []episode
}

// episode is a stretch of blocks beyond the level around it, by height at most.
type episode struct {
	stretch
	top    int // its highest block
	height float64
}

// find adds the outages that are seen at a distance in one direction. Usual is the height of
// what is usual at longer distances, because an outage that is seen at this one may recur as
// a longer one. It returns what is usual with this distance.
func (f *outageFinder) find(distance int, d direction, usual float64) float64 {
	heights := f.heights(distance, d)
	all := episodes(heights, distance, f.places)
	if len(all) >= f.places {
		usual = max(usual, all[f.places-1].height)
	}
	least := max(usualMargin*usual, outageDeviates*f.scale(distance))
	for _, e := range all[:min(len(all), f.places-1)] {
		if e.height > least && !f.recurs(e, distance, d) {
			f.found = append(f.found, f.whole(e, distance, d))
		}
	}
	return usual
}

// heights are how far each block lies beyond the nearer one of the levels before and after
// it: 0 where it does not lie beyond both, and NaN where one is not known. A rise or a fall
// that stays, however large, has no height.
func (f *outageFinder) heights(distance int, d direction) []float64 {
	heights := make([]float64, len(f.blocks))
	for i := range heights {
		heights[i] = math.NaN()
		if i >= distance && i+distance < len(heights) {
			heights[i] = f.atMost(i, distance, d)
		}
	}
	return heights
}

// scale is the robust standard deviation of a block from the middle between the levels before
// and after it, which a slope does not widen.
func (f *outageFinder) scale(distance int) float64 {
	moves := make([]float64, 0, len(f.blocks))
	for i := distance; i+distance < len(f.blocks); i++ {
		if v := math.Abs(f.blocks[i] - (f.levels[i-distance]+f.levels[i+distance])/2); !math.IsNaN(v) {
			moves = append(moves, v)
		}
	}
	return stats.NormalMAD * stats.MedianInPlace(moves)
}

// episodes are the highest separate blocks, highest first: as many as it takes to know what
// is usual.
func episodes(heights []float64, distance, places int) []episode {
	var all []episode
	free := []episode{highest(heights, stretch{0, len(heights)})}
	for len(all) < places {
		best := 0
		for i := range free {
			if free[i].height > free[best].height {
				best = i
			}
		}
		s, e := free[best].stretch, free[best]
		if e.height == 0 {
			break
		}
		free[best] = highest(heights, stretch{s.from, max(e.top-distance+1, s.from)})
		free = append(free, highest(heights, stretch{min(e.top+distance, s.to), s.to}))
		e.stretch = stretch{e.top, e.top + 1}
		all = append(all, e)
	}
	return all
}

// highest is the highest block within a stretch; of height 0 where there is none.
func highest(heights []float64, s stretch) episode {
	e := episode{stretch: s}
	for i, h := range heights[s.from:s.to] {
		if h > e.height {
			e.top, e.height = s.from+i, h
		}
	}
	return e
}

// whole reaches from the highest block of an episode to all neighbours that lie well beyond
// the level around it.
func (f *outageFinder) whole(e episode, distance int, d direction) episode {
	base := f.blocks[e.top] - float64(d)*e.height
	beyond := func(i int) bool { return d.worse(f.blocks[i]-base) > outageEdge*e.height }
	for e.from > max(e.top-distance, 0) && beyond(e.from-1) {
		e.from--
	}
	for e.to < min(e.top+distance, len(f.blocks)) && beyond(e.to) {
		e.to++
	}
	return e
}

// recurs reports whether the same was there at the same time of another day, or whether no
// other day can tell.
func (f *outageFinder) recurs(e episode, distance int, d direction) bool {
	compared, there := false, make([]float64, 0, 2*sideBlocks)
	last := int(float64(len(f.blocks)) / f.day)
	for days := -last; days <= last; days++ {
		shift := int(math.Round(float64(days) * f.day))
		from, to := max(e.top+shift-sideBlocks, 0), min(e.top+shift+sideBlocks, len(f.blocks))
		if days == 0 || from >= to {
			continue
		}
		there = there[:0]
		for i := from; i < to; i++ {
			there = append(there, f.atMost(i, distance, d))
		}
		if !mostlyPresent(there) {
			continue
		}
		compared = true
		if slices.ContainsFunc(there, func(h float64) bool { return usualMargin*h > e.height }) {
			return true
		}
	}
	return !compared
}

// atMost is how far a block lies beyond the nearer one of the levels before and after it, at most:
// at the ends of a history, where one of them is not known, how far it lies beyond the other.
func (f *outageFinder) atMost(i, distance int, d direction) float64 {
	height := math.Inf(+1)
	for _, k := range [...]int{i - distance, i + distance} {
		if k >= 0 && k < len(f.levels) {
			height = min(height, d.worse(f.blocks[i]-f.levels[k]))
		}
	}
	return max(height, 0)
}

// usualTick is a quantile of the distances of ticks from the level before them, where neither is of
// the episodes found. It is the scale of what is hardly ever anything but zero.
func (f *outageFinder) usualTick(x []float64) float64 {
	const distance = 6
	distances := make([]float64, 0, len(x))
	for i := distance; i < len(f.blocks); i++ {
		block, before := stretch{i, i + 1}, stretch{i - distance - sideBlocks/2, i - distance + sideBlocks/2 + 1}
		if slices.ContainsFunc(f.found, func(e episode) bool { return e.overlaps(block) || e.overlaps(before) }) {
			continue
		}
		for _, v := range x[i*blockTicks : (i+1)*blockTicks] {
			if d := math.Abs(v - f.typical[i] - f.levels[i-distance]); !math.IsNaN(d) {
				distances = append(distances, d)
			}
		}
	}
	return stats.QuantileInPlace(distances, tickQuantile)
}

// within are the outages in ticks, in order: those higher than usual ticks, the longer one of
// those that overlap, and at most so many ticks together.
func (f *outageFinder) within(most int, usual float64) []stretch {
	slices.SortStableFunc(f.found, func(a, b episode) int { return (b.to - b.from) - (a.to - a.from) })
	var left []stretch
	for _, e := range f.found {
		s := stretch{max(e.from-outagePadding, 0) * blockTicks, min(e.to+outagePadding, len(f.blocks)) * blockTicks}
		if e.height <= usual || slices.ContainsFunc(left, s.overlaps) || s.to-s.from > most {
			continue
		}
		most -= s.to - s.from
		left = append(left, s)
	}
	slices.SortFunc(left, func(a, b stretch) int { return a.from - b.from })
	return left
}
