package engine

import (
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
)

// responseDetail is what the journal records of a response, beside what it records of every
// look. Without an order it has what was said of the rollback: what the rule would have done,
// and what stood against it then.
func responseDetail(l look, a rules.Action, o *rollback.Order, said string) map[string]any {
	detail := map[string]any{
		"line": a.Line, "told": a.Tell, "untold": a.NoReceiver,
		"freezes": l.moment.Freezes, "business_hours": l.moment.Business,
	}
	if o != nil {
		detail["inputs"] = l.watch.Inputs
	}
	if a.Rollback != nil {
		asked := map[string]any{
			"hook": a.Rollback.Hook, "mode": a.Rollback.Mode.String(), "written": a.Rollback.Written.String(), "ordered": o != nil,
		}
		if o == nil {
			asked["said"] = said
		}
		detail["rollback"] = asked
	}
	return detail
}

// journal adds an entry about a look, with its verdict. The first entry of a look also has
// everything that the verdict was judged from.
func (k *looker) journal(e *store.Effects, l look, action string, detail map[string]any) error {
	detail["watch"], detail["grade"], detail["state"] = l.watch.ID, l.next.Grade, l.next.State
	detail["rule"], detail["rule_hash"], detail["verdict"] = l.watch.RuleText, l.watch.RuleHash, l.verdict
	if !l.watch.After.IsZero() {
		detail["after"] = l.watch.After // it judges the rollback
	}
	if l.verdict != nil && len(e.Entries) == 0 {
		basis := replay.Basis{Observation: l.observation, Plan: &l.watch.Plan, Facts: &l.facts, Profiles: l.profiles}
		if err := basis.AddTo(detail); err != nil {
			return err
		}
		e.Profiles = l.profiles.Sorted()
	}
	b, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("encoding the journal's entry of a look: %w", err)
	}
	e.Entries = append(e.Entries, store.Entry{At: k.Now(), ChangeKey: l.change.Key, Actor: "rule " + l.watch.Rule, Action: action, Detail: b})
	return nil
}
