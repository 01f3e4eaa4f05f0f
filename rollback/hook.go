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
