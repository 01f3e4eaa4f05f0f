package situation

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// fillOnset fills in when things got worse, and which other changes could be the
// cause. A change that began after the verdict cannot be.
func (r *Reader) fillOnset(ctx context.Context, s *rollback.Situation, c store.Change, w watch.Watch) (err error) {
	s.BeganAt, s.JudgedFrom, s.Tick = Beginning(w, c.Change), w.From, w.Plan.Tick
	s.Onset = Onset(w, c.Change, s.Verdict)
	s.Suspects, err = r.suspects(ctx, c, s.BeganAt.Add(-r.Limits.ConfoundedWithin), s.Verdict.At.Add(-time.Microsecond), *s)
	s.Suspects = withRollouts(s.Suspects, c.Change, s.BeganAt)
	return err
}

// Overlapping returns the changes that are as likely the cause of a verdict as c. It
// returns none for a verdict without suspicion, and none for a recovery watch, which
// judges the rollback and not the change.
func (r *Reader) Overlapping(ctx context.Context, w watch.Watch, c store.Change, v *detector.Verdict) ([]rollback.RankedSuspect, error) {
	if v == nil || v.Grade < detector.Suspect || !w.After.IsZero() {
		return nil, nil
	}
	s := rollback.Situation{Change: c.Change, Limits: r.Limits, Verdict: *v}
	if err := r.fillOnset(ctx, &s, c, w); err != nil {
		return nil, err
	}
	return s.OtherSuspects(), nil
}

// Beginning returns the earliest moment the change can have touched production. A
// tool that reports only the end leaves open when the rollout began: then it is where
// the before window of the change alone ends.
func Beginning(w watch.Watch, c sources.Change) time.Time {
	own := w.OwnBaseAt
	if own.IsZero() {
		own = w.BaseAt // of a watch that was stored before OwnBaseAt was
	}
	if c.FinishedAt.Equal(c.StartedAt) && own.Before(c.StartedAt) {
		return own
	}
	return c.StartedAt
}

// withRollouts fills in when suspects began whose tools report only the end.
func withRollouts(suspects []rollback.Suspect, c sources.Change, began time.Time) []rollback.Suspect {
	for i, s := range suspects {
		suspects[i].BeganAt, _ = beginningLike(s.Change, c, began)
	}
	return suspects
}

// beginningLike is when a change can have begun, if its tool reports only the end and that of c does too, which began
// at a moment: its rollout takes as long.
func beginningLike(other, c sources.Change, began time.Time) (at time.Time, ok bool) {
	if !c.FinishedAt.Equal(c.StartedAt) || !other.FinishedAt.Equal(other.StartedAt) {
		return time.Time{}, false
	}
	return other.StartedAt.Add(-c.StartedAt.Sub(began)), true
}

// onsetSlack is by how many ticks the onset in a noisy series may be off.
const onsetSlack = 2

// waitedTicks is how soon after the end of a watch a change begins that has waited for it.
const waitedTicks = 3

// Onset returns when the verdict's worst signals got worse: from the earliest moment at which
// that may have been until the first bad tick. Of several signals, the one that may have got
// worse first counts: a fault that one signal shows late is no other fault. A signal that is only
// likely to be worse counts if it was so before all of them. Otherwise it knows less of the
// beginning than they do (adr/0085).
func Onset(w watch.Watch, c sources.Change, v detector.Verdict) rollback.Onset {
	var worst, first rollback.Onset
	for _, s := range v.Signals {
		if s.Grade < min(v.Grade, detector.Likely) || s.Onset.IsZero() {
			continue
		}
		if s.OnsetFrom.IsZero() { // judged before it was known how exactly
			return unmeasuredOnset(w, c, worstOnset(v))
		}
		own := rollback.Onset{From: s.OnsetFrom, To: s.Onset}
		first = joined(first, own)
		if s.Grade == v.Grade {
			worst = joined(worst, own)
		}
	}
	if first.To.Before(worst.From) {
		return first
	}
	return worst
}

// joined is the onset of two signals that one fault made worse.
func joined(a, b rollback.Onset) rollback.Onset {
	return rollback.Onset{From: earlier(a.From, b.From), To: earlier(a.To, b.To)}
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// worstOnset is the earliest onset of a verdict's worst signals.
func worstOnset(v detector.Verdict) (first time.Time) {
	for _, s := range v.Signals {
		if s.Grade == v.Grade && !s.Onset.IsZero() {
			first = earlier(first, s.Onset)
		}
	}
	return first
}

// unmeasuredOnset is the onset of a verdict that does not say how exactly it is known. Nothing
// was measured between the end of the before window and the first tick after settling, so an
// onset there may have been at any moment in between.
func unmeasuredOnset(w watch.Watch, c sources.Change, first time.Time) rollback.Onset {
	settled, slack := w.From, onsetSlack*w.Plan.Tick
	if settled.IsZero() {
		settled = c.StartedAt
	}
	if first.IsZero() || first.Before(w.BaseAt.Add(-slack)) || first.After(settled.Add(slack)) {
		return rollback.Onset{From: first, To: first}
	}
	at := rollback.Onset{From: w.BaseAt, To: first}
	if first.Before(settled) {
		at.To = settled
	}
	return at
}

// Suspects returns the other changes that could be the cause of what c is suspected
// of: changes of its service and of all it depends on that were under way since a
// moment. It leaves out good versions, changes that were rolled back before c began or in
// vain, rollbacks, the same version in another place, and changes in another region.
func (r *Reader) Suspects(ctx context.Context, c store.Change, since, now time.Time) ([]rollback.Suspect, error) {
	return r.suspects(ctx, c, since, now, rollback.Situation{})
}

// suspects are those of a regression: a good version is not left out if it was still being watched at its onset.
//
// See adr/0085.
func (r *Reader) suspects(ctx context.Context, c store.Change, since, now time.Time, s rollback.Situation) ([]rollback.Suspect, error) {
	upstream := r.Catalogue.Upstream(c.Service)
	found, err := r.Store.OverlappingChanges(ctx, c, slices.Sorted(maps.Keys(upstream)), since, now)
	if err != nil {
		return nil, fmt.Errorf("looking for other causes: %w", err)
	}
	var suspects []rollback.Suspect
	for _, other := range found {
		same := sameThing(other.Change, c.Change) && other.Version == c.Version
		apart := other.Region != "" && c.Region != "" && other.Region != c.Region
		if same || apart {
			continue
		}
		innocent, err := r.innocent(ctx, other, c.StartedAt, s)
		if err != nil {
			return nil, err
		}
		if !innocent {
			suspects = append(suspects, rollback.Suspect{Change: other.Change, Distance: upstream[other.Service]})
		}
	}
	return suspects, nil
}

// sameThing reports whether two changes are about the same thing, in any region. Two
// flags that were both set to 50% are not.
func sameThing(a, b sources.Change) bool {
	one, other := a.Slot(), b.Slot()
	one.Region, other.Region = "", ""
	return one == other && one.HoldsOneThing()
}

// innocent reports whether a change cannot be the cause of what another one is suspected
// of, which began at a moment: it was found good, it is itself a rollback, or it was rolled back before that
// moment, or in vain. One that was rolled back later may have caused all that was seen
// until then.
func (r *Reader) innocent(ctx context.Context, c store.Change, began time.Time, s rollback.Situation) (bool, error) {
	if c.Standing == store.Good {
		if seen, err := r.watchedDuring(ctx, c, s); err != nil || !seen {
			return true, err
		}
	}
	o, err := r.Order(ctx, c.Key)
	if err != nil {
		return false, err
	}
	if o != nil && !o.TookPlaceAt().IsZero() {
		return o.TookPlaceAt().Before(began) || c.Standing == store.Cleared, nil
	}
	return r.IsRollback(ctx, c)
}

// watchedDuring reports whether a change was still being watched when the regression of a later one may have begun, as
// far as onsets are known: what begins in the last ticks of a watch is hidden in it, and it ends healthy. It was not if
// the next change began right after its watch, as it does where a tool waits for the verdict, and nothing was bad
// before that: no onset is known well enough to say which of the two it belongs to, and a fault that waits for the end
// of its watch is rare.
func (r *Reader) watchedDuring(ctx context.Context, c store.Change, s rollback.Situation) (bool, error) {
	if s.Onset.From.IsZero() {
		return false, nil
	}
	ws, err := r.Store.WatchesOf(ctx, c.Key)
	if err != nil {
		return false, fmt.Errorf("reading the watches of %s: %w", c.Key, err)
	}
	for _, w := range ws {
		tick := w.Plan.Tick
		if !w.After.IsZero() || !s.Onset.From.Before(w.EndedAt.Add(onsetSlack*tick)) {
			continue
		}
		next, err := r.nextBeganAt(ctx, c, s)
		if err != nil {
			return false, err
		}
		if waited := !w.EndedAt.Add(waitedTicks * tick).Before(next); !waited || s.Onset.To.Before(next) {
			return true, nil
		}
	}
	return false, nil
}

// nextBeganAt is when the first change after c can have reached production: the one of its slot, or that of the
// situation.
func (r *Reader) nextBeganAt(ctx context.Context, c store.Change, s rollback.Situation) (time.Time, error) {
	if c.SupersededBy == "" || c.SupersededBy == s.Change.Key() {
		return s.BeganAt, nil
	}
	next, err := r.Store.Change(ctx, c.SupersededBy)
	if errors.Is(err, store.ErrNotFound) { // deleted by retention
		return s.BeganAt, nil
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the change after %s: %w", c.Key, err)
	}
	at, ok := beginningLike(next.Change, s.Change, s.BeganAt)
	if !ok {
		at = next.StartedAt
	}
	return earlier(s.BeganAt, at), nil
}

// IsRollback reports whether a change is a rollback, ours or somebody else's.
func (r *Reader) IsRollback(ctx context.Context, c store.Change) (bool, error) {
	if c.RollbackOf != "" {
		return true, nil
	}
	before, err := r.directPredecessor(ctx, c)
	return before.IsEcho(c), err
}
