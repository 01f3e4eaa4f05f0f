package detector

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// silentScene is a level of minutes with two weeks of history, and what it shows from the
// change on.
type silentScene struct {
	history, before, after Values
	at                     time.Time // the change
}

func (s silentScene) profile(signal Signal) Profile {
	p := planOf(time.Minute, signal)
	end := s.at.Add(-time.Duration(len(s.before)) * time.Minute)
	return Learn(p, signal, History{Start: end.Add(-time.Duration(len(s.history)) * time.Minute), Ticks: Ticks{Value: s.history}})
}

// look judges the first n after-ticks as internal/gather reads them: a signal is Gone once it
// missed three scrapes, here of a minute, of a store that is alive.
func (s silentScene) look(k Profile, signal Signal, n int) Evidence {
	after := s.after[:n]
	r := Reading{Signal: signal.Name, Supply: Fresh, Before: Ticks{Value: s.before}, After: Ticks{Value: after}}
	all := slices.Concat(s.before, after)
	silent := 0
	for i := len(all) - 1; i >= 0 && math.IsNaN(all[i]); i-- {
		silent++
	}
	if silent > 3 && n >= 3 {
		r.Supply, r.Silent = Gone, time.Duration(silent)*time.Minute
	}
	o := Observation{At: s.at.Add(time.Duration(n) * time.Minute), StartedAt: s.at, From: s.at, Final: n == 30, Readings: []Reading{r}}
	return Judge(planOf(time.Minute, signal), Profiles{signal.Name: k}, o).Signals[0]
}

// lostAt is the number of after-ticks at which the signal was first called lost, 0 where it
// never was.
func (s silentScene) lostAt(signal Signal) int {
	k := s.profile(signal)
	for n := 1; n <= len(s.after); n++ {
		if math.IsNaN(s.after[n-1]) && s.look(k, signal, n).Reason == SignalLost {
			return n
		}
	}
	return 0
}

var plainLevel = Signal{Name: "x", Kind: Level, Worse: Higher}

// gaps clears a share of the ticks in runs of the given mean length.
func gaps(r *rand.Rand, x Values, share, length float64) {
	silent := false
	for i := range x {
		if silent {
			silent = r.Float64() > 1/length
		} else {
			silent = r.Float64() < share/length/(1-share)
		}
		if silent {
			x[i] = math.NaN()
		}
	}
}

const fortnight = 14 * 24 * 60

func sceneOf(r *rand.Rand, history int, gap func(x Values)) silentScene {
	x := autoregression(r, history+60, 0.3)
	gap(x)
	return silentScene{x[:history], x[history : history+30], x[history+30:], deploy}
}

func (s silentScene) silencedFrom(tick int) silentScene {
	s.after = slices.Clone(s.after)
	for i := tick; i < len(s.after); i++ {
		s.after[i] = math.NaN()
	}
	return s
}

// TestGappySignalIsNotLost: a signal whose history has silences is lost only after a longer
// one, and then it is.
func TestGappySignalIsNotLost(t *testing.T) {
	f := func(name string, history int, share, length float64, most int) {
		t.Helper()
		const seeds = 100
		alarms, late := 0, 0
		for seed := range uint64(seeds) {
			r := rand.New(rand.NewPCG(seed, 13))
			s := sceneOf(r, history, func(x Values) { gaps(r, x, share, length) })
			if s.lostAt(plainLevel) > 0 {
				alarms++
			}
			if at := s.silencedFrom(2).lostAt(plainLevel); at == 0 || at > most {
				late++
			}
		}
		if alarms > seeds/100 || late > seeds/10 {
			t.Errorf("%s: %d quiet watches of %d say lost; %d losses are not told within %d ticks", name, alarms, seeds, late, most)
		}
	}
	f("a tenth in runs of two, half a day", 720, 0.1, 2, 25)
	f("a third in runs of three, two days", 2880, 0.3, 3, 30)
	f("a tenth in runs of two, a week", 7*1440, 0.1, 2, 25)
}

// TestSilenceByHistory: what is usual depends on the history, and on the hour.
func TestSilenceByHistory(t *testing.T) {
	f := func(name string, from, to int, s silentScene) {
		t.Helper()
		if at := s.lostAt(plainLevel); at < from || at > to {
			t.Errorf("%s: lost at tick %d, want %d to %d", name, at, from, to)
		}
	}
	r := rand.New(rand.NewPCG(3, 14))
	never := func(Values) {}
	f("never silent, and lost", 4, 5, sceneOf(r, fortnight, never).silencedFrom(1))
	f("never silent, a week", 4, 5, sceneOf(r, 7*1440, never).silencedFrom(1))
	f("without a history", 6, 7, sceneOf(r, 0, never).silencedFrom(1))
	f("without a history, four gaps that end", 0, 0, func() silentScene {
		s := sceneOf(r, 0, never)
		for i := 3; i < 7; i++ {
			s.after[i] = math.NaN()
		}
		return s
	}())
	f("without a history, gappy before", 0, 0, func() silentScene {
		s := sceneOf(r, 0, func(x Values) { gaps(rand.New(rand.NewPCG(7, 7)), x, 0.3, 3) })
		return s
	}())
	outage := func(x Values) {
		for i := 7 * 1440; i < 7*1440+40; i++ {
			x[i] = math.NaN()
		}
	}
	f("one outage of the store in a fortnight", 4, 5, sceneOf(r, fortnight, outage).silencedFrom(1))

	// The history ends half an hour before noon; the service sleeps from 22:00 to 06:00.
	nightly := func(x Values) {
		for i := range x {
			if hour := deploy.Add(time.Duration(i-fortnight-30) * time.Minute).Hour(); hour >= 22 || hour < 6 {
				x[i] = math.NaN()
			}
		}
	}
	f("lost by day, silent at night", 4, 5, sceneOf(r, fortnight, nightly).silencedFrom(1))
	evening := sceneOf(r, fortnight, never)
	evening.at = time.Date(2026, 3, 2, 21, 50, 0, 0, time.UTC)
	for i := range evening.history {
		if hour := evening.at.Add(time.Duration(i-fortnight-30) * time.Minute).Hour(); hour >= 22 || hour < 6 {
			evening.history[i] = math.NaN()
		}
	}
	f("going to sleep", 0, 0, evening.silencedFrom(10))
}

// TestSilenceIsSaid: people read why a silent signal is not lost, and nothing else counts
// against it.
func TestSilenceIsSaid(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 14))
	s := sceneOf(r, 2880, func(x Values) { gaps(r, x, 0.3, 3) }).silencedFrom(1)
	e := s.look(s.profile(plainLevel), plainLevel, 5)
	if e.Grade != None || !strings.Contains(strings.Join(e.Notes, " "), "by the silences that it has had before") {
		t.Errorf("%s, %s, %q", e.Grade, e.Reason, e.Notes)
	}
}

// TestEndedBeforeTheChange: what was gone before the change is no loss by it, and is not said
// never to have matched.
func TestEndedBeforeTheChange(t *testing.T) {
	s := quiet(2880)
	s.latency().Supply, s.latency().Silent = Ended, 50*time.Minute
	for i := range 30 {
		s.latency().After.Value[i] = math.NaN()
	}
	e := Judge(s.plan, s.profiles, s.o).Signals[1]
	if e.Grade != None || e.Reason != NoData || !strings.Contains(strings.Join(e.Notes, " "), "ended before the change") {
		t.Errorf("%s, %s, %q", e.Grade, e.Reason, e.Notes)
	}
}

// TestSilenceOfOldReadings: a stored reading that does not say how long the signal was silent
// was a loss, and still is.
func TestSilenceOfOldReadings(t *testing.T) {
	s := quiet(2880)
	s.latency().Supply = Gone
	if v := Judge(s.plan, s.profiles, s.o); v.Signals[1].Reason != SignalLost {
		t.Errorf("%+v", v.Signals[1])
	}
}

// TestNotSilence: what was left out of a history for other reasons says nothing about how
// long the signal is silent.
func TestNotSilence(t *testing.T) {
	f := func(name string, want Runs, change func(*History)) {
		t.Helper()
		h := History{Start: deploy, Ticks: Ticks{Value: autoregression(rand.New(rand.NewPCG(5, 5)), 1440, 0)}}
		for i := 600; i < 620; i++ {
			h.Ticks.Value[i] = math.NaN()
		}
		change(&h)
		if got := Learn(planOf(time.Minute, plainLevel), plainLevel, h).Silences; !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	f("a gap", Runs{20}, func(*History) {})
	f("an incident", Runs{0}, func(h *History) {
		h.Mask = append(h.Mask, sources.Window{From: h.Start.Add(610 * time.Minute), To: h.Start.Add(615 * time.Minute)})
	})
	f("impossible increases", Runs{0}, func(h *History) {
		for i := 600; i < 620; i++ {
			h.Ticks.Impossible = append(h.Ticks.Impossible, i)
		}
	})
	f("before the service was there", Runs{0}, func(h *History) {
		for i := range 620 {
			h.Ticks.Value[i] = math.NaN()
		}
	})
	f("idle ticks", Runs{0}, func(h *History) {
		for i := 600; i < 620; i++ {
			h.Ticks.Idle = append(h.Ticks.Idle, i)
		}
	})
	f("asked for two weeks, there is a day", Runs{20}, func(h *History) {
		h.Start, h.Ticks.Value = h.Start.Add(-13*24*time.Hour), slices.Concat(gapOf(13*1440), h.Ticks.Value)
	})
	f("too short a history", nil, func(h *History) { h.Ticks.Value = h.Ticks.Value[:300] })
}

// TestLulls: traffic that falls to nothing every evening is not lost in the evening, and is
// by day.
func TestLulls(t *testing.T) {
	f := func(name string, at time.Time, from int, lost bool) {
		t.Helper()
		r := rand.New(rand.NewPCG(6, 6))
		total := make([]float64, 7*1440+60)
		start := at.Add(-(7*1440 + 30) * time.Minute)
		var x Ticks
		for i := range total {
			mean := 100.0
			if hour := start.Add(time.Duration(i) * time.Minute).Hour(); hour >= 20 || hour < 7 {
				mean = 0.5
			}
			if from >= 0 && i >= 7*1440+30+from {
				mean = 0
			}
			tick := events(r, 1, mean, 0.01)
			x.Total, x.Bad, x.Value = append(x.Total, tick.Total[0]), append(x.Bad, tick.Bad[0]), append(x.Value, tick.Value[0])
		}
		part := func(a, b int) Ticks { return Ticks{Value: x.Value[a:b], Bad: x.Bad[a:b], Total: x.Total[a:b]} }
		p := planOf(time.Minute, errors)
		k := Learn(p, errors, History{Start: start, Ticks: part(0, 7*1440)})
		got := false
		for n := 1; n <= 30; n++ {
			v := Judge(p, Profiles{"errors": k}, Observation{
				At: at.Add(time.Duration(n) * time.Minute), StartedAt: at, From: at,
				Readings: []Reading{{Signal: "errors", Supply: Fresh, Before: part(7*1440, 7*1440+30), After: part(7*1440+30, 7*1440+30+n)}},
			})
			got = got || v.Reason == SignalLost
		}
		if got != lost {
			t.Errorf("%s: lost is %v, want %v; lulls %v", name, got, lost, k.Lulls)
		}
	}
	f("by day, as usual", time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC), -1, false)
	f("by day, lost", time.Date(2026, 3, 9, 12, 0, 0, 0, time.UTC), 5, true)
	f("in the evening, as usual", time.Date(2026, 3, 9, 19, 50, 0, 0, time.UTC), -1, false)
}

// TestRunsArePacked: what is usual is kept with the profile.
func TestRunsArePacked(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	k := sceneOf(r, fortnight, func(x Values) { gaps(r, x, 0.2, 4) }).profile(plainLevel)
	packed, err := k.Pack()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Unpack(packed)
	if err != nil || len(k.Silences) != hoursOfDay || !slices.Equal(got.Silences, k.Silences) || len(packed) > KeptSize {
		t.Errorf("%v, %v; %v; %d bytes", got.Silences, k.Silences, err, len(packed))
	}
}

// TestGappyBefore: too few values before the change are no short history.
func TestGappyBefore(t *testing.T) {
	s := quiet(2880)
	for i := range s.latency().Before.Value {
		if i%3 > 0 {
			s.latency().Before.Value[i] = math.NaN()
		}
	}
	e := Judge(s.plan, s.profiles, s.o).Signals[1]
	if e.Reason != NoBaseline || !strings.Contains(strings.Join(e.Notes, " "), "Only 10 of the 30 ticks before the change have a value") {
		t.Errorf("%s, %q", e.Reason, e.Notes)
	}
}
