package rollback

import (
	"fmt"
	"time"
)

// RunningVersion is the version that a Verifier found running. In the zero value
// nothing was found.
type RunningVersion struct {
	At         time.Time `json:"at,omitzero"`
	TargetRuns bool      `json:"settled"`           // the target is the version that runs
	Version    string    `json:"running,omitempty"` // the version that runs, as the deploy tool calls it
	Detail     string    `json:"detail,omitempty"`
}

// UnverifiableError is the error of a Verify that cannot look, because the
// configuration does not say where. It says nothing about the rollback.
type UnverifiableError struct{ Why string }

// Error says what is missing.
func (u *UnverifiableError) Error() string { return "cannot find out which version runs: " + u.Why }

// VerificationState is the result of a verification.
type VerificationState string

// The results of a verification. An order without a Verification is still being
// verified, or its hook cannot verify.
const (
	TargetRunning    VerificationState = "seen"      // the target runs
	TargetNotRunning VerificationState = "unseen"    // the target did not run within the time it had
	CannotVerify     VerificationState = "unseeable" // the configuration does not say where to look
	Overtaken        VerificationState = "overtaken" // a newer change came first, so that the target need not run any more
)

// VerificationStates are all results of a verification.
var VerificationStates = []VerificationState{TargetRunning, TargetNotRunning, CannotVerify, Overtaken}

// Verification says whether a rollback that a hook reported as done took place.
// The receipt is the hook's own report; the verification is an independent check.
type Verification struct {
	State VerificationState `json:"state"`
	At    time.Time         `json:"at"`
	Found RunningVersion    `json:"sighting,omitzero"` // what was found last
	Why   string            `json:"why,omitempty"`     // why nothing was found
}

// String is the verification in a few words, for people.
func (v Verification) String() string {
	switch v.State {
	case TargetRunning:
		return "found running"
	case TargetNotRunning:
		return "NOT found running: " + v.foundInstead()
	case CannotVerify:
		return "not verified: " + v.Why
	case Overtaken:
		return "not verified: a newer change came first"
	}
	return string(v.State)
}

// foundInstead says what was found in place of the target.
func (v Verification) foundInstead() string {
	switch r := v.Found; {
	case r.At.IsZero():
		return v.Why
	case r.Version == "":
		return "the deploy tool does not say which version runs"
	case r.Detail == "":
		return fmt.Sprintf("%q runs", r.Version)
	default:
		return fmt.Sprintf("%q runs, %s", r.Version, r.Detail)
	}
}
