package trust

import "context"

// Record returns how often a rule has fired with all services together, and how often people called that a
// false alarm. The hash names the rule. A record that cannot be read counts as none, because a message
// without it is better than no message.
func (k *Keeper) Record(ctx context.Context, hash string) (wrong, fired int) {
	wrong, fired, err := k.Store.CountFired(ctx, hash)
	if err != nil {
		k.Log.Warn("cannot read how often a rule was wrong; the message does not say it", "rule_hash", hash, "error", err)
		return 0, 0
	}
	return wrong, fired
}

// RecordNamed is Record of the rule in force that is called so; none where there is no such rule any more.
func (k *Keeper) RecordNamed(ctx context.Context, rule string) (wrong, fired int) {
	r, err := k.ruleNamed(rule)
	if err != nil {
		return 0, 0
	}
	return k.Record(ctx, r.Hash)
}
