package detector

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestJudgedAtAnotherEdge: what was learned of a signal's own edge, and the limit for it, say
// nothing of another edge.
func TestJudgedAtAnotherEdge(t *testing.T) {
	slow, limit := errors, 0.05
	slow.Limit = &limit
	look := func(before, after, edge float64) Evidence {
		r := rand.New(rand.NewPCG(1, 1))
		profile := Learn(planOf(time.Minute, slow), slow, History{
			Start: deploy.Add(-1440 * time.Minute), Ticks: events(r, 1440, 3000, 0.4),
		})
		v := Judge(planOf(time.Minute, slow), Profiles{slow.Name: profile}, Observation{
			At: deploy.Add(10 * time.Minute), StartedAt: deploy, From: deploy,
			Readings: []Reading{{
				Signal: slow.Name, Supply: Fresh, Edge: edge,
				Before: events(r, 30, 3000, before), After: events(r, 10, 3000, after),
			}},
		})
		return v.Signals[0]
	}
	note := func(e Evidence) bool {
		return strings.Contains(strings.Join(e.Notes, " "), `judged at le="0.75", the nearest edge`)
	}
	if e := look(0.04, 0.055, 0.75); e.Reason == LimitBreached || !note(e) || e.History != 0 {
		t.Errorf("over the limit at another edge: %+v", e)
	}
	if e := look(0.04, 0.055, 0); e.Reason != LimitBreached || note(e) || e.History == 0 {
		t.Errorf("over the limit at its own edge: %+v", e)
	}
	if e := look(0.04, 0.2, 0.75); e.Grade != Certain {
		t.Errorf("five times as many are slow: %+v", e)
	}
	if e := look(0.04, 0.04, 0.75); e.Grade != None {
		t.Errorf("nothing happened: %+v", e)
	}
}
