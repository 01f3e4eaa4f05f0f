// Package launchdarkly turns a flag of LaunchDarkly off, or back to what it
// served before a ramp, by one semantic patch (PATCH
// /api/v2/flags/{project}/{flag}, launchdarkly.com/docs/api/feature-flags).
//
//	to: off         turnFlagOff: everybody gets the off variation
//	to: previous    the version to go back to: off, on, a share such as 25%, or a variation
//
// A share is of a flag with two variations: of the one that is not served when
// the flag is off. It is written as updateFallthroughVariationOrRollout, under
// the context kind and attribute that the ramp has used, so that those who had
// seen the new side and those who had not stay who they were. Rules and
// targets that stand before the fallthrough are left alone.
//
// A flag that is there already is left alone. The kind is idempotent.
package launchdarkly
