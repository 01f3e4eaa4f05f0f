package engine

import (
	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/watch"
)

// outcomeOf is what a look adds to the rule's record: that the rule fired, even where a
// transient lowers the grade later, and how the watch ended. A recovery watch adds to the
// outcome of the change's watch.
func outcomeOf(l look) *store.Outcome {
	w := l.next
	ended := w.State != l.watch.State && !w.State.Open()
	fires := w.Grade >= detector.Likely && l.watch.Grade < detector.Likely && w.After.IsZero()
	if !ended && !fires {
		return nil
	}
	o := &store.Outcome{
		WatchID: w.ID, ChangeKey: w.ChangeKey, Rule: w.Rule, RuleHash: w.RuleHash, Service: l.change.Service, EndedAt: l.moment.Now,
		Fired: w.Grade >= detector.Likely, Clean: store.StandingAfter(l.watch, w) == store.Good && w.Grade < detector.Likely,
	}
	if w.After.IsZero() {
		return o
	}
	if w.State != watch.Healthy {
		return nil
	}
	o.WatchID, o.Fired, o.Clean, o.Saved = w.ChangeKey+"."+w.Rule, true, false, true
	return o
}
