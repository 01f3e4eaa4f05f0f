package engine

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// verifyingHook is a hook with a preflight and a verification that the test sets.
type verifyingHook struct {
	*hook
	wrong   []rollback.Check
	running func() (rollback.RunningVersion, error)
	plans   []rollback.Plan
}

func (s *verifyingHook) Preflight(_ context.Context, p rollback.Plan) []rollback.Check {
	s.plans = append(s.plans, p)
	return append([]rollback.Check{{What: "the token is taken"}}, s.wrong...)
}

func (s *verifyingHook) Verify(context.Context, rollback.Plan) (rollback.RunningVersion, error) {
	return s.running()
}

func runs(version string) func() (rollback.RunningVersion, error) {
	return func() (rollback.RunningVersion, error) {
		return rollback.RunningVersion{At: began, Version: version, TargetRuns: version == "v1", Detail: "3 pods"}, nil
	}
}

// newVerifyingBench is a bench whose hook is a verifyingHook.
func newVerifyingBench(t *testing.T, change func(*verifyingHook)) (*bench, *verifyingHook) {
	t.Helper()
	h := &verifyingHook{running: runs("v1")}
	change(h)
	b := newBench(t, redRule, func(o *Options) {
		h.hook = o.Hooks["deployer"].Hook.(*hook)
		o.Hooks = map[string]Hook{"deployer": {Hook: h, Timeout: time.Minute}}
	})
	return b, h
}

func (b *bench) verification(key string) rollback.Verification {
	b.t.Helper()
	o, err := b.Store.Order(b.t.Context(), key)
	if errors.Is(err, store.ErrNotFound) {
		return rollback.Verification{}
	}
	if b.must(err); o.Verification == nil {
		return rollback.Verification{}
	}
	return *o.Verification
}

func (b *bench) verifiedAs(key string, want rollback.VerificationState) func() bool {
	return func() bool { return b.verification(key).State == want }
}

func TestReceiptIsVerified(t *testing.T) {
	t.Parallel()
	b, _ := newVerifyingBench(t, func(*verifyingHook) {})
	key := b.bad("v2", nil)
	b.until("a verification", b.verifiedAs(key, rollback.TargetRunning))
	b.pass(10 * time.Minute)
	b.wantSilence("pager", "said done")
	if v := b.verification(key); v.Found.Version != "v1" || v.String() != "found running" {
		t.Errorf("got %+v", v)
	}
}

// Verification waits for a slow rollout.
func TestVerificationWaits(t *testing.T) {
	t.Parallel()
	b, h := newVerifyingBench(t, func(s *verifyingHook) { s.running = runs("v2") })
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(4 * time.Minute)
	if v := b.verification(key); v.State != "" {
		t.Errorf("after four minutes: %+v", v)
	}
	h.running = runs("v1")
	b.pass(15 * time.Second)
	if !b.verifiedAs(key, rollback.TargetRunning)() {
		t.Errorf("got %+v", b.verification(key))
	}
}

// The receipt says done, and the version did not change: people are notified once, also over
// a crash.
func TestReceiptThatLies(t *testing.T) {
	t.Parallel()
	f := func(name string, sees func() (rollback.RunningVersion, error), says string) {
		t.Run(name, func(t *testing.T) {
			b, h := newVerifyingBench(t, func(*verifyingHook) {})
			h.running = sees
			key := b.bad("v2", nil)
			b.until("a rollback", b.ordered(key, rollback.Done))
			b.restart()
			b.until("the end of looking", b.verifiedAs(key, rollback.TargetNotRunning))
			b.restart()
			b.pass(10 * time.Minute)
			b.wantMessage("pager", "said done, but v1 is not what runs", "5m0s after the receipt v1 is NOT found running: "+says)
		})
	}
	f("another version runs", runs("v2"), `"v2" runs, 3 pods`)
	f("nobody answers", func() (rollback.RunningVersion, error) {
		return rollback.RunningVersion{}, errors.New("connection refused")
	}, "connection refused")
	f("nobody knows", func() (rollback.RunningVersion, error) { return rollback.RunningVersion{At: began}, nil }, "the deploy tool does not say which version runs")
}

func TestVerificationThatCannotBe(t *testing.T) {
	t.Parallel()
	b, h := newVerifyingBench(t, func(*verifyingHook) {})
	h.running = func() (rollback.RunningVersion, error) {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "verify_url is not set"}
	}
	key := b.bad("v2", nil)
	b.until("a verification", b.verifiedAs(key, rollback.CannotVerify))
	b.pass(10 * time.Minute)
	b.wantSilence("pager", "said done")
}

// A version that a newer deploy brought says nothing about the rollback.
func TestVerificationOvertaken(t *testing.T) {
	t.Parallel()
	b, h := newVerifyingBench(t, func(s *verifyingHook) { s.running = runs("v2") })
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.deploy("echo", func(e *sources.Event) { e.Version, e.Previous = "v1", "v2" })
	b.pass(time.Minute)
	if v := b.verification(key); v.State != "" {
		t.Errorf("our own echo overtook it: %+v", v)
	}
	b.deploy("v3", func(e *sources.Event) { e.Previous = "v1" })
	h.running = runs("v3")
	b.until("the end of looking", b.verifiedAs(key, rollback.Overtaken))
	b.pass(10 * time.Minute)
	b.wantSilence("pager", "said done")
}

// People are told once that a rollback waits for its hook, however it fails to answer.
func TestHeldUpByTheHook(t *testing.T) {
	t.Parallel()
	b, h := newVerifyingBench(t, func(s *verifyingHook) {
		s.wrong = []rollback.Check{{What: "it can be reached", Problem: "connection refused", Temporary: true}}
	})
	key := b.bad("v2", nil)
	b.until("a decision", b.ordered(key, rollback.Decided))
	b.pass(time.Minute)
	h.wrong[0].Problem = "i/o timeout" // the reason is the same: nobody answers
	b.pass(5 * time.Minute)
	b.wantMessage("pager", "rollback to v1 waits for hook deployer, which cannot act now", "it can be reached: connection refused")
	b.wantCalls(0)
	h.wrong = nil
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Done)
	b.wantCalls(1)
}

// following is a hook that may be called once, reports what it has started, and can resume.
type following struct {
	*hook
	resumed []rollback.Receipt
	end     error
}

func (f *following) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	rollback.ReportStarted(ctx, rollback.Receipt{At: began, Status: "run 7 was started", Handle: "7"})
	return f.hook.Do(ctx, w)
}

func (f *following) Resume(_ context.Context, _ rollback.Plan, started rollback.Receipt) (rollback.Receipt, error) {
	f.resumed = append(f.resumed, started)
	return rollback.Receipt{At: began, Status: "run 7: over"}, f.end
}

// A process that dies while it waits leaves behind what it was waiting for.
func TestInterruptedIsResumed(t *testing.T) {
	t.Parallel()
	f := func(name string, end error, want rollback.State) {
		t.Run(name, func(t *testing.T) {
			h := &following{end: end}
			b := newBench(t, redRule, func(o *Options) {
				h.hook = o.Hooks["deployer"].Hook.(*hook)
				o.Hooks = map[string]Hook{"deployer": {Hook: h, Timeout: time.Minute}}
			})
			b.hook.do = func(int) error { return errCrash }
			key := b.bad("v2", nil)
			b.until("a call", func() bool { return len(b.hook.calls) == 1 })
			b.restart()
			b.pass(10 * time.Second)
			b.wantState(key, want)
			b.wantCalls(1)
			if len(h.resumed) != 1 || h.resumed[0].Handle != "7" {
				t.Errorf("resumed %+v", h.resumed)
			}
			if o, err := b.Store.Order(t.Context(), key); err != nil || o.Receipt.Status != "run 7: over" {
				t.Errorf("%v, %+v", err, o.Receipt)
			}
		})
	}
	f("it went well", nil, rollback.Done)
	f("it failed", errors.New("run 7 failed"), rollback.Failed)
	f("nobody can tell", rollback.ErrOutcomeUnknown, rollback.Unknown)
}

// The record of an unknown outcome keeps what the hook had started.
func TestInterruptedKeepsWhatWasStarted(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) {
		o.Hooks = map[string]Hook{"deployer": {Hook: commandHook{o.Hooks["deployer"].Hook.(*hook)}, Timeout: time.Minute}}
	})
	b.hook.do = func(int) error { return errCrash }
	key := b.bad("v2", nil)
	b.until("a call", func() bool { return len(b.hook.calls) == 1 })
	b.restart()
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Unknown)
	if o, err := b.Store.Order(t.Context(), key); err != nil || o.Receipt.PGID != 4711 {
		t.Errorf("%v, %+v", err, o.Receipt)
	}
}

// commandHook is a command: it reports its process group, and cannot resume.
type commandHook struct{ *hook }

func (h commandHook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	rollback.ReportStarted(ctx, rollback.Receipt{At: began, Status: "running", PGID: 4711})
	return h.hook.Do(ctx, w)
}

func TestBrokenHooksAreReported(t *testing.T) {
	t.Parallel()
	b, h := newVerifyingBench(t, func(s *verifyingHook) {
		s.wrong = []rollback.Check{{What: "the token is taken", Problem: "401", Hint: "renew it"}}
	})
	hooks := func() (found []Problem) {
		for _, p := range b.Problems() {
			if p.Component == "hooks/deployer" {
				found = append(found, p)
			}
		}
		return found
	}
	b.hooks.askHooks(t.Context())
	if ps := hooks(); len(ps) != 1 || ps[0].Detail != "the token is taken: 401 (renew it)" {
		t.Errorf("got %v", ps)
	}
	if h.plans[0].Known() {
		t.Errorf("asked about %+v", h.plans[0])
	}
	h.wrong = nil
	b.hooks.askHooks(t.Context())
	if ps := hooks(); len(ps) != 0 {
		t.Errorf("mended, and still reported: %v", ps)
	}
}

func TestResendAfter(t *testing.T) {
	lost := rollback.ErrOutcomeUnknown
	f := func(err error, claim int64, least, most time.Duration) {
		t.Helper()
		for range 100 {
			if got := resendAfter(err, claim); got < least || got > most {
				t.Errorf("%v at claim %d: %s, want %s to %s", err, claim, got, least, most)
			}
		}
	}
	f(lost, 1, time.Second, 2*time.Second)
	f(lost, 3, 4*time.Second, 8*time.Second)
	f(lost, 99, 30*time.Second, time.Minute)
	f(&rollback.RetryAfter{After: 5 * time.Minute, Err: lost}, 1, 5*time.Minute, 5*time.Minute+30*time.Second)
	f(&rollback.RetryAfter{After: time.Millisecond, Err: lost}, 1, resendFirst, resendFirst+200*time.Millisecond)
}
