// Package unleash turns a flag of Unleash off, or back to what it was before a
// ramp, through the Admin API (docs.getunleash.io, features and strategies).
//
//	to: off         POST …/environments/{environment}/off
//	to: previous    the version to go back to: off, on, or a share such as 25%
//
// A share is written into the one gradual rollout (flexibleRollout) that the
// flag has in the environment, by a JSON patch of /parameters/rollout, so that
// its stickiness, groups, constraints and segments stay, and those who had
// seen the new side and those who had not stay who they were. With more than
// one rollout nobody could tell which was ramped, and it refuses. Unleash
// counts whole percents.
//
// A flag that is there already is left alone. The kind is idempotent.
package unleash
