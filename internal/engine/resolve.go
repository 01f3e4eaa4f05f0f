package engine

import (
	"cmp"
	"context"
	"fmt"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/watch"
)

// boundRule is the rule a watch began with: the one in force where it is
// unchanged, and else the text stored with the watch.
func (e *Engine) boundRule(ctx context.Context, w watch.Watch, c store.Change) (rules.Bound, error) {
	service, err := e.catalogue.Service(ctx, c.Service, e.Now())
	if err != nil {
		e.Log.Debug("service discovery", "service", c.Service, "error", err)
	}
	for _, b := range e.rules.set().For(c.Change, service) {
		if r := b.Rule(); r.Name == w.Rule && r.Text == w.RuleText {
			return b, nil
		}
	}
	stored, broken := rules.Parse(w.RuleText, e.World)
	if len(broken) > 0 {
		return rules.Bound{}, fmt.Errorf("rule %s as stored with the watch: %w", w.Rule, broken[0])
	}
	return rules.Bind(stored, c.Change, service), nil
}

// resolve finds out where each signal's numbers come from, by asking the
// store which of the rule's expressions has data. Until judging begins it is
// asked anew at every look; then the inputs are fixed. The error is the
// store's, and leaves a plan without inputs: the look is blind.
func (e *Engine) resolve(ctx context.Context, w watch.Watch, b rules.Bound) (watch.Watch, error) {
	name := cmp.Or(b.Rule().Store, e.World.Default)
	ranger, ok := e.shared[name]
	if !ok {
		return w, fmt.Errorf("no metric store %q in pushback.yml", name)
	}
	asked, thresholds := e.Now(), w.Plan.Thresholds
	if thresholds == (detector.Thresholds{}) {
		thresholds = e.trust.Thresholds(ctx, b.Rule())
	}
	var err error
	w.Plan, w.Inputs, err = gather.Resolve(ctx, ranger, name, b, w.BaseAt)
	w.Plan.Thresholds = thresholds
	if err != nil {
		e.stores.failed(name, err, asked)
	}
	return w, err
}
