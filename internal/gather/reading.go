package gather

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
	"github.com/pushback/pushback/sources/metrics/promql"
	"github.com/pushback/pushback/watch"
)

// Ranger is a metric store, as a look asks it. Every error is a *sources.Fault.
//
// HeartbeatExpr is an expression for the time of the newest sample of anything, and "" where
// silences show by themselves. Resolution is the scrape interval. Latency is how long
// the store hides its newest samples, and 0 where it hides none.
type Ranger interface {
	Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error)
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
	Heartbeat(ctx context.Context, at time.Time) (time.Time, error)
	HeartbeatExpr() string
	Resolution() time.Duration
	Latency() time.Duration
}

// Read takes the reading of one signal. before returns the before window; it is asked for
// at every look and does not change any more, so that the caller may cache it.
//
// alive reports that something in the store is recent. With an error, the reading says what
// failed and nothing about the change.
func Read(ctx context.Context, r Ranger, in watch.Input, v View, before func() (*Before, error)) (_ detector.Reading, alive bool, err error) {
	reading := detector.Reading{Signal: in.Signal, Rolling: v.Rolling, Query: in.Expr(v.After.Tick)}
	past, err := before()
	var present detector.Raw
	if err == nil {
		present, err = Fetch(ctx, r, in, v.window(), in.Value.Step)
	}
	if err != nil {
		return Broken(reading, err), false, err
	}
	reading.Before, reading.After, reading.Running = past.around(present, v)
	if detector.FarBelowUsual(reading.Before, reading.After, reading.Running, v.grids()) || past.earlier.StandsStill(present) {
		present = dropRepeated(ctx, r, in, present, v)
		_, reading.After, reading.Running = past.around(present, v)
	}
	other, err := followHistogram(ctx, r, in, present, v, &reading)
	if err != nil {
		return Broken(reading, err), false, err
	}
	if err := v.dropIdleTicks(ctx, r, in, &reading); err != nil {
		return Broken(reading, err), false, err
	}
	reading.Before, reading.Between = reading.Before.SplitAt(v.Before.N - v.Between)
	seen := detector.Raw{Value: slices.Concat(present.Value, other)}
	reading.Supply, alive, err = supply(ctx, r, in, past, seen, v)
	if err != nil {
		return Broken(reading, err), false, err
	}
	if reading.Supply == detector.Gone || reading.Supply == detector.Ended {
		reading.Silent = v.Now.Sub(latest(past.newest(), detector.Newest(present.Value)))
	}
	if reading.Supply != detector.Fresh && reading.Fault == "" {
		reading.Fault = metrics.Trouble(r)
	}
	if in.Control != nil {
		reading.Control = control(in, past, present, v)
	}
	reading.Spread = past.spreadOf(ctx, r, in, present, reading, v)
	return reading, alive, nil
}

// control is the reading of a signal's control. Where it failed, it says so, and the signal
// is compared with its before window alone.
func control(in watch.Input, past *Before, present detector.Raw, v View) *detector.Control {
	c := &detector.Control{Query: in.ControlInput().Expr(v.After.Tick), Supply: detector.Fresh}
	if past.control == nil || present.Control == nil {
		c.Supply, c.Fault = detector.Broken, cmp.Or(present.Fault, past.fault)
		return c
	}
	if past.control.empty && len(present.Control.Value) == 0 {
		c.Supply = detector.Unmatched
		return c
	}
	c.Before, c.After, c.Running = past.control.around(*present.Control, v)
	c.Before, c.Between = c.Before.SplitAt(v.Before.N - v.Between)
	return c
}

// Broken is the reading of a signal whose store failed.
func Broken(r detector.Reading, err error) detector.Reading {
	r.Supply, r.Fault = detector.Broken, err.Error()
	var fault *sources.Fault
	if errors.As(err, &fault) && fault.Kind == sources.StaleData {
		r.Supply = detector.Stale
	}
	return r
}

// Unread is the reading of a signal whose inputs are not known: the store
// could not be asked for them, or has nothing that matches.
func Unread(fault error) detector.Reading {
	if fault == nil {
		return detector.Reading{Supply: detector.Unmatched}
	}
	return detector.Reading{Supply: detector.Broken, Fault: fault.Error()}
}

// maxMissed is how many scrapes a signal may miss before it counts as gone. Whether a signal
// that is gone is lost, or silent no longer than usual, the detector decides.
const maxMissed = 3

// supply tells a quiet signal, a lost one and a dead store apart. A query in steps longer
// than a scrape may be a step older before its signal is missed.
func supply(ctx context.Context, r Ranger, in watch.Input, before *Before, after detector.Raw, v View) (s detector.Supply, alive bool, err error) {
	newest := latest(before.newest(), detector.Newest(after.Value))
	patience := maxMissed*v.Step + max(in.Value.Step-v.Step, 0)
	switch {
	case newest.Before(v.Before.Start.Add(-v.Before.Tick)):
		return detector.Unmatched, false, nil
	case newest.Before(v.Before.End().Add(-patience)):
		return detector.Ended, false, nil
	case !newest.Before(v.Now.Add(-patience)):
		return detector.Fresh, true, nil
	case v.Now.Sub(v.After.Start) < patience:
		return detector.Fresh, false, nil // too early to miss anything
	}
	if err := checkStoreAlive(ctx, r, in.Store, newest, v); err != nil {
		return "", false, err
	}
	return detector.Gone, true, nil
}

// checkStoreAlive asks whether the store received samples while the signal was missing: now,
// and when the signal was first missed. A store that is back from an outage is alive now,
// but it was the store that was silent then.
func checkStoreAlive(ctx context.Context, r Ranger, store string, newest time.Time, v View) error {
	missed := newest.Add(maxMissed * v.Step)
	for _, moment := range []struct{ at, least time.Time }{
		{v.Now, v.Now.Add(-maxMissed * v.Step)},
		{missed, missed.Add(-v.Step)},
	} {
		beat, err := r.Heartbeat(ctx, moment.at)
		if err != nil {
			return err
		}
		if beat.Before(moment.least) {
			stale := fmt.Errorf("nothing newer than %s in the store at %s", beat.UTC().Format(time.TimeOnly), moment.at.UTC().Format(time.TimeOnly))
			return &sources.Fault{Kind: sources.StaleData, Store: store, Err: stale}
		}
	}
	return nil
}

// Fetch asks for the series of one input over a window, at the given step, and for those of
// its control. A control that cannot be read is no error: Fault says why.
func Fetch(ctx context.Context, r Ranger, in watch.Input, w sources.Window, step time.Duration) (detector.Raw, error) {
	raw, err := fetch(ctx, r, in, w, step)
	if err != nil || in.Control == nil {
		return raw, err
	}
	if control, err := fetch(ctx, r, in.ControlInput(), w, step); err != nil {
		raw.Fault = err.Error()
	} else {
		raw.Control = &control
	}
	return raw, nil
}

// fetch asks for one arm, without the points at which the whole store was silent. Its questions
// are asked at once, so that they wait once for those of other watches.
func fetch(ctx context.Context, r Ranger, in watch.Input, w sources.Window, step time.Duration) (detector.Raw, error) {
	raw := detector.Raw{Form: in.Form, Edge: in.Edge, Combine: in.Combine}
	value, part := in.Value.Expr, in.Part.Expr
	if in.Whole.Label != "" {
		value, part = in.Whole.Value, in.Whole.Part
	}
	bad, among := narrows(in.Form, value, part)
	var silent map[int64]bool
	var all [3]error
	var under sync.WaitGroup
	under.Go(func() { raw.Value, all[0] = r.Range(ctx, sources.Query{Expr: value, Step: step}, w) })
	if part != "" && !among {
		under.Go(func() { raw.Part, all[1] = r.Range(ctx, sources.Query{Expr: part, Step: step}, w) })
	}
	under.Go(func() { silent, all[2] = silentPoints(ctx, r, w, step) })
	under.Wait()
	if err := cmp.Or(all[:]...); errors.Is(err, errAhead) {
		return raw, &sources.Fault{Kind: sources.SourceError, Store: in.Store, Err: err}
	} else if err != nil {
		return raw, err
	}
	if among {
		raw.Part = slices.DeleteFunc(slices.Clone(raw.Value), func(s sources.Series) bool { return !bad(s.Labels) })
	}
	raw.Value, raw.Part = selectPart(raw.Value, in.Whole), selectPart(raw.Part, in.Whole)
	if err := checkCounters(raw); err != nil {
		return raw, &sources.Fault{Kind: sources.SourceError, Store: in.Store, Err: err}
	}
	raw.Value, raw.Part = dropPoints(raw.Value, silent), dropPoints(raw.Part, silent)
	return raw, nil
}

// narrows reports whether the part of a signal is among the answer about the whole, as the bad ones of
// counts are, and returns what selects it.
func narrows(f watch.Form, value, part string) (bad func(map[string]string) bool, among bool) {
	if f != watch.FormCounts || part == "" {
		return nil, false
	}
	return promql.Narrows(value, part)
}

// selectPart selects the series of one part from the answer about its whole.
func selectPart(ss []sources.Series, of watch.Whole) []sources.Series {
	if of.Label == "" {
		return ss
	}
	var kept []sources.Series
	for _, s := range ss {
		if s.Labels[of.Label] == of.LabelValue {
			kept = append(kept, s)
		}
	}
	return kept
}

// checkCounters refuses negative counters. No counter is negative, so the answer is not the
// service's, and a rise from below zero would look like a restart.
func checkCounters(raw detector.Raw) error {
	if raw.Form != detector.FormCounts && raw.Form != detector.FormSlow {
		return nil
	}
	for _, s := range slices.Concat(raw.Value, raw.Part) {
		for _, p := range s.Samples {
			if p.V < 0 {
				return fmt.Errorf("a counter is at %g, below zero", p.V)
			}
		}
	}
	return nil
}
