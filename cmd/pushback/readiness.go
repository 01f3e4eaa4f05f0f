package main

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/readiness"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
)

// readinessOf asks from when on the signals that rules see of a service can be judged.
func readinessOf(ctx context.Context, o survey.Options, s rules.Service, c survey.Coverage) (all []readiness.Signal, err error) {
	change := o.Like
	change.Service = c.Service
	for _, b := range o.Rules.For(change, s) {
		at := slices.IndexFunc(c.Covered, func(v survey.RuleCoverage) bool { return v.Rule == b.Rule().Name })
		if at < 0 {
			continue
		}
		name := cmp.Or(b.Rule().Store, o.Default)
		signals, err := readiness.Of(ctx, o.Stores[name], name, b, c.Service, o.At)
		if err != nil {
			return all, err
		}
		without := slices.Concat(c.Covered[at].Without, c.Covered[at].Unseen)
		all = append(all, slices.DeleteFunc(signals, func(s readiness.Signal) bool { return slices.Contains(without, signalOf(s)) })...)
	}
	return all, nil
}

// signalOf is the signal of the rule: a histogram is judged as latency.mean and latency.slow.
func signalOf(s readiness.Signal) string {
	name, _, _ := strings.Cut(s.Signal, ".")
	return name
}
