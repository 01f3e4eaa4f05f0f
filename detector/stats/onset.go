package stats

import "math"

// stretchRounds is how often the height of the worst stretch is estimated again.
const stretchRounds = 3

// WorstStretch finds the consecutive ticks at which a series is worse than usual: those
// whose excesses over half of their own mean add up to most. Half of the mean is the best
// border between two levels of equal scatter. excess is by how much each tick is worse,
// weight what it counts for; weight 0 is a missing tick. least is the border that the
// search begins with. It returns the first and the last tick of the stretch, and −1 where
// no tick is worse than usual.
func WorstStretch(excess, weight []float64, least float64) (first, last int) {
	first, last = largestSum(excess, weight, least)
	if first < 0 {
		first, last = largestSum(excess, weight, 0)
	}
	for range stretchRounds {
		if first < 0 {
			break
		}
		f, l := largestSum(excess, weight, weightedMean(excess[first:last+1], weight[first:last+1])/2)
		if f == first && l == last {
			break
		}
		first, last = f, l
	}
	return first, last
}

// largestSum is the stretch with the largest weighted sum of excesses over a border, −1
// where no sum is positive.
func largestSum(excess, weight []float64, border float64) (first, last int) {
	first, last = -1, -1
	sum, best, start := 0.0, 0.0, 0
	for i, e := range excess {
		if !(weight[i] > 0) {
			continue
		}
		if sum <= 0 {
			sum, start = 0, i
		}
		if sum += weight[i] * (e - border); sum > best {
			best, first, last = sum, start, i
		}
	}
	return first, last
}

func weightedMean(x, weight []float64) float64 {
	sum, all := 0.0, 0.0
	for i, v := range x {
		if weight[i] > 0 {
			sum, all = sum+weight[i]*v, all+weight[i]
		}
	}
	return sum / all
}

// leastBefore is how many values must lie before a break, and leastSince how many from the
// break on, next not counted: one high value is a spike as well.
const (
	leastBefore = 3
	leastSince  = 2
)

// BreakBefore asks where a series rose to the level that it has from next on, the value
// after its last. It returns the likeliest tick, and how much likelier, as a logarithm, a
// break there is than one at next; −1 where none is likelier. Missing values are skipped.
//
// The series is taken as an autoregression of the given lag-one correlation: in a series
// that remembers, a run of high values says little, and a jump says much. A residual
// beyond two standard deviations counts by its size and not by its square (Huber 1964), so
// that spikes are no break.
func BreakBefore(before []float64, next, level, lag float64) (at int, gain float64) {
	x, index := present(append(before[:len(before):len(before)], next))
	at = -1
	if len(x) <= leastBefore+leastSince || math.IsNaN(next) {
		return at, 0
	}
	m := autoregressive{x: x, index: index, lag: lag}
	m.scale = m.innovationScale()
	for i := leastBefore; i+leastSince < len(x); i++ {
		usual := Median(x[:i], nil)
		if !(level > usual) {
			continue
		}
		if g := m.breakGain(i, usual, level); g > gain {
			at, gain = index[i], g
		}
	}
	return at, gain
}

// autoregressive is a series whose values remember the ones before them. index is the tick
// of each value, and scale the standard deviation of what one tick adds.
type autoregressive struct {
	x          []float64
	index      []int
	lag, scale float64
}

// secondStep is how much better, as a logarithm, two steps must fit than one, for the second
// of them to be where the series rose.
const secondStep = 5

// breakGain is the gain in log-likelihood of a break at i over one at the last value; 0 where
// the series rose at i and again at the last value.
func (m autoregressive) breakGain(i int, usual, level float64) float64 {
	one := m.misfit(i, usual, level, level)
	if between := Median(m.x[i:len(m.x)-1], nil); one-m.misfit(i, usual, between, level) > secondStep {
		return 0
	}
	return m.misfit(i, usual, usual, level) - one
}

// leastOfLevel is the part of its rise that a series must at least have made for a value to count
// as after the break. The level after a break is known from few values, and may be overestimated.
const leastOfLevel = 0.5

// BreakGains is, for each value ahead of next, how much likelier, as a logarithm, it is that the
// series rose to the level there than at next: below zero for a value that is where the series
// usually was, and for those before it. What is usual is the median of so many
// values ahead. NaN is for values that are missing, or that nothing is known ahead of.
//
// BreakBefore says how such a series is taken.
func BreakGains(before []float64, next, level, lag float64, window int) []float64 {
	gains := make([]float64, len(before))
	for i := range gains {
		gains[i] = math.NaN()
	}
	x, index := present(append(before[:len(before):len(before)], next))
	if len(x) <= leastBefore+1 || math.IsNaN(next) {
		return gains
	}
	m := autoregressive{x: x, index: index, lag: lag}
	m.scale = m.innovationScale()
	for i := leastBefore; i < len(x)-1; i++ {
		if usual := Median(x[max(0, i-window):i], nil); level > usual {
			least := usual + leastOfLevel*(level-usual)
			gains[index[i]] = m.misfit(i, usual, usual, level) - min(m.misfit(i, usual, level, level), m.misfit(i, usual, least, level))
		}
	}
	return gains
}

// misfit is how badly the series fits from value i on where it was at the usual level before
// i, is at another between, and at a third at its last value.
func (m autoregressive) misfit(i int, usual, between, level float64) float64 {
	sum, last := 0.0, len(m.x)-1
	for j := i; j <= last; j++ {
		now, before := between, between
		if j == last {
			now = level
		}
		if j == i {
			before = usual
		}
		sum += m.loss(j, now, before)
	}
	return sum
}

// loss is how badly value j fits where the series is at one level now, and was at another.
func (m autoregressive) loss(j int, now, before float64) float64 {
	memory, scale := m.lag, m.scale
	if apart := m.index[j] - m.index[j-1]; apart > 1 {
		memory = math.Pow(m.lag, float64(apart))
		scale *= math.Sqrt((1 - memory*memory) / (1 - m.lag*m.lag))
	}
	return huberLoss((m.x[j] - now - memory*(m.x[j-1]-before)) / scale)
}

// innovationScale is the robust standard deviation of what each value adds to the one
// before it. Half of the root mean square bounds it from below, for series that are
// constant at most ticks.
func (m autoregressive) innovationScale() float64 {
	x := m.x[:len(m.x)-1]
	centre, squares := Median(x, nil), 0.0
	e := make([]float64, len(x)-1)
	for j := range e {
		e[j] = x[j+1] - centre - m.lag*(x[j]-centre)
		squares += e[j] * e[j]
	}
	return max(NormalMAD*MAD(e, nil), math.Sqrt(squares/float64(len(e)))/2, 1e-9*math.Abs(centre), 1e-100)
}

// huberBorder is where the loss turns from square to linear.
const huberBorder = 2

func huberLoss(r float64) float64 {
	r = math.Abs(r)
	if r <= huberBorder {
		return r * r / 2
	}
	return huberBorder * (r - huberBorder/2)
}

// present are the values that are there, with their places.
func present(x []float64) (values []float64, index []int) {
	for i, v := range x {
		if !math.IsNaN(v) {
			values, index = append(values, v), append(index, i)
		}
	}
	return values, index
}

// CountBreak is BreakBefore for bad events of all events, to the share that they have after
// all of these ticks, with direction +1 where more are worse and −1 where
// fewer are. Counts are divided by their overdispersion.
func CountBreak(bad, total []float64, share, direction, overdispersion float64) (at int, gain float64) {
	at = -1
	c0, n0, seen := 0.0, 0.0, 0
	for i := range total {
		if seen >= leastBefore && n0 > 0 {
			usual := (c0 + 0.5) / (n0 + 1)
			g := countGain(bad[i:], total[i:], usual, share) / overdispersion
			if direction*(share-usual) > 0 && g > gain && !roseAgain(bad[i:], total[i:], share, overdispersion) {
				at, gain = i, g
			}
		}
		if total[i] > 0 {
			c0, n0, seen = c0+bad[i], n0+total[i], seen+1
		}
	}
	return at, gain
}

// CountBreakGains is BreakGains for bad events of all events, with direction +1 where more are
// worse and −1 where fewer are. NaN is for ticks without events.
func CountBreakGains(bad, total []float64, share, direction, overdispersion float64, window int) []float64 {
	gains := make([]float64, len(total))
	for i := range total {
		gains[i] = math.NaN()
		ahead, n := max(0, i-window), 0
		c0, n0 := 0.5, 1.0
		for j := ahead; j < i; j++ {
			if total[j] > 0 {
				c0, n0, n = c0+bad[j], n0+total[j], n+1
			}
		}
		if usual := c0 / n0; total[i] > 0 && n >= leastBefore && direction*(share-usual) > 0 {
			least := usual + leastOfLevel*(share-usual)
			gains[i] = max(countGain(bad[i:], total[i:], usual, share), countGain(bad[i:], total[i:], usual, least)) / overdispersion
		}
	}
	return gains
}

// roseAgain reports whether the counts from a break on have another share than the one after
// them.
func roseAgain(bad, total []float64, share, overdispersion float64) bool {
	c, n := 0.5, 1.0
	for i := range total {
		if total[i] > 0 {
			c, n = c+bad[i], n+total[i]
		}
	}
	return countGain(bad, total, share, c/n)/overdispersion > secondStep
}

// countGain is how much likelier the counts are under one share than under the other.
func countGain(bad, total []float64, usual, share float64) float64 {
	usual, share = min(max(usual, 1e-9), 1-1e-9), min(max(share, 1e-9), 1-1e-9)
	gain := 0.0
	for i, n := range total {
		if n > 0 {
			gain += bad[i]*math.Log(share/usual) + (n-bad[i])*math.Log((1-share)/(1-usual))
		}
	}
	return gain
}

// LagOne is the lag-one correlation of a series around zero, between 0.01 and 0.99. Each value
// is cut to three robust standard deviations, so that an outage does not make a series look
// as if it remembered.
func LagOne(x []float64) float64 {
	most := 3 * NormalMAD * MAD(x, nil)
	squares, products := 0.0, 0.0
	cut := func(v float64) float64 { return max(min(v, most), -most) }
	for i := 1; i < len(x); i++ {
		if a, b := cut(x[i-1]), cut(x[i]); !math.IsNaN(a) && !math.IsNaN(b) {
			squares, products = squares+(a*a+b*b)/2, products+a*b
		}
	}
	if squares == 0 {
		return 0
	}
	return min(max(products/squares, 0.01), 0.99)
}
