package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// init makes times in golden files the same on every machine.
func init() { time.Local = time.UTC }

// checkGolden compares a text with a file of testdata/terminal, and shows how to write it anew.
func checkGolden(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join("testdata", "terminal", name)
	if *update {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (go test ./cmd/pushback -update writes it anew):\n%s", name, text)
	}
}

var noon = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

// steps are n ticks around a level.
func steps(level, swing float64, n int) detector.Values {
	v := make(detector.Values, n)
	for i := range v {
		v[i] = level + swing*float64((i*7)%5-2)/2
	}
	return v
}

func errorsSignal(grade detector.Grade, before, after float64) api.WatchedSignal {
	return api.WatchedSignal{
		Rule: "http-red", State: "watching", At: noon, Tick: time.Minute, Before: steps(before, before/5, 30), After: steps(after, after/5, 12),
		Evidence: detector.Evidence{
			Signal: "errors", Unit: "fraction", Grade: grade, P: 0.0002, Tests: []detector.Test{detector.ByCounts},
			Effect: detector.Effect{Forecast: before, After: after, Difference: after - before, Ratio: after / before, Low: 0.019, High: 0.034},
			Counts: &detector.Tally{BadBefore: 150, TotalBefore: 30000, BadAfter: 372, TotalAfter: 12000},
		},
	}
}

func latencySignal(after float64) api.WatchedSignal {
	return api.WatchedSignal{
		Rule: "http-red", State: "watching", At: noon, Tick: time.Minute, Before: steps(0.082, 0.01, 30), After: steps(after, 0.01, 12),
		Evidence: detector.Evidence{
			Signal: "latency.mean", Unit: "seconds", P: 0.41, Healthy: true,
			Effect: detector.Effect{Forecast: 0.082, After: after, Difference: after - 0.082, Ratio: after / 0.082, Low: -0.004, High: 0.009},
		},
	}
}

func changeOf(key, service, version, state, grade string, started time.Time) api.ChangeSummary {
	return api.ChangeSummary{State: state, Grade: grade, Change: api.Change{Key: key, Change: sources.Change{
		Service: service, Environment: "production", Kind: sources.Deploy, Version: version, StartedAt: started, FinishedAt: started.Add(time.Minute), Actor: "ada",
	}}}
}

// badCart, calmSearch and rollingFlag are what the fixture watches.
func badCart() api.WatchedChange {
	c := api.WatchedChange{ChangeSummary: changeOf("kq3v5d2y7mabcdefghijklmnop", "cart", "v42", "watching", "certain", noon.Add(-14*time.Minute))}
	c.Order, c.Until = "proposed", noon.Add(18*time.Minute)
	c.Signals = []api.WatchedSignal{latencySignal(0.084), errorsSignal(detector.Certain, 0.005, 0.031)}
	return c
}

func calmSearch() api.WatchedChange {
	c := api.WatchedChange{ChangeSummary: changeOf("7zt2mmc4qaabcdefghijklmnop", "search", "v7", "watching", "none", noon.Add(-5*time.Minute))}
	c.Until = noon.Add(27 * time.Minute)
	c.Signals = []api.WatchedSignal{errorsSignal(detector.None, 0.005, 0.005), latencySignal(0.08)}
	return c
}

func rollingFlag() api.WatchedChange {
	c := api.WatchedChange{ChangeSummary: changeOf("vv4hq2c7sgabcdefghijklmnop", "shop", "25%", "waiting", "none", noon.Add(-20*time.Second))}
	c.Kind, c.Group, c.Status = sources.Flag, "new-checkout", sources.Started
	c.Signals = []api.WatchedSignal{}
	return c
}

func watchedFixture() api.Watched {
	return api.Watched{Changes: []api.WatchedChange{badCart(), calmSearch(), rollingFlag()}, Now: noon}
}

func statusFixture() api.Status {
	cart := badCart()
	return api.Status{
		Version: "v1.4.0", Watches: 3, Orders: 1, Frozen: true, FrozenBy: "friday afternoon",
		Holds:    []api.Hold{{ID: "h12", Kind: "push", Service: "cart", Actor: "ada", Why: "incident 7"}},
		Problems: []api.ComponentProblem{{Component: "metrics/prod", Detail: "connection refused"}},
		Proposed: []api.Order{{Key: cart.Key, Change: cart.Change.Change, Hook: "redeploy", Target: "v41", State: "proposed", ExpiresAt: noon.Add(50 * time.Minute)}},
		UnderWay: []api.Order{{
			Key: "pay", Change: sources.Change{Service: "payments", Kind: sources.Deploy, Version: "v9"}, Hook: "argo", Target: "v8", State: "sending",
			Receipt: &rollback.Receipt{Status: "2 of 5 pods"},
		}},
	}
}

// explained is a change with one watch that has looked.
func explained(c api.WatchedChange) api.Explanation {
	w := api.Watch{Rule: "http-red", State: c.State, Grade: c.Grade, Plan: detector.Plan{Tick: time.Minute, After: 30}, Last: &api.Record{At: noon}}
	w.Last.Verdict = detector.Verdict{Rule: "http-red", At: noon, Tick: 12, Grade: detector.Certain, Outcome: detector.Regressed, Method: "1"}
	w.Last.Observation = detector.Observation{At: noon, StartedAt: c.StartedAt, From: c.StartedAt.Add(2 * time.Minute), Gap: 2}
	for _, s := range c.Signals {
		w.Last.Verdict.Signals = append(w.Last.Verdict.Signals, s.Evidence)
		w.Last.Observation.Readings = append(w.Last.Observation.Readings, detector.Reading{
			Signal: s.Evidence.Signal, Before: detector.Ticks{Value: s.Before}, After: detector.Ticks{Value: s.After},
		})
	}
	return api.Explanation{Change: c.ChangeSummary, Watches: []api.Watch{w}, Messages: []api.Message{}, Journal: []api.Entry{}}
}

// asJSON is a value after it went over the wire.
func asJSON[T any](t *testing.T, v T) (back T) {
	t.Helper()
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &back)
	}
	if err != nil {
		t.Fatal(err)
	}
	return back
}

var wide = report.Style{Width: 100}
