package detector

import (
	"math"
	"time"

	"github.com/pushback/pushback/detector/stats"
)

// testLevel scans where there is a profile, and otherwise says what a few
// blocks of the before window can: suspect at most.
func (t *trial) testLevel() {
	if scanned := t.scans(); scanned {
		t.worst(t.scan)
		t.settle(t.levelEffect)
		return
	}
	t.capped = true
	if t.constant() {
		t.note("The signal never moved in its history, so nothing says how large a move is; statistics say suspect at most.")
	} else {
		t.e.Reason = ShortHistory
		t.note(t.historyNote("6 h are needed for more than suspect"))
	}
	if finite(t.before.Value) < fullTicks {
		t.e.Reason = NoBaseline
		return
	}
	t.worst(t.blocks)
	t.settle(t.levelEffect)
}

// scans says whether every watched direction has a scan that can be used now.
func (t *trial) scans() bool {
	for _, d := range t.directions() {
		if t.follow(d) == nil {
			return false
		}
	}
	return true
}

// constant says that there is history enough, and that it never moved.
func (t *trial) constant() bool {
	k := t.profile
	return time.Duration(k.Ticks)*k.Tick >= MinHistory && k.Levels.Lowest == k.Levels.Highest
}

// usable is the best scan of direction d that fits this plan and whose season,
// if it has one, is within the profile's past. Nil where there is none.
func (t *trial) usable(d float64) (*Scan, shape) {
	k := &t.profile
	if k.Tick != t.plan.Tick || k.Before != t.plan.Before || k.After != t.plan.After ||
		len(t.before.Value) != k.Before || !mostly(t.before.Value) {
		return nil, shape{}
	}
	scans := k.Higher
	if d < 0 {
		scans = k.Lower
	}
	for i := range scans {
		past, ok := t.shape(scans[i].Period)
		if ok && !scans[i].constant() && scans[i].fits(past) {
			return &scans[i], past
		}
	}
	return nil, shape{}
}

// fits says whether a blend has the days it weighs.
func (s *Scan) fits(past shape) bool {
	return !s.blends() || len(s.Weights) == localParts+len(past.days)
}

// shape finds one period ago in the profile; a scan without a period needs
// none.
func (t *trial) shape(period time.Duration) (shape, bool) {
	if period == 0 {
		return shape{}, true
	}
	for _, p := range t.profile.Past {
		if p.Period != period {
			continue
		}
		ago := t.look.From.Add(-period).Sub(p.Start)
		at := int(math.Round(float64(ago) / float64(t.plan.Tick)))
		to := at - t.look.Gap
		from := to - t.plan.Before
		if from < 0 || to < from || at+t.plan.After > len(p.Smooth) || len(p.Value) != 0 && len(p.Value) != len(p.Smooth) {
			return shape{}, false
		}
		past := shape{smooth: p.Smooth[from:to], ahead: p.Smooth[at : at+t.plan.After]}
		if len(p.Value) > 0 {
			past.raw = p.Value[from:to]
		}
		if len(p.Typical) == len(p.Smooth) {
			past.days = []lookback{
				lookBack(past.smooth, past.ahead, nil), lookBack(p.Typical[from:to], p.Typical[at:at+t.plan.After], nil),
			}
		}
		return past, mostly(past.raw) && mostly(past.ahead)
	}
	return shape{}, false
}

// scan is the placebo scan of this change in direction d, where there is one.
func (t *trial) scan(d float64) finding {
	f := t.follow(d)
	if f == nil {
		return finding{}
	}
	return finding{d: d, p: f.p, g: f.g, forecast: f.forecast[:len(f.after)], scale: f.scale, scan: f.scan, tests: []Test{ByScan}}
}

// floor keeps a recovery from an outage from looking like a regression: what
// is forecast is never better than the history's best twentieth.
func (t *trial) floor(forecast []float64, d float64) {
	for j, f := range forecast {
		if d > 0 {
			forecast[j] = max(f, t.profile.Levels.Q05)
		} else {
			forecast[j] = min(f, t.profile.Levels.Q95)
		}
	}
}

// blocks compares means by the long-run variance of the before window. Six
// blocks make a rough variance, hence Student's tail, and no history says how
// the series drifts, hence the cap at suspect.
func (t *trial) blocks(d float64) finding {
	x, level := t.values(), stats.Mean(t.before.Value)
	f := finding{d: d, p: 1, forecast: []float64{level}, tests: []Test{ByBlocks}}
	n, before, variance := float64(finite(x)), float64(finite(t.before.Value)), t.longRunVariance()
	moved := d * (stats.Mean(x) - level)
	switch {
	case n < minTicks || !(moved > 0):
	case variance > 0:
		f.p = stats.UpperTail(stats.StudentDeviate(moved/math.Sqrt(variance*(1/n+1/before)), blockCount-1))
	default: // never seen in so many ticks
		f.p = 1 / (1 + before + float64(t.profile.Ticks))
	}
	return f
}

// blockCount is into how many blocks a before window is cut.
const blockCount = 6

func (t *trial) longRunVariance() float64 {
	b := t.before.Value
	plain := stats.NormalMAD * stats.MAD(b, nil)
	return max(stats.BlockVariance(b, max(finite(b)/blockCount, 1)), plain*plain)
}
