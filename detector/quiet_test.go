package detector

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestQuietChangesEndHealthy watches changes that do nothing, tick by tick,
// under a rule of three signals: hardly any may alarm, and nearly all must be
// called healthy at the end, whatever the history.
func TestQuietChangesEndHealthy(t *testing.T) {
	mean := Signal{Name: "mean", Kind: Level, Worse: Higher, MinEffect: MinEffect{Relative: 0.1}}
	slow := Signal{Name: "slow", Kind: Counts, Worse: Higher, MinEffect: MinEffect{Absolute: 0.01}, MinEvents: 200}
	const watches = 60
	f := func(history int, tick time.Duration) {
		t.Helper()
		p := planOf(tick, errors, mean, slow)
		draw := func(r *rand.Rand, n int) []Ticks {
			level := make(Values, n)
			for i := range level {
				level[i] = 0.1 * (1 + 0.05*r.NormFloat64())
			}
			perTick := 50 * tick.Seconds()
			return []Ticks{events(r, n, perTick, 0.005), {Value: level}, events(r, n, perTick, 0.03)}
		}
		k := Profiles{}
		if history > 0 {
			start := deploy.Add(-time.Duration(history) * tick)
			for i, ticks := range draw(rand.New(rand.NewPCG(99, 1)), history) {
				k[p.Signals[i].Name] = Learn(p, p.Signals[i], History{Start: start, Ticks: ticks})
			}
		}
		healthy, suspected, alarmed, acted := 0, 0, 0, 0
		for seed := range uint64(watches) {
			r := rand.New(rand.NewPCG(seed, 5))
			last, worst, act := watchQuietly(p, k, draw(r, 30), draw(r, 30))
			healthy += count(last == Healthy)
			suspected += count(worst >= Suspect)
			alarmed += count(worst >= Likely)
			acted += count(act)
		}
		t.Logf("history %d, tick %s: %d healthy, %d ever suspect, %d ever likely, %d would have acted", history, tick, healthy, suspected, alarmed, acted)
		if healthy < 54 || alarmed > 2 || acted > 0 {
			t.Errorf("history %d, tick %s: %d healthy, %d alarmed, %d acted, of %d", history, tick, healthy, alarmed, acted, watches)
		}
	}
	f(0, time.Minute)
	f(0, 5*time.Second)
	f(40, time.Minute)
	f(720, time.Minute)
	f(2880, time.Minute)
	f(8640, 5*time.Second)
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// watchQuietly judges at every tick and keeps the worst that was ever said.
func watchQuietly(p Plan, k Profiles, before, after []Ticks) (last Outcome, worst Grade, act bool) {
	for n := 1; n <= p.After; n++ {
		o := Observation{StartedAt: deploy, From: deploy, Final: n == p.After}
		for i, s := range p.Signals {
			a := Ticks{Value: after[i].Value[:n]}
			if after[i].counts() {
				a.Bad, a.Total = after[i].Bad[:n], after[i].Total[:n]
			}
			o.Readings = append(o.Readings, Reading{Signal: s.Name, Supply: Fresh, Before: before[i], After: a})
		}
		v := Judge(p, k, o)
		last, worst, act = v.Outcome, max(worst, v.Grade), act || v.MayAct
	}
	return last, worst, act
}
