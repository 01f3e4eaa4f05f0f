// Package wall keeps the last day of a site's main signals, beside which every change is a line: what
// Etsy had on a wall. The daemon asks the metric stores for them at intervals, whether or not anybody
// looks, so that readers cost the stores nothing.
//
// What is here is for people. No verdict is made of it.
package wall

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/model"

	"github.com/pushback/pushback/sources"
)

const (
	// MaxSignals is how many signals there may be: they are the main ones.
	MaxSignals = 8
	// Span is how far back they are shown.
	Span = 24 * time.Hour
	// Step is the time between two points, about one for each pixel.
	Step = 2 * time.Minute

	askEvery = time.Minute
	timeout  = 20 * time.Second // of one question
	overlap  = 3 * Step         // what is asked for again, because late samples change it
)

// Settings is one main signal, as pushback.yml has it.
type Settings struct {
	Name  string `yaml:"name"`
	Store string `yaml:"store"` // a metric store; "" for the default one
	Query string `yaml:"query"` // in the language of the store, with one series as its result
	Unit  string `yaml:"unit"`  // fraction, seconds, or any word
}

// Expr is the query for a store with this time between two samples.
func (s Settings) Expr(resolution time.Duration) string {
	written := func(d time.Duration) string { return model.Duration(d).String() }
	rate := written(max(4*resolution, Step+resolution))
	return strings.NewReplacer("$__rate_interval", rate, "${__rate_interval}", rate, "$__interval", written(Step), "${__interval}", written(Step),
		"$step", written(Step), "${step}", written(Step)).Replace(s.Query)
}

// Store is a metric store, as a wall asks it.
type Store interface {
	Range(ctx context.Context, q sources.Query, w sources.Window) ([]sources.Series, error)
	Resolution() time.Duration
	Latency() time.Duration
}

// Line is the last day of one signal.
type Line struct {
	Settings
	From   time.Time // of the first value
	Values []float64 // one each Step; NaN where there is none
	ReadAt time.Time // when it was last read; zero: never
	Fault  string    // why it could not be read since; "" if it could
}

// Wall keeps the lines. It is safe for concurrent use.
type Wall struct {
	stores map[string]Store // by name; "" is the default one
	now    func() time.Time
	log    *slog.Logger

	mu    sync.Mutex
	lines []Line
}

// New returns a wall that has read nothing yet.
func New(signals []Settings, stores map[string]Store, now func() time.Time, log *slog.Logger) *Wall {
	w := &Wall{stores: stores, now: now, log: log}
	for _, s := range signals {
		w.lines = append(w.lines, Line{Settings: s})
	}
	return w
}

// Lines returns what is known now. Nobody may change the values.
func (w *Wall) Lines() []Line {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.lines)
}

// Run asks for the signals, one after the other, until ctx ends.
func (w *Wall) Run(ctx context.Context) error {
	if len(w.Lines()) == 0 {
		return nil
	}
	t := time.NewTicker(askEvery)
	defer t.Stop()
	for {
		for i, line := range w.Lines() {
			w.read(ctx, i, line)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
	}
}

// read reads what is new of one line. What was read before stays where a store does not answer.
func (w *Wall) read(ctx context.Context, i int, line Line) {
	asking, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	fresh, err := w.continued(asking, line)
	switch {
	case ctx.Err() != nil:
		return
	case err != nil && line.Fault == "":
		w.log.Warn("cannot read a main signal; the page shows what was read before", "signal", line.Name, "error", err)
	case err == nil && line.Fault != "":
		w.log.Info("a main signal can be read again", "signal", line.Name)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.lines[i].Fault = err.Error()
		return
	}
	w.lines[i] = fresh
}

// continued returns the line up to now. It asks for the newest points alone where it has the others.
func (w *Wall) continued(ctx context.Context, line Line) (Line, error) {
	store, known := w.stores[line.Store]
	if !known {
		return line, fmt.Errorf("there is no metric store %q", line.Store)
	}
	now := w.now()
	end := now.Add(-store.Latency()).Truncate(Step)
	from := end.Add(-Span)
	asked := sources.Window{From: from, To: end}
	values := line.shifted(from)
	if last := line.end(); line.Fault == "" && last.After(from) {
		asked.From = latest(from, last.Add(-overlap))
	}
	series, err := store.Range(ctx, sources.Query{Expr: line.Expr(store.Resolution()), Step: Step}, asked)
	if err != nil {
		return line, err
	}
	if len(series) > 1 {
		return line, fmt.Errorf("the query has %d series for a result: write one that has one, such as sum(…)", len(series))
	}
	for at := asked.From; !at.After(end); at = at.Add(Step) {
		values[at.Sub(from)/Step] = math.NaN()
	}
	for _, s := range series {
		put(values, from, s.Samples)
	}
	line.From, line.Values, line.ReadAt, line.Fault = from, values, now, ""
	if !slices.ContainsFunc(values, func(v float64) bool { return !math.IsNaN(v) }) {
		return line, errors.New("the query has no result in the last day")
	}
	return line, nil
}

// put writes samples at their places.
func put(values []float64, from time.Time, samples []sources.Sample) {
	for _, p := range samples {
		after := time.UnixMilli(p.T).Sub(from)
		if i := int(after / Step); after >= 0 && i < len(values) && !math.IsInf(p.V, 0) {
			values[i] = p.V
		}
	}
}

// end is the time of the last value, zero where there is none.
func (l Line) end() time.Time {
	if len(l.Values) == 0 {
		return time.Time{}
	}
	return l.From.Add(time.Duration(len(l.Values)-1) * Step)
}

// shifted are the values of the line from a later time on, with gaps where it has none.
func (l Line) shifted(from time.Time) []float64 {
	values := make([]float64, Span/Step+1)
	for i := range values {
		values[i] = math.NaN()
		at := from.Add(time.Duration(i) * Step).Sub(l.From)
		if old := int(at / Step); at >= 0 && old < len(l.Values) {
			values[i] = l.Values[old]
		}
	}
	return values
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
