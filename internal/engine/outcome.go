package engine

import (
	"time"

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
		Fired: w.Grade >= detector.Likely, Clean: standingAfter(l) == store.Good && w.Grade < detector.Likely,
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

// goodAfter is how long a superseded change must have been watched without suspicion to
// count as good.
const goodAfter = 10 * time.Minute

// standingAfter is the standing that the end of a watch gives the version.
func standingAfter(l look) store.Standing {
	w := l.next
	switch {
	case w.State == l.watch.State:
		return store.Unjudged
	case !w.After.IsZero():
		if w.State == watch.Regressed {
			return store.Cleared // rolling it back did not help, so it was not the cause
		}
		return store.Unjudged
	case w.State == watch.Regressed:
		return store.Bad
	case w.State == watch.Healthy:
		return store.Good
	case w.State == watch.Superseded && w.Grade < detector.Suspect && !w.From.IsZero() && w.EndedAt.Sub(w.From) >= goodAfter:
		return store.Good
	}
	return store.Unjudged
}
