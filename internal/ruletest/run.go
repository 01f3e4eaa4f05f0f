package ruletest

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"

	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources/metrics/embedded"
)

// Report is the results of one file of tests.
type Report struct {
	File     string             `json:"file"`
	Tests    []Result           `json:"tests"`
	Mistakes []rules.Diagnostic `json:"mistakes,omitempty"` // in the file or its rules; no test was run then
}

// Failed counts the tests that failed.
func (r Report) Failed() int {
	n := 0
	for _, t := range r.Tests {
		if len(t.Failures) > 0 {
			n++
		}
	}
	return n
}

// Result is the result of one test. It passed if there are no Failures.
type Result struct {
	Name     string    `json:"name"`
	Line     int       `json:"line"`
	Seconds  float64   `json:"seconds"`
	Failures []Failure `json:"failures"`
}

// Run runs the tests whose names filter accepts, with the rules of set. It ends early
// only with ctx's error. now measures how long each test takes.
func (s *Suite) Run(ctx context.Context, set *rules.Set, filter func(name string) bool, now func() time.Time) (Report, error) {
	report := Report{File: s.File, Tests: []Result{}}
	for _, t := range s.tests {
		if !filter(t.name) {
			continue
		}
		began := now()
		failures, err := t.run(ctx, set)
		if err != nil {
			return report, fmt.Errorf("%s:%d: %s: %w", s.File, t.line, t.name, err)
		}
		report.Tests = append(report.Tests, Result{Name: t.name, Line: t.line, Seconds: now().Sub(began).Seconds(), Failures: failures})
	}
	return report, nil
}

// run replays the test's change under the rules that the test names.
func (t test) run(ctx context.Context, set *rules.Set) ([]Failure, error) {
	var failures []Failure
	var names []string
	for _, e := range t.expect {
		names = append(names, e.Rule)
	}
	some := set.Only(names...)
	options := backtest.Options{
		Rules: some, Stores: map[string]gather.Ranger{}, Default: "test", Now: t.end(), Workers: 1,
		Service: func(context.Context, string, time.Time) (rules.Service, error) { return t.service, nil },
		Good:    backtest.GoodAmong(t.good),
	}
	store := embedded.InMemory("test", t.interval, t.storedSeries(), slog.New(slog.DiscardHandler))
	options.Stores["test"] = store
	for _, r := range some.Rules() {
		options.Stores[r.Store] = store
	}
	delete(options.Stores, "")
	err := backtest.Run(ctx, options, []backtest.Moment{{Change: t.change}}, func(_ backtest.Moment, replays []backtest.Replay) error {
		for _, e := range t.expect {
			if f := t.compare(e, some, replays); len(f.Differences) > 0 {
				failures = append(failures, f)
			}
		}
		return nil
	})
	return failures, err
}

// end returns the time of the last sample.
func (t test) end() time.Time { return Start.Add(time.Duration(t.length()-1) * t.interval) }

func (t test) length() int {
	n := 1
	for _, l := range t.series {
		n = max(n, len(l.values))
	}
	return n
}

// storedSeries returns the test's series, and a series `up` as a sign that the store
// is alive. A test with an `up` of its own can simulate an outage.
func (t test) storedSeries() []storage.Series {
	shared := seed(t.name)
	var all []storage.Series
	for _, l := range t.series {
		all = append(all, l.samples(t.interval, shared))
	}
	if !slices.ContainsFunc(t.series, func(l testSeries) bool { return l.labels.Get("__name__") == "up" }) {
		alive := testSeries{labels: labels.FromStrings("__name__", "up", "job", "pushback-rules-test"), values: ones(t.length())}
		all = append(all, alive.samples(t.interval, shared))
	}
	return all
}

func ones(n int) []parser.SequenceValue {
	all := make([]parser.SequenceValue, n)
	for i := range all {
		all[i].Value = 1
	}
	return all
}
