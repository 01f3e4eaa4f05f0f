package detector

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// warmUp is a service of two days whose deploys warm up, with the last of them judged.
type warmUp struct {
	goods        int
	size, length func(r *rand.Rand) float64 // of a warm-up: in levels, and in ticks
	spoil        func(i int, x Values)      // what else the i-th good change did, from x[0] on

	lasting float64 // what the judged change leaves, as a share
	atFirst float64 // what it adds beside the warm-up in the first three ticks, in levels
}

func (w warmUp) run(seed uint64, learn bool) (Verdict, Profile) {
	r := rand.New(rand.NewPCG(seed, 77))
	n := 2*1440 + 60
	x, drift := make(Values, n+30), 0.0
	for i := range x {
		drift = 0.5*drift + 4*r.NormFloat64()
		x[i] = 100 + 10*math.Sin(2*math.Pi*float64(i)/1440) + drift
	}
	h := History{Start: deploy}
	for i := range w.goods {
		at := 60 + (float64(i)+0.8*r.Float64())*float64(n-150)/float64(w.goods)
		w.warm(r, x, at)
		if w.spoil != nil {
			w.spoil(i, x[int(at):])
		}
		if when := deploy.Add(time.Duration(at * float64(time.Minute))); learn {
			h.Good = append(h.Good, GoodChange{BaseAt: when, FinishedAt: when})
		}
	}
	w.warm(r, x, float64(n))
	for i := n; i < len(x); i++ {
		x[i] *= 1 + w.lasting
		if i < n+3 {
			x[i] += 100 * w.atFirst
		}
	}
	h.Ticks.Value = x[:n:n]
	return judged(h, x[n-30:n], x[n:])
}

// judged is the highest verdict of one change's looks.
func judged(h History, before, after Values) (highest Verdict, k Profile) {
	s := latency
	s.MinEffect = MinEffect{Relative: 0.1}
	p := planOf(time.Minute, s)
	k = Learn(p, s, h)
	c, from := NewCourse(p, Profiles{s.Name: k}), h.Start.Add(time.Duration(len(h.Ticks.Value))*time.Minute)
	for t := 1; t <= len(after); t++ {
		v := c.Look(Observation{
			At: from.Add(time.Duration(t) * time.Minute), StartedAt: from, From: from, Final: t == len(after),
			Readings: []Reading{{Signal: s.Name, Supply: Fresh, Before: Ticks{Value: before}, After: Ticks{Value: after[:t]}}},
		})
		if t == 1 || v.Grade >= highest.Grade {
			highest = v
		}
	}
	return highest, k
}

// warm adds a warm-up from tick at on, which may begin within one.
func (w warmUp) warm(r *rand.Rand, x Values, at float64) {
	size, until := w.size(r), at+w.length(r)
	for i := int(at); i < len(x) && float64(i) < until; i++ {
		x[i] *= 1 + size*(math.Min(float64(i+1), until)-math.Max(float64(i), at))
	}
}

func always(v float64) func(*rand.Rand) float64 { return func(*rand.Rand) float64 { return v } }

func within(low, high float64) func(*rand.Rand) float64 {
	return func(r *rand.Rand) float64 { return low * math.Pow(high/low, r.Float64()) }
}

const warmUpRuns = 40

// alarms counts the runs that reach likely.
func (w warmUp) alarms(learn bool) (n int) {
	for seed := range uint64(warmUpRuns) {
		if v, _ := w.run(seed, learn); v.Grade >= Likely {
			n++
		}
	}
	return n
}

// TestWarmUpIsExpected: without the good changes, these warm-ups raise alarms.
func TestWarmUpIsExpected(t *testing.T) {
	f := func(name string, w warmUp, mostFalse int) {
		t.Helper()
		if n := w.alarms(true); n > mostFalse {
			t.Errorf("%s: %d of %d healthy changes alarm", name, n, warmUpRuns)
		}
		if n := w.alarms(false); n < warmUpRuns/8 {
			t.Errorf("%s: only %d of %d alarm where nothing is expected", name, n, warmUpRuns)
		}
		w.lasting = 0.3
		if n := w.alarms(true); n < warmUpRuns*9/10 {
			t.Errorf("%s: %d of %d lasting regressions are found", name, n, warmUpRuns)
		}
		w.lasting, w.atFirst = 0, 10
		if n := w.alarms(true); n < warmUpRuns*9/10 {
			t.Errorf("%s: %d of %d far larger ones are found", name, n, warmUpRuns)
		}
	}
	f("doubles for three minutes", warmUp{goods: 5, size: within(0.95, 1.05), length: always(3)}, 0)
	f("of many sizes", warmUp{goods: 5, size: within(0.5, 2), length: always(3)}, 1)
	f("of many lengths", warmUp{goods: 5, size: always(1), length: within(1, 5)}, 1)
}

// TestWhatIsNoShape: too few examples, or what does not end, are none; and one bad example
// among enough others changes little.
func TestWhatIsNoShape(t *testing.T) {
	f := func(name string, w warmUp, want bool, most float64) {
		t.Helper()
		for seed := range uint64(10) {
			_, k := w.run(seed, true)
			s := k.HigherShape
			if (s != nil) != want {
				t.Errorf("%s, seed %d: shape %+v", name, seed, s)
				continue
			}
			if s == nil {
				continue
			}
			if len(s.Most) >= shapeTicks {
				t.Errorf("%s, seed %d: a warm-up of three ticks allows %d", name, seed, len(s.Most))
			}
			unit := 100.0
			if s.Relative {
				unit = 1
			}
			for j, v := range s.Most {
				if v > most*unit || s.Usual[j] > v {
					t.Errorf("%s, seed %d: allows %v", name, seed, s.Most)
					break
				}
			}
		}
	}
	add := func(i, from, to int, by float64) func(int, Values) {
		return func(at int, x Values) {
			for k := from; (at == i || i < 0) && k < min(to, len(x)); k++ {
				x[k] += by
			}
		}
	}
	doubles := func(goods int, spoil func(int, Values)) warmUp {
		return warmUp{goods: goods, size: always(1), length: always(3), spoil: spoil}
	}
	f("five", doubles(5, nil), true, 1.6)
	f("four", doubles(4, nil), false, 0)
	f("an outage of half an hour", doubles(6, add(0, 0, 30, 2000)), true, 1.6)
	f("an outage of six minutes", doubles(6, add(2, 0, 6, 2000)), true, 1.6)
	f("an outage in place of the fifth", doubles(5, add(0, 0, 30, 2000)), false, 0)
	f("two outages of six minutes", doubles(8, func(i int, x Values) { add(1, 0, 6, 2000)(i, x); add(2, 0, 6, 2000)(i, x) }), true, 4)
	f("slower for good", warmUp{goods: 6, size: always(0), length: always(3), spoil: add(-1, 0, 5000, 30)}, false, 0)
	f("a warm-up, and slower for good", doubles(6, add(-1, 0, 5000, 10)), true, 1.6)
	f("twenty minutes", warmUp{goods: 6, size: always(1), length: always(20)}, false, 0)
	f("eleven minutes", warmUp{goods: 6, size: always(1), length: always(11)}, false, 0)
	f("no warm-up", warmUp{goods: 10, size: always(0), length: always(3)}, false, 0)
}

// TestShapeIsLearnedFromWhatIsLeft: a masked example is none.
func TestShapeIsLearnedFromWhatIsLeft(t *testing.T) {
	x := Values(rise(2000, 5, 3))
	h := History{Start: deploy, Ticks: Ticks{Value: x}}
	for at := 300; at <= 1500; at += 300 {
		when := deploy.Add(time.Duration(at) * time.Minute)
		h.Good = append(h.Good, GoodChange{when, when})
	}
	p := planOf(time.Minute, latency)
	if k := Learn(p, latency, h); k.HigherShape == nil || k.HigherShape.Changes != 5 {
		t.Fatalf("%+v", k.HigherShape)
	}
	h.Mask = []sources.Window{{From: deploy.Add(310 * time.Minute), To: deploy.Add(311 * time.Minute)}}
	if k := Learn(p, latency, h); k.HigherShape != nil {
		t.Errorf("learned from an incident: %+v", k.HigherShape)
	}
}

// rise is noise around 100 with a rise of 60 over some ticks after every 300.
func rise(n int, noise float64, ticks int) []float64 {
	r := rand.New(rand.NewPCG(3, 3))
	x := make([]float64, n)
	for i := range x {
		x[i] = 100 + noise*r.NormFloat64()
		if i >= 300 && i%300 < ticks {
			x[i] += 60
		}
	}
	return x
}

// shaped is a scene whose profile expects 60 % more for three ticks.
func shaped(t *testing.T) *scene {
	t.Helper()
	s := quiet(2880)
	k := s.profiles["latency"]
	k.HigherShape = &Shape{Changes: 7, Relative: true, Usual: []float64{.6, .6, .6, 0}, Most: []float64{.7, .7, .7, .7}, Spread: []float64{.1, .1, .1, .1}}
	packed, err := k.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if k, err = Unpack(packed); err != nil || k.HigherShape == nil {
		t.Fatal(k.HigherShape, err)
	}
	s.profiles["latency"] = k
	for j := range 3 {
		s.o.Readings[1].After.Value[j] += 65
	}
	return s
}

func TestShapeIsTold(t *testing.T) {
	s := shaped(t)
	v := Judge(s.plan, s.profiles, s.o)
	e := v.Signals[1]
	if v.Outcome != Healthy || math.Abs(e.Effect.Forecast-106) > 2 {
		t.Errorf("%s, forecast %v", v.Outcome, e.Effect.Forecast)
	}
	want := "This service's deploys usually raise latency by 60 % for 3 min (learned from 7 good changes); that much was expected."
	if notes := strings.Join(e.Notes, " "); !strings.Contains(notes, want) {
		t.Errorf("the notes are %q", notes)
	}
}

// TestShapeBelongsToDeploys, and to the time since the rollout's end: after settling, less of
// it is left.
func TestShapeBelongsToDeploys(t *testing.T) {
	f := func(kind sources.Kind, settled time.Duration, want bool) {
		t.Helper()
		s := shaped(t)
		s.o.Kind, s.o.Settled = kind, settled
		if v := Judge(s.plan, s.profiles, s.o); (v.Outcome == Healthy) != want {
			t.Errorf("%s after %s: %s, %+v", kind, settled, v.Outcome, v.Signals[1])
		}
	}
	f(sources.Deploy, 0, true)
	f("", time.Minute, true)
	f(sources.Flag, 0, false)
	f(sources.Deploy, 3*time.Minute, false)
	f(sources.Deploy, time.Hour, false)
}

// TestWarmUpOfErrors: what good changes failed at first is not counted against the next one,
// and what lasts is.
func TestWarmUpOfErrors(t *testing.T) {
	f := func(name string, base, atFirst, later float64, learn bool, want func(Grade) bool) {
		t.Helper()
		r := rand.New(rand.NewPCG(5, 5))
		draw := func(n int, shareAt func(i int) float64) Ticks {
			var x Ticks
			for i := range n {
				one := events(r, 1, 3000, shareAt(i))
				x.Value, x.Bad, x.Total = append(x.Value, one.Value...), append(x.Bad, one.Bad...), append(x.Total, one.Total...)
			}
			return x
		}
		h := History{Start: deploy.Add(-14400 * time.Minute)}
		h.Ticks = draw(14400, func(i int) float64 {
			if i >= 2500 && i%2500 < 3 {
				return 0.03
			}
			return base
		})
		for at := 2500; at < 14400 && learn; at += 2500 {
			when := h.Start.Add(time.Duration(at) * time.Minute)
			h.Good = append(h.Good, GoodChange{when, when})
		}
		p := planOf(time.Minute, errors)
		k := Profiles{"errors": Learn(p, errors, h)}
		after := draw(30, func(i int) float64 {
			if i < 3 {
				return atFirst
			}
			return later
		})
		highest, c := None, NewCourse(p, k)
		before := draw(30, func(int) float64 { return base })
		for n := range 30 {
			cut := Ticks{Value: after.Value[:n], Bad: after.Bad[:n], Total: after.Total[:n]}
			running := Ticks{Value: after.Value[n : n+1], Bad: after.Bad[n : n+1], Total: after.Total[n : n+1]}
			if n < 3 {
				running = events(r, 1, 1500, 2*atFirst)
			}
			v := c.Look(Observation{At: deploy.Add(time.Duration(n) * time.Minute), StartedAt: deploy, From: deploy, Filled: 0.5, Readings: []Reading{
				{Signal: "errors", Supply: Fresh, Before: before, After: cut, Running: running},
			}})
			highest = max(highest, v.Grade)
		}
		if !want(highest) {
			t.Errorf("%s: %s, shape %+v", name, highest, k["errors"].HigherShape)
		}
	}
	quiet, alarms := func(g Grade) bool { return g < Likely }, func(g Grade) bool { return g >= Likely }
	f("a usual warm-up", 0.005, 0.03, 0.005, true, quiet)
	f("of errors too rare for a scan", 0.0002, 0.03, 0.0002, true, quiet)
	f("where none is known", 0.005, 0.03, 0.005, false, alarms)
	f("what lasts", 0.005, 0.03, 0.03, true, alarms)
	f("a far worse one", 0.005, 0.3, 0.005, true, alarms)
}

func TestTickUnderAShapeDoesNotAllocate(t *testing.T) {
	f := following(t, 2)
	f.allowed = make([]allowance, 10)
	for j := range f.allowed {
		f.allowed[j] = allowance{1, 2, 0.5}
	}
	i := 0
	if n := testing.AllocsPerRun(1000, func() {
		if i++; i%30 == 0 {
			f.back()
		}
		f.tick(100+float64(i%30)/10, 0)
	}); n != 0 {
		t.Errorf("%v allocations a tick", n)
	}
}
