package gather

import (
	"context"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// BeforeEnd is where the before window of a change ends, by the change alone: at its start,
// or, where its tool reports only the end, as far back as the rule says a rollout takes.
func BeforeEnd(c sources.Change, r rules.Rule) time.Time {
	if c.FinishedAt.Equal(c.StartedAt) {
		return c.StartedAt.Add(-r.Rollout)
	}
	return c.StartedAt
}

// View is the time that a look covers: the grids before and after, and how far the running
// tick has come.
type View struct {
	Before, After detector.Grid
	Between       int       // of the ticks of Before, the last ones, in which a predecessor was live that may be bad
	Now           time.Time // the newest moment the store can know of
	Step          time.Duration
	Rolling       bool
	Final         bool
}

// ViewAt places the grids of a look at a moment for which the store can have samples. Before
// ends at the watch's baseline; after begins where settling ends, or at the start of the
// change while it rolls. It is false while there is nothing to observe.
func ViewAt(w watch.Watch, c sources.Change, resolution time.Duration, now time.Time) (View, bool) {
	from, rolling := w.JudgedFrom(c), w.SettleFrom(c).IsZero()
	until := from.Add(w.Bake)
	final := !rolling && !now.Before(until)
	if final {
		now = until
	}
	if now.Sub(from) < resolution || w.Plan.Tick <= 0 {
		return View{}, false
	}
	tick := w.Plan.Tick
	full := int(now.Sub(from) / tick)
	if w.Plan.Fine != tick {
		full = min(full, w.Plan.After)
	}
	return View{
		Before:  BeforeGrid(w),
		Between: betweenTicks(w),
		After:   detector.Grid{Start: from, Tick: tick, N: full},
		Now:     now, Step: resolution, Rolling: rolling, Final: final,
	}, true
}

// mostBetween bounds how many ticks are read between the baseline's end and the change.
const mostBetween = 240

// betweenTicks is how many whole ticks there are between the end of the baseline and the
// change. They were measured while a predecessor was live that may be bad. There are none
// where the baseline ends at the change itself.
func betweenTicks(w watch.Watch) int {
	n := int(w.OwnBaseAt.Sub(w.BaseEnd()) / w.Plan.Tick)
	if w.OwnBaseAt.IsZero() || n < 0 || n > mostBetween {
		return 0
	}
	return n
}

// BeforeGrid is the grid of the before window, and of the ticks between its end and the change.
func BeforeGrid(w watch.Watch) detector.Grid {
	tick, w0 := w.Plan.Tick, w.Plan.Before
	return detector.Grid{Start: w.BaseEnd().Add(-time.Duration(w0) * tick), Tick: tick, N: w0 + betweenTicks(w)}
}

// grids are those that a reading is put on.
func (v View) grids() detector.Grids {
	return detector.Grids{Before: v.Before, After: v.After, Running: v.After.Running(v.Now)}
}

// window is that of what is read after the change. It begins a tick earlier, because an increase
// starts from the sample before it.
func (v View) window() sources.Window {
	return sources.Window{From: v.After.Start.Add(-v.After.Tick), To: v.Now}
}

// dropIdleTicks drops the ticks of a reading in which the signal had no work.
func (v View) dropIdleTicks(ctx context.Context, r Ranger, in watch.Input, reading *detector.Reading) error {
	if err := dropIdleTicks(ctx, r, in, v.Before.Window(), []detector.Grid{v.Before}, &reading.Before); err != nil {
		return err
	}
	return dropIdleTicks(ctx, r, in, v.window(), []detector.Grid{v.After, v.After.Running(v.Now)}, &reading.After, &reading.Running)
}

// On is the view on the grid of one of the watch's signals.
func (v View) On(w watch.Watch, s detector.Signal, c sources.Change) View {
	if s.Of == "" {
		return v
	}
	w.Plan = w.Plan.On(s)
	fine, _ := ViewAt(w, c, v.Step, v.Now)
	return fine
}

// Observation is the look's observation without its readings.
func (v View) Observation(w watch.Watch, c sources.Change) detector.Observation {
	o := v.observation(w, c)
	for _, s := range w.Plan.Signals {
		if s.Of != "" {
			fine := v.On(w, s, c).observation(w, c)
			o.Fine = &detector.Fineness{Gap: fine.Gap, Filled: fine.Filled}
			break
		}
	}
	return o
}

func (v View) observation(w watch.Watch, c sources.Change) detector.Observation {
	running := v.After.Running(v.Now)
	return detector.Observation{
		At: v.Now, StartedAt: latest(c.StartedAt, w.After), BaseAt: w.BaseEnd(), PriorAt: w.PriorAt, From: v.After.Start,
		Gap:    int((v.After.Start.Sub(w.BaseEnd()) + v.After.Tick/2) / v.After.Tick),
		Filled: float64(running.Tick) / float64(v.After.Tick) * float64(running.N),
		Final:  v.Final, Settled: v.settled(w, c), Kind: c.Kind,
	}
}

// settled is how long the rollout has been over where the view begins.
func (v View) settled(w watch.Watch, c sources.Change) time.Duration {
	if v.Rolling {
		return 0
	}
	return v.After.Start.Sub(w.SettleFrom(c))
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
