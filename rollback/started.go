package rollback

import "context"

type startedKey struct{}

// WithStarted returns a context under which a hook reports, once, what it has
// started, before it waits for the end: a command's process group, or a workflow
// run. If Pushback crashes while it waits, this report is the only trace of what
// may still run.
func WithStarted(ctx context.Context, report func(Receipt)) context.Context {
	return context.WithValue(ctx, startedKey{}, report)
}

// ReportStarted reports what a hook has started. Without WithStarted it does
// nothing.
func ReportStarted(ctx context.Context, r Receipt) {
	if report, ok := ctx.Value(startedKey{}).(func(Receipt)); ok {
		report(r)
	}
}

type progressKey struct{}

// WithProgress returns a context under which a hook reports how far the rollout has
// come that it follows, such as "1 of 3 replicas updated", at every look.
func WithProgress(ctx context.Context, report func(progress string)) context.Context {
	return context.WithValue(ctx, progressKey{}, report)
}

// ReportProgress reports how far a rollout has come. Without WithProgress, or with
// nothing to say, it does nothing.
func ReportProgress(ctx context.Context, progress string) {
	if report, ok := ctx.Value(progressKey{}).(func(string)); ok && progress != "" {
		report(Output(progress))
	}
}

// Resumer is a Hook that finds the outcome of an earlier Do after a crash, from
// what Do had reported through ReportStarted. It only reads, so that it is safe
// for a hook that may be called once only. Its errors are those of Do.
type Resumer interface {
	Resume(ctx context.Context, p Plan, started Receipt) (Receipt, error)
}

type replicaKey struct{}

// WithReplica returns a context under which a hook can say which replica of Pushback
// calls it. The name is no part of the warrant: another replica that calls again sends
// the same body under the same key.
func WithReplica(ctx context.Context, name string) context.Context {
	return context.WithValue(ctx, replicaKey{}, name)
}

// Replica returns the name of the replica that calls the hook, "" where it has none.
func Replica(ctx context.Context) string {
	name, _ := ctx.Value(replicaKey{}).(string)
	return name
}
