package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

const (
	// grace is how young an event may be whose delivery is still on its way.
	grace = 2 * time.Minute
	// overlap is how far a run looks back behind the one before: what was too young then, and a
	// clock of the tool that differs from ours.
	overlap = grace + 3*time.Minute
	// furthest is how far any run looks back. What was deployed before is old news.
	furthest = 24 * time.Hour
	// retry is when a run that failed is tried again, if the tool does not say.
	retry = 5 * time.Minute
	// runTimeout is how long a run may take, and before another replica takes it for dead.
	runTimeout = 5 * time.Minute
)

// scheduleName is the row of a source in the schedules of the database.
func scheduleName(source string) string { return "missed-deliveries/" + source }

// runDue asks a source if it is due and no other replica asks it. goesOn is false for a source that
// cannot be asked at all.
func (r *Reconciler) runDue(ctx context.Context, name string) (goesOn bool, err error) {
	schedule := scheduleName(name)
	now, err := r.o.Now(ctx)
	if err != nil {
		return true, err
	}
	last, err := r.o.Store.LastRun(ctx, schedule)
	if err != nil {
		return true, err
	}
	due := now // it was never asked
	if !last.IsZero() {
		if due = r.o.Schedule.Latest(last, now); due.IsZero() {
			return true, nil
		}
	}
	mine, err := r.o.Store.ClaimRun(ctx, schedule, due, now, now.Add(runTimeout))
	if err != nil || !mine {
		return true, err
	}
	err = r.ask(ctx, name, last, now)
	switch {
	case ctx.Err() != nil:
		return false, ctx.Err()
	case errors.Is(err, changes.ErrNoAPI):
		return false, r.o.Store.FailRun(ctx, schedule, now)
	case err != nil:
		r.note(name, func(g *Gap) { g.Trouble = err.Error() })
		if last.IsZero() { // from now on is from when it was first tried
			return true, errors.Join(err, r.o.Store.FinishRun(ctx, schedule, now))
		}
		return true, errors.Join(err, r.o.Store.FailRun(ctx, schedule, now.Add(after(err))))
	}
	r.note(name, func(g *Gap) { g.Asked, g.Trouble = now, "" })
	return true, r.o.Store.FinishRun(ctx, schedule, now)
}

// after is how long to wait after an error.
func after(err error) time.Duration {
	if limited := (*changes.RateLimited)(nil); errors.As(err, &limited) {
		return limited.After
	}
	return retry
}

// ask asks a source for what happened since the run before. Where there was none, it only finds out
// whether the tool can be asked: what was deployed before Pushback knew of the source was not lost.
func (r *Reconciler) ask(ctx context.Context, name string, last, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, runTimeout)
	defer cancel()
	since := now
	if !last.IsZero() {
		since = later(last.Add(-overlap), now.Add(-furthest))
	}
	found, askErr := r.o.Sources[name].Recent(ctx, since)
	stored, deliveries, err := r.fill(ctx, name, found, since, now.Add(-grace))
	if deliveries > 0 {
		r.tell(ctx, Found{name, now, stored}, deliveries)
	}
	return errors.Join(askErr, err)
}

// later is the later of two times.
func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// fill stores the deliveries that the database does not know, of those between two times. One that
// can never be stored keeps no other back.
func (r *Reconciler) fill(ctx context.Context, name string, found []changes.Delivery, from, to time.Time) (stored []Stored, deliveries int, err error) {
	for _, d := range found {
		at := lastAt(d.Events)
		if at.Before(from) || at.After(to) {
			continue
		}
		events, err := r.fillOne(ctx, name, d)
		if changes.Refused(err) {
			r.o.Log.Warn("a delivery was lost, and would have been refused", "source", name, "error", err)
			continue
		}
		if len(events) > 0 {
			stored, deliveries = append(stored, events...), deliveries+1
		}
		if err != nil {
			return stored, deliveries, fmt.Errorf("storing what was lost: %w", err)
		}
	}
	return stored, deliveries, nil
}

// lastAt is when what a delivery reports happened. A start that its end implies comes before.
func lastAt(events []sources.Event) time.Time {
	if len(events) == 0 {
		return time.Time{}
	}
	return events[len(events)-1].At
}

// fillOne stores a delivery unless all of it is known.
func (r *Reconciler) fillOne(ctx context.Context, name string, d changes.Delivery) ([]Stored, error) {
	for _, e := range d.Events {
		known, err := r.o.Store.KnowsEvent(ctx, name, e.EventID)
		if err != nil {
			return nil, err
		}
		if !known {
			return r.o.Sources[name].Fill(ctx, d)
		}
	}
	return nil, nil
}

// tell counts what was found, and tells people.
func (r *Reconciler) tell(ctx context.Context, f Found, deliveries int) {
	r.o.Count(f.Source, deliveries)
	r.note(f.Source, func(g *Gap) {
		g.Missed += deliveries
		g.Last = later(g.Last, f.Events[len(f.Events)-1].Event.At)
	})
	for _, s := range f.Events {
		r.o.Log.Warn("a delivery was lost; stored what the tool's API says of it",
			"source", f.Source, "event", s.Event.EventID, "change", s.ChangeKey, "service", s.Event.Service, "status", s.Event.Status, "at", s.Event.At)
	}
	if err := r.o.Tell(ctx, f); err != nil {
		r.o.Log.Warn("cannot tell that deliveries were lost; they are stored and logged", "source", f.Source, "error", err)
	}
}
