package daemon

import (
	"github.com/pushback/pushback/internal/engine"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// What the engine says, as the API says it.

func troubles(ps []engine.Problem) []api.ComponentProblem {
	ts := []api.ComponentProblem{}
	for _, p := range ps {
		ts = append(ts, api.ComponentProblem(p))
	}
	return ts
}

func diagnostics(ds []rules.Diagnostic) []api.Diagnostic {
	all := []api.Diagnostic{}
	for _, d := range ds {
		all = append(all, api.Diagnostic{
			File: d.File, Line: d.Line, Column: d.Column, Code: d.Code, Message: d.Message, Hint: d.Hint,
		})
	}
	return all
}

func warnings(e *engine.Engine) func(sources.Event, sources.Change) []api.Warning {
	return func(ev sources.Event, c sources.Change) (all []api.Warning) {
		for _, w := range e.Warn(ev, c) {
			all = append(all, api.Warning{Code: w.Code, Detail: w.Detail, Hint: w.Hint})
		}
		return all
	}
}
