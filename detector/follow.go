package detector

import (
	"math"
	"time"
)

// follower scans the after-ticks of one change in one direction, one at a
// time. All that the past has to say is in it from the beginning, so that a
// tick costs a residual, a mean a scan length, and, where the maximum rose, a
// place among the placebos: no allocation, and less than a microsecond.
type follower struct {
	scan     *Scan
	forecast []float64 // of every tick of the horizon
	scale    float64   // σ
	d        float64   // +1: higher is worse
	scanner  *scanner
	g        float64 // running maximum of what lies farthest out on its own tail
	p        float64 // of g

	// What it stands on, and what it was told: see continues.
	from          time.Time
	gap           int
	before, after Values
}

// tick takes the next value, NaN where it is missing, and by how much it may
// be off for reasons of its own. Past the horizon it takes nothing.
func (f *follower) tick(a, doubt float64) {
	if len(f.after) == len(f.forecast) {
		return
	}
	scale := f.scale
	if doubt > 0 {
		scale = math.Hypot(scale, doubt)
	}
	means := f.scanner.add(residual(a, f.forecast[len(f.after)], scale, f.d))
	if highest := farthest(means, f.scan.Lengths); highest > f.g {
		f.g, f.p = highest, f.scan.P(highest)
	}
	f.after = append(f.after, a)
}

// begin makes the follower of direction d; nil where no scan can be used.
func (t *trial) begin(d float64) *follower {
	s, back := t.usable(d)
	if s == nil {
		return nil
	}
	b, h := t.stands(), t.plan.After
	o, stance := outlookOf(len(b), h), stanceOf(b, back, nil)
	stance.limit(s.Limits)
	o.blend(b, &stance, horizonOf(h), s.Weights)
	t.floor(o.forecast, d)
	return &follower{
		scan: s, forecast: o.forecast, scale: scaleOf(o.spread, s.Scale), d: d,
		scanner: newScanner(h), g: math.Inf(-1), p: 1,
		from: t.look.From, gap: t.look.Gap, before: b, after: make(Values, 0, h),
	}
}

// followers are those of one change: by signal and direction.
type followers map[way]*follower

type way struct {
	signal string
	d      float64
}

// follow gives the follower of direction d after all ticks so far; nil where
// there can be none. One that was told otherwise before begins afresh.
func (t *trial) follow(d float64) *follower {
	w, x := way{t.signal.Name, d}, t.remaining()
	f := t.followers[w]
	if f == nil || !f.continues(t, x) {
		if f = t.begin(d); f == nil {
			return nil
		}
		t.followers[w] = f
	}
	doubts := t.doubts(len(x))
	for j := len(f.after); j < len(x); j++ {
		doubt := 0.0
		if doubts != nil {
			doubt = doubts[j]
		}
		f.tick(x[j], doubt)
	}
	return f
}

// continues says whether a look sees what the follower was told, and perhaps
// more.
func (f *follower) continues(t *trial, x []float64) bool {
	return f.from.Equal(t.look.From) && f.gap == t.look.Gap && len(f.after) <= len(x) &&
		alike(f.before, t.stands()) && alike(f.after, x[:len(f.after)])
}

// alike compares bit by bit: a missing tick is like a missing tick.
func alike(a, b []float64) bool {
	if len(a) != len(b) {
		return false
	}
	for i, v := range a {
		if math.Float64bits(v) != math.Float64bits(b[i]) {
			return false
		}
	}
	return true
}

// Course is one change, judged look by look under profiles that stay the same:
// what an earlier look has scanned, a later one that sees the same and more
// need not scan again. Its verdicts are those of Judge.
//
// It is not for concurrent use.
type Course struct {
	plan      Plan
	profiles  Profiles
	followers followers
}

// NewCourse begins a change. It keeps its arguments, which must not change.
func NewCourse(p Plan, k Profiles) *Course {
	return &Course{plan: p, profiles: k, followers: followers{}}
}

// Look is Judge of what one look saw.
func (c *Course) Look(o Observation) Verdict { return judge(c.plan, c.profiles, o, c.followers) }
