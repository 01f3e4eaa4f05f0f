package rollback

import (
	"context"
	"time"
)

// Hook carries out a rollback. Do refuses the zero Warrant. Its error wraps
// ErrNotSent if the rollback certainly did not run, and ErrOutcomeUnknown if it may
// have run. Any other error means that it ran and failed.
//
// A hook may also be a Preflighter, DryRunner, Verifier or Resumer, which the engine and
// `pushback hooks test` look for.
type Hook interface {
	Do(ctx context.Context, w Warrant) (Receipt, error)
}

// Settings is implemented by the Config of every hook kind. A Config may also have
//
//	Idempotent() bool      whether Do may be called twice with one key; default false
//	Aborts() bool          whether Do may abort a rollout that is under way; default false
//	FixedTarget() string   the version that Do restores for every flag and experiment,
//	                       such as off; default "": the one that was live before
//
// The keys `idempotent`, `abort` and `target` of a hook in pushback.yml override them.
type Settings interface {
	CallTimeout() time.Duration // how long Do may take, unless the hook has a `timeout` in pushback.yml
}

// Preflighter is a Hook that can check whether it could act: whether the deploy
// tool answers and accepts our credentials, whether the target exists, and
// whether something else would undo the rollback. Preflight changes nothing.
type Preflighter interface {
	Preflight(ctx context.Context, p Plan) []Check
}

// DryRunner is a Hook that can say what it would do. DryRun reads what Do would
// read, and changes nothing.
type DryRunner interface {
	DryRun(ctx context.Context, p Plan) (Preview, error)
}

// Verifier is a Hook that can find out which version runs, independently of the
// receipt. Verify returns an *UnverifiableError if the configuration does not say
// where to look.
//
// See adr/0048.
type Verifier interface {
	Verify(ctx context.Context, p Plan) (RunningVersion, error)
}
