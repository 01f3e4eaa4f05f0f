package detector

import (
	"math"
	"time"
)

// follower scans the after-ticks of one change in one direction, one at a time. Forecast
// and scale are fixed at the start, so that a tick costs one residual, one mean for each
// scan length and, where the maximum rose, one look-up of p: no allocation, and less than a
// microsecond.
//
// See adr/0022.
type follower struct {
	track              // by the best scan
	plain    *track    // by the plain scan that it is mixed with; nil: none
	expected []float64 // the forecast with what the shape expects beyond it
	habit    float64   // g that most days come to at this time
	usual    bool      // the before window is as a period ago
	d        direction
	g        float64 // running maximum of the largest score of any length, mixed
	scanned  float64 // p of g
	record   float64 // smallest p of a tick beyond the history
	p        float64 // of both

	// What it was made from, and the ticks it has taken: see continues.
	from          time.Time
	gap           int
	before, after Values
}

// tick takes the next value, NaN where it is missing, and how far it may be off for other
// reasons than noise. Past the horizon it does nothing.
func (f *follower) tick(a, doubt float64) {
	n := len(f.after)
	if n == len(f.forecast) {
		return
	}
	r, rose := f.track.tick(n, a, doubt, f.d)
	g := f.most
	if f.plain != nil {
		_, also := f.plain.tick(n, a, doubt, f.d)
		rose, g = rose || also, f.scan.mixed(f.most, f.plain.most)
	}
	if rose {
		f.g, f.scanned = g, f.scan.P(g)
		if g <= f.habit {
			f.scanned = max(f.scanned, habitP)
		}
	}
	f.after = append(f.after, a)
	f.record = min(f.record, f.scan.record(r, len(f.after)+f.gap))
	f.p = f.scan.combine(f.scanned, f.record)
}

// begin makes the follower of direction d, nil where no scan can be used.
func (t *trial) begin(d direction) *follower {
	u := t.usableScan(d)
	if u.scan == nil {
		return nil
	}
	b, h := t.baselineValues(), horizonOf(t.plan.After)
	window := baselineOf(b, u.scan.Long, u.back, nil)
	plain, usual := window, window.asBefore(t.profile.Levels)
	f := &follower{
		track: t.track(u.scan, b, &window, usual, h, d), d: d,
		habit: u.scan.habitAt(t.look.From, t.plan), usual: usual,
		g: math.Inf(-1), scanned: 1, record: 1, p: 1,
		from: t.look.From, gap: t.look.Gap, before: b, after: make(Values, 0, t.plan.After),
	}
	if f.expected = withUsual(f.forecast, f.allowed, d); u.plain != nil {
		plain.back = nil
		beside := t.track(u.plain, b, &plain, usual, h, d)
		f.plain = &beside
	}
	return f
}

// followers are those of one change: by signal and direction.
type followers map[followerKey]*follower

type followerKey struct {
	signal string
	d      direction
}

// follow returns the follower of direction d after all ticks so far, nil where there is
// none. A follower that was given other ticks before is begun again.
func (t *trial) follow(d direction) *follower {
	w, x := followerKey{t.signal.Name, d}, t.withoutControl()
	f := t.followers[w]
	if f == nil || !f.continues(t, x) {
		if f = t.begin(d); f == nil {
			return nil
		}
		t.followers[w] = f
	}
	doubts := t.controlErrors(len(x))
	for j := len(f.after); j < len(x); j++ {
		doubt := 0.0
		if doubts != nil {
			doubt = doubts[j]
		}
		f.tick(x[j], doubt)
	}
	return f
}

// continues reports whether a look has the ticks that the follower was given, and perhaps
// more.
func (f *follower) continues(t *trial, x []float64) bool {
	return f.from.Equal(t.look.From) && f.gap == t.look.Gap && len(f.after) <= len(x) &&
		sameBits(f.before, t.baselineValues()) && sameBits(f.after, x[:len(f.after)])
}

// sameBits compares bit by bit, so that a missing tick equals a missing tick.
func sameBits(a, b []float64) bool {
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

// Course is one change, judged look by look under profiles that stay the same. A later look
// does not scan again what an earlier one has scanned. Its verdicts are those of Judge.
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

// Look is Judge of one look's observation.
func (c *Course) Look(o Observation) Verdict { return judge(c.plan, c.profiles, o, c.followers) }
