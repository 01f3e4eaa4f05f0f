package detector

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var latency = Signal{Name: "latency", Kind: Level, Worse: Higher, Unit: "seconds", MinEffect: MinEffect{Relative: 0.05}}

// scene is one look with everything quiet, for a case to disturb.
type scene struct {
	r        *rand.Rand
	plan     Plan
	profiles Profiles
	o        Observation
}

// quiet is the last look at a change that did nothing: errors at 0.5 % of
// 3000 a minute and a latency around 100, with two days of history or none.
func quiet(history int) *scene {
	s := &scene{r: rand.New(rand.NewPCG(11, 12)), plan: planOf(time.Minute, errors, latency), profiles: Profiles{}}
	s.o = Observation{At: deploy.Add(30 * time.Minute), StartedAt: deploy, From: deploy, Final: true}
	if history > 0 {
		start := deploy.Add(-time.Duration(history) * time.Minute)
		s.profiles["errors"] = Learn(s.plan, errors, History{Start: start, Ticks: events(s.r, history, 3000, 0.005)})
		s.profiles["latency"] = Learn(s.plan, latency, History{Start: start, Ticks: Ticks{Value: s.noise(history, 100)}})
	}
	s.o.Readings = []Reading{
		{Signal: "errors", Supply: Fresh, Query: "e", Before: events(s.r, 30, 3000, 0.005), After: events(s.r, 30, 3000, 0.005)},
		{Signal: "latency", Supply: Fresh, Query: "l", Before: Ticks{Value: s.noise(30, 100)}, After: Ticks{Value: s.noise(30, 100)}},
	}
	return s
}

func (s *scene) noise(n int, level float64) Values {
	x := make(Values, n)
	for i := range x {
		x[i] = level + s.r.NormFloat64()
	}
	return x
}

func (s *scene) errors() *Reading  { return &s.o.Readings[0] }
func (s *scene) latency() *Reading { return &s.o.Readings[1] }

// expected is what a case says of a verdict, in words: outcome, grade of
// errors and latency, reason, and whether it may act.
type expected struct {
	outcome         Outcome
	errors, latency Grade
	reason          Reason
	mayAct          bool
}

func TestVerdicts(t *testing.T) {
	f := func(name string, history int, disturb func(*scene), want expected) {
		t.Helper()
		s := quiet(history)
		disturb(s)
		v := Judge(s.plan, s.profiles, s.o)
		got := expected{v.Outcome, v.Signals[0].Grade, v.Signals[1].Grade, v.Reason, v.MayAct}
		if got != want {
			t.Errorf("%s:\n got %+v\nwant %+v\n%+v", name, got, want, v.Signals)
		}
	}
	nothing := func(*scene) {}
	f("nothing moved", 2880, nothing, expected{outcome: Healthy})
	f("nothing moved, no history", 0, nothing, expected{outcome: Healthy})
	f("nothing moved, short history", 200, nothing, expected{outcome: Healthy})
	f("too early to say", 2880, func(s *scene) { s.o.Final = false }, expected{reason: StillWatching})
	f("half the horizon is not enough", 2880, func(s *scene) { s.cut(15) }, expected{})
	f("no tick yet", 2880, func(s *scene) { s.cut(0); s.o.Final = false }, expected{reason: StillWatching})

	f("errors six-fold", 2880, func(s *scene) { s.errors().After = events(s.r, 30, 3000, 0.03) },
		expected{Regressed, Certain, None, "", true})
	f("errors six-fold, no history", 0, func(s *scene) { s.errors().After = events(s.r, 30, 3000, 0.03) },
		expected{Regressed, Certain, None, "", true})
	f("errors fall", 2880, func(s *scene) { s.errors().After = events(s.r, 30, 3000, 0.0005) }, expected{outcome: Healthy})
	f("errors rise by less than matters", 2880, func(s *scene) { s.errors().After = events(s.r, 30, 3000, 0.008) },
		expected{Inconclusive, Suspect, None, Transient, false})
	f("no errors before, some after", 0, func(s *scene) {
		s.errors().Before, s.errors().After = events(s.r, 30, 3000, 0), events(s.r, 30, 3000, 0.02)
	}, expected{Regressed, Certain, None, "", true})
	f("no errors ever", 2880, func(s *scene) {
		s.profiles["errors"] = Learn(s.plan, errors, History{Start: deploy.Add(-48 * time.Hour), Ticks: events(s.r, 2880, 3000, 0)})
		s.errors().Before, s.errors().After = events(s.r, 30, 3000, 0), events(s.r, 30, 3000, 0)
	}, expected{outcome: Healthy})

	f("one scan alone is certain and does not act", 2880, func(s *scene) { s.latency().After.Value = s.noise(30, 120) },
		expected{Regressed, None, Certain, "", false})
	f("without history a level is suspect at most", 0, func(s *scene) { s.latency().After.Value = s.noise(30, 120) },
		expected{Inconclusive, None, Suspect, ShortHistory, false})
	f("latency falls", 2880, func(s *scene) { s.latency().After.Value = s.noise(30, 80) }, expected{outcome: Healthy})
	f("lower is worse", 2880, func(s *scene) { s.watchLatency(Lower); s.latency().After.Value = s.noise(30, 80) },
		expected{Regressed, None, Certain, "", false})
	f("either is worse", 2880, func(s *scene) { s.watchLatency(Either); s.latency().After.Value = s.noise(30, 80) },
		expected{Regressed, None, Certain, "", false})

	f("latency moves by less than anybody minds", 2880, func(s *scene) {
		s.plan.Signals[1].MinEffect = MinEffect{Relative: 1}
		s.latency().After.Value = s.noise(30, 120)
	}, expected{Healthy, None, Suspect, "", false})
	f("a burst that has gone", 2880, func(s *scene) {
		for i := range 8 {
			s.latency().After.Value[i] += 30
		}
	}, expected{Inconclusive, None, Suspect, Transient, false})
	f("outside its range before", 2880, func(s *scene) {
		s.latency().Before.Value, s.latency().After.Value = s.noise(30, 90), s.noise(30, 98)
	}, expected{Inconclusive, None, None, BaselineUnhealthy, false})
	f("outside its range before, then worse than ever", 2880, func(s *scene) {
		s.latency().Before.Value, s.latency().After.Value = s.noise(30, 90), s.noise(30, 150)
	}, expected{Regressed, None, Certain, "", false})

	f("too few requests", 2880, func(s *scene) { s.thin(3) }, expected{reason: TooLittleTraffic})
	f("nothing before", 0, func(s *scene) { s.errors().Before, s.latency().Before = Ticks{}, Ticks{} }, expected{reason: NoBaseline})
	f("nothing after", 2880, func(s *scene) { s.latency().After = Ticks{Value: missing(30)} }, expected{reason: NoData})
	f("no reading at all", 2880, func(s *scene) { s.o.Readings = s.o.Readings[:1] }, expected{reason: NoData})

	f("the store is down", 2880, func(s *scene) { s.supply(Broken, Broken) }, expected{outcome: Blind, reason: SourceError})
	f("the store is behind", 2880, func(s *scene) { s.supply(Stale, Stale) }, expected{outcome: Blind, reason: StaleData})
	f("blind in one eye is not healthy", 2880, func(s *scene) { s.supply(Fresh, Broken) }, expected{outcome: Blind, reason: SourceError})
	f("blind in one eye, and worse", 2880, func(s *scene) {
		s.supply(Fresh, Broken)
		s.errors().After = events(s.r, 30, 3000, 0.03)
	}, expected{Regressed, Certain, None, "", true})
	f("broken numbers are not evidence", 2880, func(s *scene) {
		s.supply(Broken, Broken)
		s.errors().After = events(s.r, 30, 3000, 0.5)
	}, expected{outcome: Blind, reason: SourceError})
	f("never matched", 2880, func(s *scene) { s.supply(Fresh, Unmatched) }, expected{reason: UnmatchedSeries})
	f("never matched, and may be skipped", 2880, func(s *scene) {
		s.supply(Fresh, Unmatched)
		s.plan.Signals[1].SkipUnmatched = true
	}, expected{outcome: Healthy})
	f("everything skipped is not healthy", 2880, func(s *scene) {
		s.supply(Unmatched, Unmatched)
		s.plan.Signals[0].SkipUnmatched, s.plan.Signals[1].SkipUnmatched = true, true
	}, expected{reason: UnmatchedSeries})

	f("the series end", 2880, func(s *scene) { s.supply(Gone, Gone) }, expected{Regressed, Likely, Likely, SignalLost, false})
	f("the series end, and the rule acts on it", 2880, func(s *scene) {
		s.supply(Gone, Fresh)
		s.plan.Signals[0].ActOnLost = true
	}, expected{Regressed, Certain, None, SignalLost, true})
	f("traffic collapses", 2880, func(s *scene) { s.errors().After = events(s.r, 30, 300, 0.005) },
		expected{Regressed, Likely, None, SignalLost, false})
	f("a batch job's traffic comes and goes", 2880, func(s *scene) {
		copy(s.errors().Before.Total, make(Values, 10))
		copy(s.errors().Before.Bad, make(Values, 10))
		s.errors().After = events(s.r, 30, 300, 0.005)
	}, expected{outcome: Healthy})
}

func missing(n int) Values { return Grid{N: n}.missing() }

func (s *scene) cut(n int) {
	for i := range s.o.Readings {
		a := &s.o.Readings[i].After
		a.Value = a.Value[:n]
		if a.Total != nil {
			a.Bad, a.Total = a.Bad[:n], a.Total[:n]
		}
	}
}

func (s *scene) thin(perTick float64) {
	s.errors().Before, s.errors().After = events(s.r, 30, perTick, 0), events(s.r, 30, perTick, 0)
}

func (s *scene) supply(errors, latency Supply) {
	s.errors().Supply, s.latency().Supply = errors, latency
}

// watchLatency changes the direction, and learns again what belongs to it.
func (s *scene) watchLatency(w Worse) {
	s.plan.Signals[1].Worse = w
	s.profiles["latency"] = Learn(s.plan, s.plan.Signals[1], History{Start: deploy.Add(-48 * time.Hour), Ticks: Ticks{Value: s.noise(2880, 100)}})
}

func TestLimit(t *testing.T) {
	ratio := func(total, bad float64, ticks int) Ticks {
		var y Ticks
		for range ticks {
			y.Value, y.Bad, y.Total = append(y.Value, bad/total), append(y.Bad, bad), append(y.Total, total)
		}
		return y
	}
	join := func(a, b Ticks) Ticks {
		return Ticks{Value: append(a.Value, b.Value...), Bad: append(a.Bad, b.Bad...), Total: append(a.Total, b.Total...)}
	}
	f := func(name string, tick time.Duration, r Reading, filled float64, want bool) {
		t.Helper()
		limit := 0.05
		s := Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEvents: 100, Limit: &limit}
		r.Signal, r.Supply = "errors", Fresh
		v := Judge(planOf(tick, s), nil, Observation{StartedAt: deploy, From: deploy, Filled: filled, Readings: []Reading{r}})
		e := v.Signals[0]
		if got := slices.Contains(e.Tests, ByLimit); got != want || want != (v.MayAct && e.Reason == LimitBreached) {
			t.Errorf("%s: by limit %v, want %v: %+v", name, got, want, e)
		}
	}
	calm := ratio(200, 10, 30)
	f("two ticks", time.Minute, Reading{Before: calm, After: ratio(200, 20, 2)}, 0, true)
	f("two ticks while rolling", time.Minute, Reading{Before: calm, After: ratio(200, 20, 2), Rolling: true}, 0, true)
	f("without any before", time.Minute, Reading{After: ratio(200, 20, 2)}, 0, true)
	f("a full tick and the running one", time.Minute, Reading{Before: calm, After: ratio(200, 20, 1), Running: ratio(100, 10, 1)}, 0.3, true)
	f("at the limit", time.Minute, Reading{Before: calm, After: ratio(200, 10, 2)}, 0, false)
	f("breached before too", time.Minute, Reading{Before: ratio(200, 12, 30), After: ratio(200, 13, 2), Rolling: true}, 0, false)
	f("one tick alone", time.Minute, Reading{Before: calm, After: join(ratio(200, 2, 1), ratio(200, 11, 1)), Rolling: true}, 0, false)
	f("over, then back", time.Minute, Reading{Before: calm, After: join(ratio(200, 12, 3), ratio(200, 2, 1)), Rolling: true}, 0, false)
	f("too few events", time.Minute, Reading{Before: calm, After: ratio(20, 2, 2), Rolling: true}, 0, false)
	f("few events, gathered over ticks", time.Minute, Reading{Before: calm, After: ratio(50, 5, 4), Rolling: true}, 0, true)
	f("a minute of a long tick", 10*time.Minute, Reading{Before: calm, Running: ratio(200, 20, 1), Rolling: true}, 0.1, true)
	f("seconds of a long tick", 10*time.Minute, Reading{Before: calm, Running: ratio(200, 20, 1), Rolling: true}, 0.05, false)
}

func TestLimitOfLevel(t *testing.T) {
	f := func(name string, worse Worse, before, after, running Values, want Grade) {
		t.Helper()
		limit := 10.0
		s := Signal{Name: "depth", Kind: Level, Worse: worse, Limit: &limit}
		r := Reading{Signal: "depth", Supply: Fresh, Rolling: true, Before: Ticks{Value: before}, After: Ticks{Value: after}, Running: Ticks{Value: running}}
		v := Judge(planOf(time.Minute, s), nil, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{r}})
		if v.Grade != want {
			t.Errorf("%s: %v, want %v", name, v.Grade, want)
		}
	}
	f("two ticks", Higher, Values{5, 5, 5}, Values{11, 12}, nil, Certain)
	f("a tick and the running one", Higher, Values{5, 5, 5}, Values{11}, Values{12}, Certain)
	f("one tick", Higher, Values{5, 5, 5}, Values{5, 12}, nil, None)
	f("a missing tick between", Higher, Values{5, 5, 5}, Values{11, gap, 12}, nil, Certain)
	f("before too", Higher, Values{11, 12, 13}, Values{14, 15}, nil, None)
	f("lower", Lower, Values{15, 15, 15}, Values{9, 8}, nil, Certain)
	f("lower, above", Lower, Values{15, 15, 15}, Values{12, 11}, nil, None)
}

// TestOldProfile holds that a profile serves a day: the days before are still
// found, and after that the blend without them takes over.
func TestOldProfile(t *testing.T) {
	signal := Signal{Name: "s", Kind: Level, Worse: Higher}
	x := wander(5, 5000, 288, 40, 0.1)
	p := Plan{Tick: 5 * time.Minute, Before: 30, After: 30, Season: day, Signals: []Signal{signal}}
	at := 4000
	f := func(name string, age time.Duration, want string) {
		t.Helper()
		n := at - int(age/p.Tick)
		start := deploy.Add(-time.Duration(at) * p.Tick)
		k := Learn(p, signal, History{Start: start, Ticks: Ticks{Value: x[:n]}})
		r := Reading{Signal: "s", Supply: Fresh, Before: Ticks{Value: x[at-30 : at]}, After: Ticks{Value: x[at : at+30]}}
		v := Judge(p, Profiles{"s": k}, Observation{StartedAt: deploy, From: deploy, Final: true, Readings: []Reading{r}})
		if e := v.Signals[0]; e.Forecaster != want || v.Grade > Suspect {
			t.Errorf("%s: forecaster %q, want %q; grade %v", name, e.Forecaster, want, v.Grade)
		}
	}
	f("fresh", 0, "daily blend")
	f("a night old", 12*time.Hour, "daily blend")
	f("just short of a day", 20*time.Hour, "daily blend")
	f("three days old", 72*time.Hour, "blend")
}

func TestNotes(t *testing.T) {
	f := func(name string, v Verdict, want string) {
		t.Helper()
		for _, e := range v.Signals {
			if strings.Contains(strings.Join(e.Notes, "\n"), want) {
				return
			}
		}
		t.Errorf("%s: no note says %q: %+v", name, want, v.Signals)
	}
	s := quiet(40)
	f("short history", Judge(s.plan, s.profiles, s.o), "The history covers 40 min; 6 h are needed for more than suspect.")
	s.thin(3)
	f("too few requests", Judge(s.plan, s.profiles, s.o), "200 are needed")
	s = quiet(0)
	s.errors().Before, s.errors().After = events(s.r, 30, 100, 0.002), events(s.r, 30, 100, 0.002)
	f("few bad events", Judge(s.plan, s.profiles, s.o), "bad events stand behind this")
}

func TestOnset(t *testing.T) {
	s := quiet(2880)
	copy(s.latency().After.Value[4:], s.noise(26, 130))
	v := Judge(s.plan, s.profiles, s.o)
	if got, want := v.Signals[1].Onset, deploy.Add(4*time.Minute); !got.Equal(want) {
		t.Errorf("onset %v, want %v", got, want)
	}
}

// TestRecoveryIsNoRegression: after an outage of a signal that falls in
// outages, the forecast is no better than the history's best twentieth.
func TestRecoveryIsNoRegression(t *testing.T) {
	f := func(worse Worse, before float64, want func(Levels) float64) {
		t.Helper()
		s := quiet(2880)
		s.watchLatency(worse)
		s.latency().Before.Value = s.noise(30, before)
		e := Judge(s.plan, s.profiles, s.o).Signals[1]
		near(t, string(worse), e.Effect.Forecast, want(s.profiles["latency"].Levels), 1e-9)
	}
	f(Higher, 40, func(l Levels) float64 { return l.Q05 })
	f(Lower, 160, func(l Levels) float64 { return l.Q95 })
}
