// Package hooktest is the contract that every kind of hook keeps, as tests. A
// hook's own tests say how to make one that behaves in each way, and how to
// count what reached the other side; Run does the rest.
package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Behaviour is what the other side of a hook does when called.
type Behaviour string

// The other sides there are. Every one of them but Absent counts the call.
const (
	Succeeds Behaviour = "succeeds"
	Fails    Behaviour = "fails"   // and shouts the secret it was given
	Hangs    Behaviour = "hangs"   // takes the call and never answers
	Floods   Behaviour = "floods"  // says more than MaxOutput, then succeeds
	Breaks   Behaviour = "breaks"  // dies in the middle of the call
	Absent   Behaviour = "absent"  // is not there
	Garbles  Behaviour = "garbles" // succeeds, with NUL, escapes and broken UTF-8
)

// Subject is a hook with its other side.
type Subject struct {
	Hook    rollback.Hook
	Calls   func() int // how often the other side was called
	Secrets []string   // none may be seen in any receipt or error
}

// Run holds the hooks that make gives to the contract.
func Run(t *testing.T, make func(t *testing.T, b Behaviour) Subject) {
	f := func(b Behaviour, calls int, want error) {
		t.Run(string(b), func(t *testing.T) {
			s := make(t, b)
			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
			defer cancel()
			receipt, err := s.Hook.Do(ctx, Warrant(t))
			check(t, s, receipt, err)
			sameFate(t, err, want)
			if got := s.Calls(); got != calls {
				t.Errorf("the other side was called %d times, want %d", got, calls)
			}
		})
	}
	f(Succeeds, 1, nil)
	f(Floods, 1, nil)
	f(Garbles, 1, nil)
	f(Fails, 1, errFailed)
	f(Hangs, 1, rollback.ErrOutcomeUnknown)
	f(Breaks, 1, rollback.ErrOutcomeUnknown)
	f(Absent, 0, rollback.ErrNotSent)
	t.Run("zero warrant", func(t *testing.T) { refusesZero(t, make(t, Succeeds)) })
	t.Run("context over", func(t *testing.T) { honoursContext(t, make(t, Succeeds)) })
}

// errFailed stands for an error that is neither ErrNotSent nor
// ErrOutcomeUnknown: it ran, and failed.
var errFailed = errors.New("failed")

func sameFate(t *testing.T, got, want error) {
	t.Helper()
	fate := got
	for _, known := range []error{rollback.ErrNotSent, rollback.ErrOutcomeUnknown} {
		if errors.Is(got, known) {
			fate = known
		}
	}
	if fate == got && got != nil {
		fate = errFailed
	}
	if fate != want {
		t.Errorf("got error %v, which is %v; want %v", got, fate, want)
	}
}

func check(t *testing.T, s Subject, r rollback.Receipt, err error) {
	t.Helper()
	said := r.Status + r.Output
	if err != nil {
		said += err.Error()
	} else if r.Status == "" || r.At.IsZero() {
		t.Errorf("the receipt of a success says neither when nor how: %+v", r)
	}
	for _, secret := range s.Secrets {
		if strings.Contains(said, secret) {
			t.Errorf("the secret %q is seen in %.300q", secret, said)
		}
	}
	if len(r.Output) > rollback.MaxOutput || r.Output != rollback.Output(r.Output) {
		t.Errorf("the output was not bounded and cleaned: %d bytes", len(r.Output))
	}
}

func refusesZero(t *testing.T, s Subject) {
	if _, err := s.Hook.Do(t.Context(), rollback.Warrant{}); !errors.Is(err, rollback.ErrNoWarrant) {
		t.Errorf("the zero warrant gave %v, want ErrNoWarrant", err)
	}
	if n := s.Calls(); n != 0 {
		t.Errorf("the zero warrant led to %d calls", n)
	}
}

func honoursContext(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Hook.Do(ctx, Warrant(t))
	sameFate(t, err, rollback.ErrNotSent)
	if n := s.Calls(); n != 0 {
		t.Errorf("a context that was over led to %d calls", n)
	}
}

// Warrant is a valid one, for the change of Situation.
func Warrant(t testing.TB) rollback.Warrant {
	t.Helper()
	order, situation := Order(), Situation()
	w, refusals := rollback.Permit(order, situation)
	if len(refusals) > 0 {
		t.Fatalf("the example order was refused: %v", refusals)
	}
	return w
}

// Order is an example that Permit lets pass in Situation.
func Order() rollback.Order {
	s := Situation()
	evidence, _ := json.Marshal(s.Verdict)
	return rollback.Order{
		Key: s.Change.Key(), Change: s.Change, Rule: s.Verdict.Rule, Hook: "redeploy", Target: s.Target.Version,
		State: rollback.Decided, Epoch: s.Epoch, Evidence: evidence, CreatedAt: s.Now, DecidedAt: s.Now,
	}
}

// Situation is one in which nothing speaks against rolling back.
func Situation() rollback.Situation {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	return rollback.Situation{
		Now: at.Add(5 * time.Minute),
		Change: sources.Change{
			ID: "deploy-42", Service: "cart", Environment: "production", Region: "eu", Kind: sources.Deploy,
			Version: "v2", Previous: "v1", Status: sources.Succeeded, StartedAt: at, FinishedAt: at.Add(time.Minute),
			Reversible: true, URL: "https://ci.example/42",
		},
		Target: rollback.Live{Version: "v1", Standing: rollback.Good},
		Verdict: detector.Verdict{
			Rule: "platform/red", At: at.Add(4 * time.Minute), Outcome: detector.Regressed, Grade: detector.Certain,
			MayAct: true, Method: detector.Method,
			Signals: []detector.Evidence{{Signal: "errors", Grade: detector.Certain, Tests: []detector.Test{detector.ByCounts}, P: 1e-9}},
		},
		Epoch: 7, Acts: true, HookKnown: true,
	}
}
