package gather

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Resolve finds out where each signal's numbers come from, by asking the store which of the
// rule's expressions has data at the end of the before window. store is the store's name in
// pushback.yml.
//
// The plan is always valid. No inputs without an error means that the catalogue does not
// know the service: unmatched. The error is the store's.
func Resolve(ctx context.Context, r Ranger, store string, b rules.Bound, base time.Time) (detector.Plan, []watch.Input, error) {
	resolution := r.Resolution()
	unresolved := b.Plan(rules.Resolved{Resolution: resolution})
	answers, err := probe(ctx, b, r, base)
	switch {
	case errors.Is(err, rules.ErrNoMatch):
		return unresolved, nil, nil
	case err != nil:
		return unresolved, nil, err
	}
	resolved := nameLabels(ctx, r, b, b.Resolve(answers, resolution), base)
	inputs, err := b.Inputs(resolved)
	for i := range inputs {
		inputs[i].Store = store
	}
	return b.Plan(resolved), inputs, err
}

// Choose returns which of a rule's signals have data at a moment, and by which of their
// expressions. The error is the store's, or rules.ErrNoMatch.
func Choose(ctx context.Context, r Ranger, b rules.Bound, at time.Time) (rules.Resolved, error) {
	answers, err := probe(ctx, b, r, at)
	if err != nil {
		return rules.Resolved{}, err
	}
	return nameLabels(ctx, r, b, b.Resolve(answers, r.Resolution()), at), nil
}

// nameLabels asks which labels the counters have that lack one of `bad`. That is for people
// only, so that a failure changes nothing.
func nameLabels(ctx context.Context, r Ranger, b rules.Bound, resolved rules.Resolved, at time.Time) rules.Resolved {
	for signal, expr := range b.LabelProbes(resolved) {
		if series, err := r.Instant(ctx, expr, at); err == nil {
			resolved = b.WithLabels(resolved, signal, series)
		}
	}
	return resolved
}

// probe asks the store the questions whose answers the rule needs. An expression that the
// store cannot evaluate has no data, so that the next of any_of is tried. If it can evaluate
// none of a signal, that is the store's error.
//
// See adr/0059.
func probe(ctx context.Context, b rules.Bound, r Ranger, at time.Time) (map[rules.Probe][]sources.Series, error) {
	exist, err := existing(ctx, b, r, at)
	if err != nil {
		return nil, err
	}
	probes, err := b.Probes(r.Resolution(), exist)
	if err != nil {
		return nil, err
	}
	answers := map[rules.Probe][]sources.Series{}
	refused := map[signalQuestion]error{}
	for _, p := range probes {
		series, err := r.Instant(ctx, p.Expr, at)
		var fault *sources.Fault
		switch {
		case errors.As(err, &fault) && fault.Refused:
			if q := questionOf(p); refused[q] == nil {
				refused[q] = fmt.Errorf("signal %s: %w", p.Signal, err)
			}
		case err != nil:
			return nil, err
		default:
			answers[p] = series
		}
	}
	return answers, firstUnanswered(probes, answers, refused)
}

// existing asks which of the metrics that a rule reads a service has, where they are many. nil:
// the store does not say, so that each expression is asked for.
func existing(ctx context.Context, b rules.Bound, r Ranger, base time.Time) (map[string]bool, error) {
	expr, err := b.NamesProbe(r.Resolution())
	if err != nil || expr == "" {
		return nil, err
	}
	series, err := r.Instant(ctx, expr, base)
	var fault *sources.Fault
	switch {
	case errors.As(err, &fault) && fault.Refused:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return b.Exist(series), nil
}

// signalQuestion is what several probes ask together: whether a signal has data, or which parts it
// has.
type signalQuestion struct {
	signal string
	parts  bool
}

func questionOf(p rules.Probe) signalQuestion { return signalQuestion{p.Signal, p.Form == rules.Parts} }

// firstUnanswered is the error of the first question of which no probe could be evaluated.
func firstUnanswered(probes []rules.Probe, answers map[rules.Probe][]sources.Series, refused map[signalQuestion]error) error {
	answered := map[signalQuestion]bool{}
	for p := range answers {
		answered[questionOf(p)] = true
	}
	for _, p := range probes {
		if q := questionOf(p); !answered[q] && refused[q] != nil {
			return refused[q]
		}
	}
	return nil
}
