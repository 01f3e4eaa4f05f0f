package engine

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/watch"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// gather asks the metric stores what a watch needs to know now. It gives nil
// while there is nothing to see: before the change, and while it settles.
// The watch it returns has its inputs resolved, where the store has told them.
func (e *Engine) gather(ctx context.Context, w watch.Watch, c store.Change, b rules.Bound) (watch.Watch, *detector.Observation) {
	var fault error
	if len(w.Inputs) == 0 || w.From.IsZero() {
		w, fault = e.resolve(ctx, w, b)
	}
	v, ok := e.view(w, c)
	if !ok {
		return w, nil
	}
	o := v.observation(w, c)
	o.Readings = make([]detector.Reading, len(w.Plan.Signals))
	g, gctx := errgroup.WithContext(ctx)
	for i, s := range w.Plan.Signals {
		g.Go(func() error {
			if i < len(w.Inputs) {
				o.Readings[i] = e.read(gctx, w.ID, w.Inputs[i], v)
			} else {
				o.Readings[i] = unread(fault)
			}
			o.Readings[i].Signal = s.Name
			return nil
		})
	}
	_ = g.Wait() // a reading that failed says so itself
	return w, &o
}

// view is the part of time a look sees: the grids before and after, and how
// far the running tick has come.
type view struct {
	before, after detector.Grid
	now           time.Time // the newest moment the store can know of
	step          time.Duration
	rolling       bool
	final         bool
}

// view places the grids. Before ends at the watch's base; after begins where
// settling ends, or at the start of the change while it rolls.
func (e *Engine) view(w watch.Watch, c store.Change) (view, bool) {
	ranger := e.ranger(w)
	step := ranger.Resolution()
	now := e.Now().Add(-latency(ranger))
	began := w.Began(c.Change)
	from, rolling := c.StartedAt, began.IsZero()
	if !rolling {
		from = began.Add(w.Settle)
	}
	until := from.Add(w.Bake)
	final := !rolling && !now.Before(until)
	if final {
		now = until
	}
	if now.Sub(from) < step || w.Plan.Tick <= 0 {
		return view{}, false
	}
	tick, w0 := w.Plan.Tick, w.Plan.Before
	full := min(int(now.Sub(from)/tick), w.Plan.After)
	return view{
		before: detector.Grid{Start: w.BaseAt.Add(-time.Duration(w0) * tick), Tick: tick, N: w0},
		after:  detector.Grid{Start: from, Tick: tick, N: full},
		now:    now, step: step, rolling: rolling, final: final,
	}, true
}

func (v view) observation(w watch.Watch, c store.Change) detector.Observation {
	return detector.Observation{
		At: v.now, StartedAt: latest(c.StartedAt, w.After), From: v.after.Start,
		Gap:    int((v.after.Start.Sub(w.BaseAt) + v.after.Tick/2) / v.after.Tick),
		Filled: float64(v.after.Running(v.now).Tick) / float64(v.after.Tick) * float64(v.after.Running(v.now).N),
		Final:  v.final,
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// read takes the reading of one signal.
func (e *Engine) read(ctx context.Context, watchID string, in watch.Input, v view) detector.Reading {
	r := detector.Reading{Rolling: v.rolling, Query: in.Expr(v.after.Tick)}
	before, err := e.befores.get(watchID+"/"+in.Signal, func() (detector.Raw, error) {
		return e.fetch(ctx, in, v.before.Window(), in.Value.Step)
	})
	var after detector.Raw
	if err == nil {
		window := sources.Window{From: v.after.Start.Add(-v.after.Tick), To: v.now}
		after, err = e.fetch(ctx, in, window, in.Value.Step)
	}
	if err != nil {
		return e.broken(in, r, err)
	}
	r.Before = detector.Tabulate(before, v.before)
	r.After = detector.Tabulate(after, v.after)
	r.Running = detector.Tabulate(after, v.after.Running(v.now))
	return e.supplied(ctx, in, r, before, after, v)
}

// unread is the reading of a signal whose inputs are not known: the store
// could not be asked for them, or has nothing that matches.
func unread(fault error) detector.Reading {
	if fault == nil {
		return detector.Reading{Supply: detector.Unmatched}
	}
	return detector.Reading{Supply: detector.Broken, Fault: fault.Error()}
}

// broken notes that the store failed, which says nothing about the change.
func (e *Engine) broken(in watch.Input, r detector.Reading, err error) detector.Reading {
	kind := faultOf(err)
	r.Supply, r.Fault = detector.Broken, err.Error()
	if kind == sources.StaleData {
		r.Supply = detector.Stale
	}
	e.Telemetry.fault(in.Store, kind)
	e.stores.failed(in.Store, err, e.Now())
	return r
}

// silent is how many scrapes a signal may miss before it is taken for gone.
const silent = 3

// supplied tells a quiet signal, a lost one and a dead store apart.
func (e *Engine) supplied(ctx context.Context, in watch.Input, r detector.Reading, before, after detector.Raw, v view) detector.Reading {
	newest := latest(detector.Newest(before.Value), detector.Newest(after.Value))
	switch {
	case newest.Before(v.before.End().Add(-silent * v.step)):
		r.Supply = detector.Unmatched // never there, or gone before the change
		return r
	case !newest.Before(v.now.Add(-silent * v.step)):
		e.answered(ctx, in.Store)
		r.Supply = detector.Fresh
		return r
	case v.now.Sub(v.after.Start) < silent*v.step:
		r.Supply = detector.Fresh // too early to miss anything
		return r
	}
	if err := e.alive(ctx, in.Store, newest, v); err != nil {
		return e.broken(in, r, err)
	}
	e.answered(ctx, in.Store)
	r.Supply = detector.Gone
	return r
}

// alive asks whether the store went on without the signal: that anything in it
// is recent now, and also was when the signal was first missed. A store back
// from an outage is alive now, but the signal's silence is the store's own.
func (e *Engine) alive(ctx context.Context, name string, newest time.Time, v view) error {
	missed := newest.Add(silent * v.step)
	for at, least := range map[time.Time]time.Time{v.now: v.now.Add(-silent * v.step), missed: missed.Add(-v.step)} {
		beat, err := e.Metrics[name].Heartbeat(ctx, at)
		if err != nil {
			return err
		}
		if beat.Before(least) {
			stale := fmt.Errorf("nothing newer than %s in the store at %s", beat.UTC().Format(time.TimeOnly), at.UTC().Format(time.TimeOnly))
			return &sources.Fault{Kind: sources.StaleData, Store: name, Err: stale}
		}
	}
	return nil
}

// fetch asks for the series of one input over a window, at the given step.
func (e *Engine) fetch(ctx context.Context, in watch.Input, window sources.Window, step time.Duration) (detector.Raw, error) {
	raw := detector.Raw{Form: in.Form, Edge: in.Edge}
	ranger, ok := e.Metrics[in.Store]
	if !ok {
		return raw, &sources.Fault{Kind: sources.SourceError, Store: in.Store, Err: fmt.Errorf("no such metric store in pushback.yml")}
	}
	var err error
	if raw.Value, err = ranger.Range(ctx, sources.Query{Expr: in.Value.Expr, Step: step}, window); err != nil {
		return raw, err
	}
	if in.Part.Expr != "" {
		raw.Part, err = ranger.Range(ctx, sources.Query{Expr: in.Part.Expr, Step: step}, window)
	}
	return raw, err
}

func (e *Engine) ranger(w watch.Watch) Ranger {
	if len(w.Inputs) > 0 {
		if r, ok := e.Metrics[w.Inputs[0].Store]; ok {
			return r
		}
	}
	return e.Metrics[""]
}

// latency is how long a store hides its newest samples, where it says so.
func latency(r Ranger) time.Duration {
	if l, ok := r.(interface{ Latency() time.Duration }); ok {
		return l.Latency()
	}
	return 0
}
