// Package launchdarkly turns a feature flag of LaunchDarkly off, or restores what it
// served before a change, by one semantic patch (PATCH /api/v2/flags/{project}/{flag},
// launchdarkly.com/docs/api/feature-flags).
//
//	to: off         turnFlagOff: everybody gets the off variation
//	to: previous    the target version: off, on, a share such as 25%, or a variation
//
// A share needs a flag with two variations. It is the share of the one that is not served
// when the flag is off. It is set by updateFallthroughVariationOrRollout with the context
// kind and attribute of the present rollout, so that each user stays on the same side.
// Rules and targets that come before the fallthrough are left alone.
//
// A flag that has the wanted value already is left alone. The hook is idempotent.
package launchdarkly
