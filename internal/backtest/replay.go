package backtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Replay is how one rule would have judged one moment.
type Replay struct {
	Moment Moment
	Rule   rules.Rule
	Bound  rules.Bound
	Looks  []Look      // one for each tick, in order; fewer if the bake has not ended by Options.Now
	End    watch.Watch // after the last look
	Fault  error       // the first failure of the metric store or the catalogue; nil: everything was answered
}

// Look is the verdict at the end of a tick; the last tick ends with the bake.
type Look struct {
	Tick        int // from 1
	At          time.Time
	Verdict     detector.Verdict
	State       watch.State          // of the watch after this look
	Grade       detector.Grade       // of the watch: the highest so far
	Observation detector.Observation // what was judged
}

// replayer replays one bound rule at one moment.
type replayer struct {
	Options
	bound  rules.Bound
	moment Moment
	store  gather.Ranger
	watch  watch.Watch
	faults []error // by input: why its before window could not be fetched, or nil
	before []*gather.Before
	fault  error // the first failure
}

// failed keeps the first failure. A store that answers that it had no samples at that time
// has not failed.
func (r *replayer) failed(err error) {
	var fault *sources.Fault
	if answered := errors.As(err, &fault) && fault.Kind != sources.SourceError; r.fault == nil && !answered {
		r.fault = err
	}
}

func (o Options) replay(ctx context.Context, b rules.Bound, m Moment) (Replay, error) {
	rule := b.Rule()
	name := cmp.Or(rule.Store, o.Default)
	store, ok := o.Stores[name]
	if !ok {
		return Replay{}, fmt.Errorf("rule %s: no metric store %q in pushback.yml", rule.Name, name)
	}
	store = gather.ShareAll(store)
	base := gather.BeforeEnd(m.Change, rule)
	r := replayer{Options: o, bound: b, moment: m, store: store, watch: watch.Watch{
		ID: m.ID + "." + rule.Name, Team: rule.Team, Rule: rule.Name, RuleHash: rule.Hash,
		State: watch.Waiting, BaseAt: base, Settle: rule.Settle, Bake: rule.Bake, Every: rule.Every,
	}}
	var fault error
	r.watch.Plan, r.watch.Inputs, fault = gather.Resolve(ctx, store, name, b, base.Truncate(store.Resolution()))
	r.failed(fault)
	if o.Pace != nil {
		r.watch.Plan.Thresholds = rule.Budget.Thresholds(o.Pace(rule))
	}
	r.fetchBefore(ctx)
	looks := r.looks(ctx, r.profiles(ctx), fault)
	return Replay{Moment: m, Rule: rule, Bound: b, Looks: looks, End: r.watch, Fault: r.fault}, ctx.Err()
}

// fetchBefore fetches the before windows once, because they are the same at every
// look.
func (r *replayer) fetchBefore(ctx context.Context) {
	r.before, r.faults = make([]*gather.Before, len(r.watch.Inputs)), make([]error, len(r.watch.Inputs))
	for i, in := range r.watch.Inputs {
		p := r.watch.Plan.On(r.watch.Plan.Signals[i])
		g := detector.Grid{Start: r.watch.BaseEnd().Add(-time.Duration(p.Before) * p.Tick), Tick: p.Tick, N: p.Before}
		r.before[i], r.faults[i] = gather.FetchBefore(ctx, r.store, in, g)
		r.failed(r.faults[i])
	}
}

// profiles learns a profile for every signal, from the history up to the end of
// the before window. A signal whose history cannot be fetched has none.
func (r *replayer) profiles(ctx context.Context) detector.Profiles {
	ps := detector.Profiles{}
	span := r.bound.Rule().History
	if r.History > 0 {
		span = min(span, r.History)
	}
	for i, in := range r.watch.Inputs {
		s := r.watch.Plan.Signals[i]
		if !s.Learns() {
			continue
		}
		p := r.watch.Plan.On(s)
		if h, err := r.history(ctx, p, in, span); err == nil {
			ps[s.Name] = detector.Learn(p, s, h)
		}
	}
	return ps
}

// history is what one profile is learned from.
func (r *replayer) history(ctx context.Context, p detector.Plan, in watch.Input, span time.Duration) (detector.History, error) {
	h, err := gather.History(ctx, r.store, p, in, span, r.watch.BaseEnd())
	r.failed(err)
	if err == nil && r.Mask != nil {
		h.Mask, err = r.Mask(ctx, r.moment.Service, r.moment.Environment, h.Start, r.watch.BaseEnd())
	}
	if err == nil && r.Good != nil {
		var good []sources.Change
		good, err = r.Good(ctx, r.moment.Service, r.moment.Environment, h.Start, r.watch.BaseEnd())
		h.Good = gather.Examples(good, r.bound.Rule().Rollout)
	}
	return h, err
}

// looks judges at the end of every tick of the bake, until Options.Now.
func (r *replayer) looks(ctx context.Context, ps detector.Profiles, fault error) []Look {
	p, from := r.watch.Plan, r.watch.JudgedFrom(r.moment.Change)
	until := from.Add(r.watch.Bake)
	store := newReplayStore(r.store, until)
	looks, course := make([]Look, 0, p.After), detector.NewCourse(p, ps)
	for tick := 1; tick <= p.After && ctx.Err() == nil; tick++ {
		now := from.Add(time.Duration(tick) * p.Tick)
		if tick == p.After {
			now = until
		}
		if now.After(r.Now) {
			break
		}
		if v, ok := gather.ViewAt(r.watch, r.moment.Change, store.Resolution(), now); ok {
			observation := r.observe(ctx, store, v, fault)
			verdict := course.Look(observation)
			facts := watch.Facts{Now: now, Change: r.moment.Change, Verdict: &verdict, Final: v.Final}
			r.watch = watch.Advance(r.watch, facts)
			verdict.Reason = facts.Reason()
			looks = append(looks, Look{
				Tick: tick, At: now, Verdict: verdict, State: r.watch.State, Grade: r.watch.Grade, Observation: observation,
			})
		}
	}
	return looks
}

// observe reads every signal.
func (r *replayer) observe(ctx context.Context, store gather.Ranger, v gather.View, fault error) detector.Observation {
	o := v.Observation(r.watch, r.moment.Change)
	for i, s := range r.watch.Plan.Signals {
		reading := gather.Unread(fault)
		if i < len(r.watch.Inputs) {
			before := func() (*gather.Before, error) { return r.before[i], r.faults[i] }
			var err error // the reading itself says it too
			reading, _, err = gather.Read(ctx, store, r.watch.Inputs[i], v.On(r.watch, s, r.moment.Change), before)
			r.failed(err)
		}
		reading.Signal = s.Name
		o.Readings = append(o.Readings, reading)
	}
	return o
}

// Pace returns how many changes a second a rule watches in production. The
// thresholds follow from that and the rule's budget, as in the daemon.
type Pace func(rules.Rule) float64

// Mask returns the windows to leave out of a service's history: those of incidents,
// and those in which a bad version was live.
type Mask func(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Window, error)

// Good returns the good deploys of a service between two moments, which the shape of the next
// is learned from.
type Good func(ctx context.Context, service, environment string, from, to time.Time) ([]sources.Change, error)

// GoodAmong finds the good deploys among moments.
func GoodAmong(moments []Moment) Good {
	return func(_ context.Context, service, environment string, from, to time.Time) (good []sources.Change, _ error) {
		for _, m := range moments {
			if m.Good && m.Kind == sources.Deploy && m.Service == service && m.Environment == environment &&
				!m.StartedAt.Before(from) && !m.FinishedAt.After(to) {
				good = append(good, m.Change)
			}
		}
		return good, nil
	}
}
