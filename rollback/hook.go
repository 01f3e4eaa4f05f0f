package rollback

import (
	"context"
	"time"
)

// Hook carries a rollback out. Do refuses the zero Warrant. An error that wraps
// ErrOutcomeUnknown means nobody can tell whether it ran; one that wraps ErrNotSent, that
// it certainly did not; any other, that it ran and failed.
//
// A hook may offer more, which the engine and `pushback hooks test` look for:
// Preflighter, DryRunner, Verifier and Resumer.
type Hook interface {
	Do(ctx context.Context, w Warrant) (Receipt, error)
}

// Settings is what the Config of every hook kind says of itself. It may also say
//
//	Idempotent() bool   sending it twice under one key does no harm; else it does
//	Aborts() bool       it may stop a rollout that is under way; else it may not
//
// which an operator's `idempotent:` and `abort:` override.
type Settings interface {
	CallTimeout() time.Duration // how long Do may take, the default where none is configured
}

// Preflighter looks whether a hook could act: that the other side is there,
// takes our credentials, and that nobody else will undo what we do. It changes
// nothing, anywhere.
type Preflighter interface {
	Preflight(ctx context.Context, p Plan) []Check
}

// DryRunner says what a hook would do, having looked at the other side as Do
// would, and does none of it.
type DryRunner interface {
	DryRun(ctx context.Context, p Plan) (Preview, error)
}

// Verifier looks at what runs, whatever a receipt says.
//
// See adr/0048.
type Verifier interface {
	Verify(ctx context.Context, p Plan) (Sighting, error)
}
