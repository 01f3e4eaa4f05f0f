package detector

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// experiment is a drawn experiment of ten minutes: how many events its arms have together a
// tick, the share that the first arm is declared to get and the one it gets, and the share of
// bad events in each. People come with several requests each.
type experiment struct {
	perTick, declared, real, bad, control, requests float64
}

// course judges it look by look, as the rule would without a history, and returns the tick at
// which it may act and the one at which the split is called uneven; 0: never.
func (x experiment) course(seed uint64) (acts, uneven int) {
	r := rand.New(rand.NewPCG(seed, 21))
	arm := func(share, bad float64) (t Ticks) {
		for range 10 {
			total := x.requests * poisson(r, x.perTick*share/x.requests)
			b := poisson(r, total*bad)
			t.Total, t.Bad, t.Value = append(t.Total, total), append(t.Bad, min(b, total)), append(t.Value, min(b, total)/total)
		}
		return t
	}
	own, other := arm(x.real, x.bad), arm(1-x.real, x.control)
	p := planOf(time.Minute, Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEvents: 50, Controlled: true, Split: x.declared})
	first := func(t Ticks, n int) Ticks { return Ticks{Value: t.Value[:n], Bad: t.Bad[:n], Total: t.Total[:n]} }
	for n := 1; n <= 10; n++ {
		v := Judge(p, nil, Observation{StartedAt: deploy, From: deploy, Final: n == 10, Readings: []Reading{{
			Signal: "errors", Supply: Fresh, After: first(own, n), Control: &Control{Supply: Fresh, After: first(other, n)},
		}}})
		if v.MayAct && acts == 0 {
			acts = n
		}
		if v.Signals[0].Reason == SampleRatio && uneven == 0 {
			uneven = n
		}
	}
	return acts, uneven
}

// TestSplitIsCheckedBeforeActing: nothing acts on the arms of an experiment that got a fifth
// more people than declared, however bad they are; nothing calls a right split uneven; and a
// regression of a right split is acted on.
func TestSplitIsCheckedBeforeActing(t *testing.T) {
	const seeds = 300
	f := func(name string, x experiment, mayAct, mayReject, byTick, least int) {
		t.Helper()
		tooEarly, rejected, acted := 0, 0, 0
		for seed := range uint64(seeds) {
			acts, uneven := x.course(seed)
			tooEarly += count(acts > 0 && (uneven == 0 || acts < uneven))
			rejected += count(uneven > 0)
			acted += count(acts > 0 && acts <= byTick)
		}
		if x.real != x.declared && tooEarly > mayAct || x.real == x.declared && rejected > mayReject || acted < least {
			t.Errorf("%s: acted first in %d, called uneven in %d, acted by tick %d in %d, of %d", name, tooEarly, rejected, byTick, acted, seeds)
		}
	}
	for _, perTick := range []float64{100, 300, 2000} {
		f("60 % for 50 %, other people", experiment{perTick, 0.5, 0.6, 0.3, 0.02, 1}, 0, 0, 0, 0)
		f("60 % for 50 %, healthy", experiment{perTick, 0.5, 0.6, 0.02, 0.02, 1}, 0, 0, 0, 0)
		f("13 % for 10 %, other people", experiment{perTick, 0.1, 0.13, 0.3, 0.02, 1}, 0, 0, 0, 0)
		f("right, healthy", experiment{perTick, 0.5, 0.5, 0.02, 0.02, 1}, 0, 1, 0, 0)
		f("right, four requests each", experiment{perTick, 0.5, 0.5, 0.02, 0.02, 4}, 0, 3, 0, 0)
		f("60 % for 50 %, four requests each", experiment{perTick, 0.5, 0.6, 0.3, 0.02, 4}, 3, 0, 0, 0)
	}
	f("right, a regression", experiment{300, 0.5, 0.5, 0.3, 0.02, 1}, 0, 1, 4, seeds*7/10)
	f("right, a regression", experiment{300, 0.5, 0.5, 0.3, 0.02, 1}, 0, 1, 6, seeds*95/100)
	f("right, a regression of much traffic", experiment{2000, 0.5, 0.5, 0.1, 0.02, 1}, 0, 1, 3, seeds*95/100)
}

// TestOpenSplit: while the split cannot be told, the arms are likely at most and say why; the
// rule's limit still acts.
func TestOpenSplit(t *testing.T) {
	limit := 0.2
	f := func(limit *float64, want Grade, mayAct bool) {
		t.Helper()
		r := rand.New(rand.NewPCG(2, 2))
		p := planOf(time.Minute, Signal{Name: "errors", Kind: Counts, Worse: Higher, MinEvents: 20, Controlled: true, Split: 0.5, Limit: limit})
		v := Judge(p, nil, Observation{StartedAt: deploy, From: deploy, Readings: []Reading{{
			Signal: "errors", Supply: Fresh, After: events(r, 3, 60, 0.6), Control: &Control{Supply: Fresh, After: events(r, 3, 60, 0.02)},
		}}})
		if v.Grade != want || v.MayAct != mayAct {
			t.Errorf("%s, may act: %v; want %s, %v; %q", v.Grade, v.MayAct, want, mayAct, v.Signals[0].Notes)
		}
		if note := "The declared split cannot be checked yet"; !strings.Contains(strings.Join(v.Signals[0].Notes, " "), note) {
			t.Errorf("no %q in %q", note, v.Signals[0].Notes)
		}
	}
	f(nil, Likely, false)
	f(&limit, Certain, true)
}
