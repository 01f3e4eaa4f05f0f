package probes

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
)

// Recorder is the metric store that probes write to.
type Recorder interface {
	// Record writes the samples of all series at once, so that no query sees a part of them.
	Record(ctx context.Context, all []sources.Series) error
	// End says that series have no value from a time on.
	End(ctx context.Context, at time.Time, all []sources.Series) error
}

// Runner runs probes. It is safe for concurrent use.
type Runner struct {
	probes []*scheduled
	checks []*Prober // of the network
	store  Recorder
	log    *slog.Logger

	asking     sync.Mutex // held while the network checks are asked
	askedAt    time.Time
	networkOff bool // no network check answered when they were asked last
}

// NewRunner returns a Runner of all probes of pushback.yml.
func NewRunner(all []*Prober, store Recorder, log *slog.Logger) *Runner {
	r := &Runner{store: store, log: log}
	for _, p := range all {
		if p.Settings.NetworkCheck {
			r.checks = append(r.checks, p)
			continue
		}
		r.probes = append(r.probes, &scheduled{Prober: p, tally: newTally(p.Settings)})
	}
	return r
}

// Run probes until ctx ends. The probes begin one after another within their time, so that
// targets and this process are asked evenly.
func (r *Runner) Run(ctx context.Context) error {
	var all sync.WaitGroup
	begin := time.Now()
	for i, p := range r.probes {
		offset := p.Settings.Every * time.Duration(i) / time.Duration(len(r.probes))
		all.Go(func() { r.repeat(ctx, p, begin.Add(offset)) })
	}
	all.Wait()
	return nil
}

// repeat runs one probe at a time and every time after it that has not passed. A probe never
// overlaps itself.
func (r *Runner) repeat(ctx context.Context, p *scheduled, next time.Time) {
	defer r.end(context.WithoutCancel(ctx), p)
	timer := time.NewTimer(time.Until(next))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		r.once(ctx, p, next)
		for now := time.Now(); !next.After(now); {
			next = next.Add(p.Settings.Every)
		}
		timer.Reset(time.Until(next))
	}
}

// once probes a target that is due, and records the outcome or a gap.
func (r *Runner) once(ctx context.Context, p *scheduled, due time.Time) {
	begin := time.Now()
	if late := begin.Sub(due); late > p.tooLate() {
		r.gap(ctx, p, "this process had no time for it")
		return
	}
	o := p.Try(ctx)
	if o.Gap == "" {
		o.Gap = stalled(wallSince(begin), time.Since(begin), p.Settings.Timeout)
	}
	if o.Gap == "" && unanswered(o) && r.cutOff(ctx) {
		o.Gap = "no network check answers either: the network of this host may be down"
	}
	switch {
	case ctx.Err() != nil: // the probe was ended with the process
	case o.Gap != "":
		r.gap(ctx, p, o.Gap)
	default:
		r.record(ctx, p, o)
	}
}

// wallSince is time.Since by the wall clock.
func wallSince(begin time.Time) time.Duration { return time.Now().Round(0).Sub(begin.Round(0)) }

// unanswered reports whether a probe failed in a way that a missing network shows too.
func unanswered(o Outcome) bool {
	return !o.Connected && (o.Result == Timeout || o.Result == DNS || o.Result == Broken)
}

// record stores an outcome. A store that fails makes a gap.
func (r *Runner) record(ctx context.Context, p *scheduled, o Outcome) {
	now := time.Now()
	if !p.counting() {
		// From zero, a moment before, so that the first outcome is seen as an increase.
		if err := r.store.Record(ctx, p.tally.counters(now.Add(-time.Millisecond))); err != nil {
			r.gap(ctx, p, "the metric store takes no samples: "+err.Error())
			return
		}
	}
	p.tally.add(o)
	all := append(p.tally.counters(now), p.tally.gauges(now, o, p.Settings.Kind())...)
	if err := r.store.Record(ctx, all); err != nil {
		r.gap(ctx, p, "the metric store takes no samples: "+err.Error())
		return
	}
	p.recorded(o, all, r.log)
}

// gap ends the series of a probe until it can be probed again.
func (r *Runner) gap(ctx context.Context, p *scheduled, why string) {
	if p.gapped(why, r.log) {
		r.end(ctx, p)
	}
}

// end marks the series of a probe as ended, so that its last values are not taken for the
// values of a time in which nothing was probed.
func (r *Runner) end(ctx context.Context, p *scheduled) {
	if last := p.ending(); len(last) > 0 {
		if err := r.store.End(ctx, time.Now(), last); err != nil {
			r.log.Warn("cannot mark the series of a probe as ended; its last values are shown for five more minutes", "probe", p.Settings.Name, "error", err)
		}
	}
}
