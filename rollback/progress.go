package rollback

import "context"

type startedKey struct{}

// WithStarted asks a hook to tell, once, what it has set going before it
// waits for the end: a command's process group, a run that it follows. A
// process that dies in between leaves this behind as the only trace of what may
// still run.
func WithStarted(ctx context.Context, tell func(Receipt)) context.Context {
	return context.WithValue(ctx, startedKey{}, tell)
}

// Started is called by a hook that has set something going. Without
// WithStarted it does nothing.
func Started(ctx context.Context, r Receipt) {
	if tell, ok := ctx.Value(startedKey{}).(func(Receipt)); ok {
		tell(r)
	}
}

// Resumer looks for the end of what an earlier Do had set going and told
// through Started, where the process that did so is gone. It only looks: a hook
// that may be called once is not called again, and its outcome is found all the
// same. Its errors are those of Do.
type Resumer interface {
	Resume(ctx context.Context, p Plan, started Receipt) (Receipt, error)
}
