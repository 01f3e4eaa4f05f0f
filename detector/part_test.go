package detector

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestAPartSpeaksWhereTheWholeIsSilent: one route of a thousandth of the
// traffic goes from no errors to nothing but errors. The whole moves by a tenth
// of a point.
func TestAPartSpeaksWhereTheWholeIsSilent(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	part := errors
	part.Name, part.Part, part.MinEvents = `errors{route="/pay"}`, "errors", 20
	quietPart := part
	quietPart.Name = `errors{route="/home"}`
	plan := planOf(time.Minute, errors, part, quietPart)
	look := func(share float64, supply Supply, final bool) Verdict {
		return Judge(plan, Profiles{}, Observation{
			At: deploy.Add(30 * time.Minute), StartedAt: deploy, From: deploy, Final: final,
			Readings: []Reading{
				{Signal: "errors", Supply: Fresh, Before: events(r, 30, 30000, 0.005), After: events(r, 30, 30000, 0.005)},
				{Signal: part.Name, Supply: supply, Before: events(r, 30, 30, 0), After: events(r, 30, 30, share)},
				{Signal: quietPart.Name, Supply: Fresh, Before: events(r, 30, 0.2, 0), After: events(r, 30, 0.2, 0)},
			},
		})
	}
	v := look(1, Fresh, false)
	if v.Grade != Certain || !v.MayAct || v.Signals[0].Grade != None || v.Signals[1].Grade != Certain || v.Signals[1].Part != "errors" {
		t.Errorf("a route that only fails: %+v", v)
	}
	if v.Signals[1].P <= v.Signals[1].RawP {
		t.Errorf("p %v is not corrected for the parts: %v", v.Signals[1].P, v.Signals[1].RawP)
	}
	// A part with next to no traffic, and one that was taken away, keep nobody
	// from health: the whole has all events.
	if v := look(0, Fresh, true); v.Outcome != Healthy {
		t.Errorf("nothing happened: %+v", v)
	}
	if v := look(0, Gone, true); v.Outcome != Healthy || v.Signals[1].Reason == SignalLost {
		t.Errorf("a route was taken away: %+v", v)
	}
}

func TestAPartDoesNotAgreeWithItsWhole(t *testing.T) {
	trials := []trial{
		{signal: Signal{Name: "latency"}, e: Evidence{Grade: Certain, Tests: []Test{ByScan}}},
		{signal: Signal{Name: `latency{route="/"}`, Part: "latency"}, e: Evidence{Grade: Certain, Tests: []Test{ByScan}}},
	}
	if mayAct(trials) {
		t.Error("a signal and its own part count as two that agree")
	}
	trials = append(trials, trial{signal: Signal{Name: "other"}, e: Evidence{Grade: Likely, Tests: []Test{ByScan}}})
	if !mayAct(trials) {
		t.Error("two signals that agree may not act")
	}
}
