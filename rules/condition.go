package rules

import (
	"github.com/pushback/pushback/detector"
)

// condition is what a `when` may use. It has no clock: whether a freeze window is
// open is part of the moment, so that a replay decides the same.
type condition struct {
	Change  changeWords       `expr:"change"`
	Verdict verdictWords      `expr:"verdict"`
	Service serviceWords      `expr:"service"`
	Freeze  func(string) bool `expr:"freeze"`

	Evidence []evidenceWords          `expr:"evidence"` // every signal, in the order of the rule
	Signals  map[string]evidenceWords `expr:"signals"`  // the same by name; of a histogram signals["latency.mean"]
	Business func() bool              `expr:"business_hours"`
}

type changeWords struct {
	ID          string            `expr:"id"`
	Service     string            `expr:"service"`
	Environment string            `expr:"environment"`
	Region      string            `expr:"region"`
	Kind        string            `expr:"kind"`
	Version     string            `expr:"version"`
	Previous    string            `expr:"previous"`
	Group       string            `expr:"group"`
	Actor       string            `expr:"actor"`
	Riders      []string          `expr:"riders"`
	Labels      map[string]string `expr:"labels"`
	Reversible  bool              `expr:"reversible"`
}

type verdictWords struct {
	Grade   string   `expr:"grade"`
	Reason  string   `expr:"reason"`
	State   string   `expr:"state"`
	MayAct  bool     `expr:"may_act"`
	Tick    int      `expr:"tick"`
	Signals []string `expr:"signals"` // those at the verdict's grade
}

// evidenceWords is the evidence of one signal.
type evidenceWords struct {
	Signal     string   `expr:"signal"`
	Grade      string   `expr:"grade"`
	Reason     string   `expr:"reason"`
	Tests      []string `expr:"tests"`
	P          float64  `expr:"p"`
	Forecast   float64  `expr:"forecast"`
	After      float64  `expr:"after"`
	Difference float64  `expr:"difference"`
	Ratio      float64  `expr:"ratio"`
	Events     float64  `expr:"events"` // after the change; 0 of a level
	Healthy    bool     `expr:"healthy"`
}

type serviceWords struct {
	Name   string            `expr:"name"`
	Owner  string            `expr:"owner"`
	Labels map[string]string `expr:"labels"`
}

func environment(m Moment, s Service) condition {
	c := m.Change
	return condition{
		Change: changeWords{
			ID: c.ID, Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: string(c.Kind),
			Version: c.Version, Previous: c.Previous, Group: c.Group, Actor: c.Actor, Riders: c.Riders,
			Labels: c.Labels, Reversible: c.Reversible,
		},
		Verdict: verdictWords{
			Grade: gradeWord(m.Grade), Reason: string(m.Verdict.Reason), State: string(m.State),
			MayAct: m.Verdict.MayAct, Tick: m.Verdict.Tick, Signals: worst(m.Verdict),
		},
		Service: serviceWords{Name: s.Name, Owner: s.Owner, Labels: s.Match},
		Freeze:  func(name string) bool { return m.Freezes[name] },

		Evidence: evidenceOf(m.Verdict), Signals: byName(evidenceOf(m.Verdict)),
		Business: func() bool { return m.Business },
	}
}

func evidenceOf(v detector.Verdict) []evidenceWords {
	all := make([]evidenceWords, len(v.Signals))
	for i, e := range v.Signals {
		all[i] = evidenceWords{
			Signal: e.Signal, Grade: gradeWord(e.Grade), Reason: string(e.Reason), P: e.P, Forecast: e.Effect.Forecast,
			After: e.Effect.After, Difference: e.Effect.Difference, Ratio: e.Effect.Ratio, Healthy: e.Healthy,
		}
		for _, t := range e.Tests {
			all[i].Tests = append(all[i].Tests, string(t))
		}
		if e.Counts != nil {
			all[i].Events = e.Counts.TotalAfter
		}
	}
	return all
}

func byName(all []evidenceWords) map[string]evidenceWords {
	signals := make(map[string]evidenceWords, len(all))
	for _, e := range all {
		signals[e.Signal] = e
	}
	return signals
}

func worst(v detector.Verdict) []string {
	var names []string
	for _, e := range v.Signals {
		if v.Grade > detector.None && e.Grade == v.Grade {
			names = append(names, e.Signal)
		}
	}
	return names
}
