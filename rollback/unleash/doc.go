// Package unleash turns a feature flag of Unleash off, or restores what it served before a
// change, through the Admin API (docs.getunleash.io, features and strategies).
//
//	to: off         POST …/environments/{environment}/off
//	to: previous    the target version: off, on, or a share such as 25%
//
// A share is set in the only gradual rollout (flexibleRollout) of the flag in the
// environment, by a JSON patch of /parameters/rollout. Its stickiness, groups, constraints
// and segments do not change, so that each user stays on the same side. With more than one
// rollout it is not known which one was changed, and the hook refuses. Unleash has whole
// percents only.
//
// A flag that has the wanted value already is left alone. The hook is idempotent.
package unleash
