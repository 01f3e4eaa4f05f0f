package detector

import (
	"fmt"
	"strings"

	"github.com/pushback/pushback/detector/stats"
)

// togetherWorth is what the harmonic mean of the p-values is multiplied by. The mean itself
// is exact if all signals move as one, and somewhat too small if each moves for itself.
//
// See adr/0067.
const togetherWorth = 1.25

// gradeTogether makes signals likely that are weak each and move together. It says nothing
// where a signal is likely by itself. A signal that became likely so is never certain, and
// so cannot make a rollback allowed.
func gradeTogether(trials []trial, th Thresholds) {
	weak := make([]*trial, 0, len(trials))
	tested := 0
	for i := range trials {
		t := &trials[i]
		if t.e.Grade >= Likely {
			return
		}
		if _, ok := t.pValue(); ok {
			tested++
		}
		if t.weak(th) {
			weak = append(weak, t)
		}
	}
	if weak = withoutCopies(withoutTheirWholes(weak)); len(weak) < 2 {
		return
	}
	p := make([]float64, tested)
	for i := range p {
		p[i] = 1 // what is not weak is no evidence
	}
	for i, t := range weak {
		p[i] = t.e.RawP
	}
	if p := togetherWorth * stats.HarmonicMean(p); p <= th.Likely {
		for _, t := range weak {
			t.becomeLikely(p, tested, weak)
		}
	}
}

// weak reports whether a signal may be named beside others: its own p is at most that of a
// suspect, and its effect is there now, lasts and matters, as it must for likely. Where
// nothing or little was learned from a history it may not.
func (t *trial) weak(th Thresholds) bool {
	if !t.tested || t.capped || t.unhealthyBefore || t.e.RawP > th.Suspect || t.e.Reason != "" {
		return false
	}
	here := t.presentEffect()
	return here.now && !here.receded
}

// withoutTheirWholes leaves out a signal of which a part is there, because both have seen
// the same events.
func withoutTheirWholes(weak []*trial) []*trial {
	kept := make([]*trial, 0, len(weak))
	for _, t := range weak {
		part := false
		for _, other := range weak {
			part = part || other.signal.Part == t.signal.Name
		}
		if !part {
			kept = append(kept, t)
		}
	}
	return kept
}

// becomeLikely grades a weak signal by the p that it has with the others.
func (t *trial) becomeLikely(p float64, tested int, weak []*trial) {
	var others []string
	for _, o := range weak {
		if o != t {
			others = append(others, o.e.Signal)
		}
	}
	t.note(fmt.Sprintf("Weak by itself (p %.2g over the rule's %d signals), likely together with %s: p %.2g.",
		t.e.P, tested, strings.Join(others, ", "), p))
	if t.e.Grade == None {
		t.e.Tests = t.finding.tests
		t.findOnset()
		t.checkBefore()
	}
	t.e.Grade, t.e.P, t.e.Healthy = Likely, min(t.e.P, p), false
	t.e.Tests = append(t.e.Tests[:len(t.e.Tests):len(t.e.Tests)], ByTogether)
}
