package detector

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// autoregression draws n ticks that remember, of standard deviation 1 around zero.
func autoregression(r *rand.Rand, n int, memory float64) Values {
	x, last := make(Values, n), r.NormFloat64()
	for i := range x {
		last = memory*last + math.Sqrt(1-memory*memory)*r.NormFloat64()
		x[i] = last
	}
	return x
}

// onsetCase is a kind of series, and a regression of it that begins at a tick relative to the
// change.
type onsetCase struct {
	name string
	draw func(r *rand.Rand, n, begins int) Ticks // the regression begins at tick n − 30 + begins
	kind Signal
}

func levelCase(name string, shift float64, series func(r *rand.Rand, n int) Values) onsetCase {
	return onsetCase{name, func(r *rand.Rand, n, begins int) Ticks {
		x := series(r, n)
		for i := n - 30 + begins; i < n; i++ {
			x[i] += shift
		}
		return Ticks{Value: x}
	}, Signal{Name: "x", Kind: Level, Worse: Higher}}
}

func countCase(perTick, usual, bad float64) onsetCase {
	return onsetCase{fmt.Sprintf("%v events a tick, %v to %v", perTick, usual, bad), func(r *rand.Rand, n, begins int) Ticks {
		good, worse := events(r, n-30+begins, perTick, usual), events(r, 30-begins, perTick, bad)
		return Ticks{Value: slices.Concat(good.Value, worse.Value), Bad: slices.Concat(good.Bad, worse.Bad), Total: slices.Concat(good.Total, worse.Total)}
	}, Signal{Name: "x", Kind: Counts, Worse: Higher}}
}

func onsetCases() []onsetCase {
	return []onsetCase{
		levelCase("white noise", 4, func(r *rand.Rand, n int) Values { return autoregression(r, n, 0) }),
		levelCase("AR .6", 4, func(r *rand.Rand, n int) Values { return autoregression(r, n, 0.6) }),
		levelCase("AR .9", 4, func(r *rand.Rand, n int) Values { return autoregression(r, n, 0.9) }),
		levelCase("AR .99", 3, func(r *rand.Rand, n int) Values { return autoregression(r, n, 0.99) }),
		levelCase("t of 3 degrees", 6, func(r *rand.Rand, n int) Values {
			x := make(Values, n)
			for i := range x {
				x[i] = r.NormFloat64() / math.Sqrt((math.Pow(r.NormFloat64(), 2)+math.Pow(r.NormFloat64(), 2)+math.Pow(r.NormFloat64(), 2))/3)
			}
			return x
		}),
		levelCase("a season of six hours", 4, func(r *rand.Rand, n int) Values {
			x := autoregression(r, n, 0.3)
			for i := range x {
				x[i] += 2 * math.Sin(2*math.Pi*float64(i)/360)
			}
			return x
		}),
		countCase(3000, 0.005, 0.02), countCase(200, 0.01, 0.06), countCase(30, 0.02, 0.3), countCase(200, 0, 0.05),
	}
}

// onsetTicks judges one draw of a case and returns its onset in ticks from the change. The
// draws of a case share the profile of the first.
func (c onsetCase) onsetTicks(profiles Profiles, seed uint64, begins int) (ticks float64, e Evidence) {
	const history = 1440
	r := rand.New(rand.NewPCG(seed, 5))
	all := c.draw(r, history+60, begins)
	part := func(from, to int) Ticks {
		p := Ticks{Value: all.Value[from:to]}
		if all.counts() {
			p.Bad, p.Total = all.Bad[from:to], all.Total[from:to]
		}
		return p
	}
	p := planOf(time.Minute, c.kind)
	k, ok := profiles[c.name]
	if !ok {
		k = Learn(p, c.kind, History{Start: deploy.Add(-(history + 30) * time.Minute), Ticks: part(0, history)})
		profiles[c.name] = k
	}
	e = Judge(p, Profiles{"x": k}, Observation{
		At: deploy.Add(30 * time.Minute), StartedAt: deploy, From: deploy, Final: true,
		Readings: []Reading{{Signal: "x", Supply: Fresh, Before: part(history, history+30), After: part(history+30, history+60)}},
	}).Signals[0]
	return e.Onset.Sub(deploy).Minutes(), e
}

// onsetCount is what came of many draws of one case.
type onsetCount struct{ graded, before, near int }

func (c onsetCase) count(profiles Profiles, seeds uint64, begins int) (n onsetCount) {
	for seed := range seeds {
		at, e := c.onsetTicks(profiles, seed, begins)
		if e.Grade < Suspect {
			continue
		}
		n.graded++
		if at < 0 {
			n.before++
		}
		if math.Abs(at-float64(begins)) <= 2 {
			n.near++
		}
	}
	return n
}

// TestOnsetOfRegressions: what begins at or after the change is never told to begin before
// it; what began before is told so, and both within two ticks.
func TestOnsetOfRegressions(t *testing.T) {
	const seeds = 60
	for _, c := range onsetCases() {
		t.Run(c.name, func(t *testing.T) {
			profiles := Profiles{}
			for _, begins := range []int{0, 1, 4} {
				if n := c.count(profiles, seeds, begins); n.before > 0 || n.graded < seeds/2 || n.near < n.graded*9/10 {
					t.Errorf("begins %d ticks after the change: %+v of %d", begins, n, seeds)
				}
			}
			for _, begins := range []int{3, 8} {
				if n := c.count(profiles, seeds, -begins); n.before < n.graded*6/10 || n.near < n.before*9/10 || n.graded < seeds/2 {
					t.Errorf("began %d ticks before the change: %+v of %d", begins, n, seeds)
				}
			}
		})
	}
}

// TestOnsetBeforeIsSaid: people read that it began before the change, and when.
func TestOnsetBeforeIsSaid(t *testing.T) {
	_, e := countCase(3000, 0.005, 0.02).onsetTicks(Profiles{}, 1, -8)
	if want := "It began 8 min before the change, at 11:52:00."; !slices.Contains(e.Notes, want) {
		t.Errorf("no %q in %q", want, e.Notes)
	}
	_, e = countCase(3000, 0.005, 0.02).onsetTicks(Profiles{}, 1, 0)
	if slices.ContainsFunc(e.Notes, func(note string) bool { return strings.Contains(note, "before the change, at") }) {
		t.Errorf("it began at the change: %q", e.Notes)
	}
}

// TestOnsetAfterRollout: a signal that turned bad while the change rolled out and settled
// has its onset at the first tick that was measured.
func TestOnsetAfterRollout(t *testing.T) {
	s := quiet(2880)
	s.o.From, s.o.Gap = deploy.Add(9*time.Minute), 9
	s.latency().After.Value = s.noise(30, 110)
	if e := Judge(s.plan, s.profiles, s.o).Signals[1]; !e.Onset.Equal(s.o.From) {
		t.Errorf("%s since %v, want %v", e.Grade, e.Onset, s.o.From)
	}
}

// TestOnsetOfLoss: a lost signal is lost from the first tick without a sample.
func TestOnsetOfLoss(t *testing.T) {
	f := func(name string, want time.Duration, disturb func(*scene)) {
		t.Helper()
		s := quiet(2880)
		disturb(s)
		v := Judge(s.plan, s.profiles, s.o)
		if e := v.Signals[0]; e.Reason != SignalLost || !e.Onset.Equal(deploy.Add(want)) {
			t.Errorf("%s: %s since %v, want since %v", name, e.Reason, e.Onset, deploy.Add(want))
		}
	}
	gone := func(from int) func(*scene) {
		return func(s *scene) {
			s.errors().Supply = Gone
			for i := from; i < 30; i++ {
				s.errors().After.clearTick(i)
			}
		}
	}
	f("nothing came after the change", 0, gone(0))
	f("it lived for five minutes", 5*time.Minute, gone(5))
	f("it ended two ticks before", -2*time.Minute, func(s *scene) {
		gone(0)(s)
		s.errors().Before.clearTick(28)
		s.errors().Before.clearTick(29)
	})
	f("it ended while the change rolled out", 0, func(s *scene) {
		gone(0)(s)
		s.o.From, s.o.Gap = deploy.Add(9*time.Minute), 9
	})
	f("traffic fell to a tenth after five minutes", 5*time.Minute, func(s *scene) {
		for i := 5; i < 30; i++ {
			s.errors().After.Total[i] /= 10
			s.errors().After.Bad[i] = 0
		}
	})
}

// TestOnsetBesideControl: both arms rose before the change, and the signal alone at it. The
// onset is where their difference breaks.
func TestOnsetBesideControl(t *testing.T) {
	const history = 1440
	early := 0
	for seed := range uint64(40) {
		r := rand.New(rand.NewPCG(seed, 9))
		shared, own, other := autoregression(r, history+60, 0.9), autoregression(r, history+60, 0), autoregression(r, history+60, 0)
		x, control := make(Values, history+60), make(Values, history+60)
		for i := range x {
			if i >= history+18 {
				shared[i] += 4
			}
			x[i], control[i] = 10+shared[i]+own[i]/3, 10+shared[i]+other[i]/3
			if i >= history+30 {
				x[i] += 3
			}
		}
		s := Signal{Name: "x", Kind: Level, Worse: Higher, Controlled: true}
		p := planOf(time.Minute, s)
		k := Learn(p, s, History{Start: deploy.Add(-(history + 30) * time.Minute), Ticks: Ticks{Value: x[:history]}, Control: control[:history]})
		e := Judge(p, Profiles{"x": k}, Observation{
			At: deploy.Add(30 * time.Minute), StartedAt: deploy, From: deploy, Final: true,
			Readings: []Reading{{
				Signal: "x", Supply: Fresh, Before: Ticks{Value: x[history : history+30]}, After: Ticks{Value: x[history+30:]},
				Control: &Control{Supply: Fresh, Before: Ticks{Value: control[history : history+30]}, After: Ticks{Value: control[history+30:]}},
			}},
		}).Signals[0]
		if e.Grade < Likely {
			t.Fatalf("seed %d: %s", seed, e.Grade)
		}
		if e.Onset.Before(deploy) || e.Onset.After(deploy.Add(2*time.Minute)) {
			early++
			t.Logf("seed %d: %v", seed, e.Onset.Sub(deploy))
		}
	}
	if early > 0 {
		t.Errorf("%d of 40 onsets are not at the change", early)
	}
}

// TestUnknownBefore: an empty before window is not a good one.
func TestUnknownBefore(t *testing.T) {
	limit := 0.2
	f := func(name string, unknown bool, disturb func(*scene)) {
		t.Helper()
		s := quiet(0)
		s.plan.Signals[0].Limit = &limit
		s.errors().After = events(s.r, 30, 3000, 0.4)
		disturb(s)
		e := Judge(s.plan, s.profiles, s.o).Signals[0]
		if e.Grade != Certain || e.UnknownBefore != unknown {
			t.Errorf("%s: %s, unknown before: %v, want %v; %q", name, e.Grade, e.UnknownBefore, unknown, e.Notes)
		}
	}
	f("a good before window", false, func(*scene) {})
	f("no before window", true, func(s *scene) { s.errors().Before = Ticks{} })
	f("missing ticks", true, func(s *scene) {
		for i := range s.errors().Before.Total {
			s.errors().Before.clearTick(i)
		}
	})
	f("ticks without events", true, func(s *scene) { s.errors().Before = events(s.r, 30, 0, 0) })
	f("one event", true, func(s *scene) {
		s.errors().Before = events(s.r, 30, 0, 0)
		s.errors().Before.Total[7] = 1
	})
	f("a new version beside a good one", false, func(s *scene) {
		s.plan.Signals[0].Controlled, s.plan.Signals[0].ByVersion = true, true
		s.errors().Before = Ticks{}
		s.errors().Control = &Control{Supply: Fresh, After: events(s.r, 30, 3000, 0.005)}
	})
	f("a new version beside one that is as bad", true, func(s *scene) {
		s.plan.Signals[0].Controlled, s.plan.Signals[0].ByVersion = true, true
		s.errors().Before = Ticks{}
		s.errors().Control = &Control{Supply: Fresh, After: events(s.r, 30, 3000, 0.4)}
	})
	f("another service beside it", true, func(s *scene) {
		s.plan.Signals[0].Controlled = true
		s.errors().Before = Ticks{}
		s.errors().Control = &Control{Supply: Fresh, After: events(s.r, 30, 3000, 0.005)}
	})
}
