// Package hooktest is the contract that every kind of hook keeps, as tests. A
// hook's own tests say how to make one that behaves in each way, and how to
// count what reached the other side; Run does the rest.
package hooktest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Behaviour is what the other side of a hook does when called.
type Behaviour string

// The other sides there are. Calls counts what changes something there; that a
// hook looks first is its own affair.
const (
	Succeeds Behaviour = "succeeds"
	Fails    Behaviour = "fails"   // and shouts the secret it was given
	Hangs    Behaviour = "hangs"   // takes the call and never answers
	Floods   Behaviour = "floods"  // says more than MaxOutput, then succeeds
	Breaks   Behaviour = "breaks"  // dies in the middle of the call
	Absent   Behaviour = "absent"  // is not there
	Garbles  Behaviour = "garbles" // succeeds, with NUL, escapes and broken UTF-8
	Settled  Behaviour = "settled" // what the warrant asks for is so already
	Blind    Behaviour = "blind"   // every look fails with a 500; asked only of hooks that look
)

// Answers is an other side that answers the call with a status. Looks work.
func Answers(status int) Behaviour { return Behaviour(fmt.Sprintf("answers %d", status)) }

// Status is the status of an Answers; 0 for any other behaviour.
func (b Behaviour) Status() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(b), "answers "))
	return n
}

// Subject is a hook with its other side.
type Subject struct {
	Hook    rollback.Hook
	Calls   func() int // how often the other side was told to change something
	Secrets []string   // none may be seen in any receipt or error
}

// Traits are what a kind of hook promises beyond the least.
type Traits struct {
	HTTP       bool // one HTTP call does it, and its status decides
	Looks      bool // it looks before it acts, and leaves what is settled alone
	Idempotent bool // of its own nature: a second Do under one key changes nothing
}

// Run holds the hooks that make gives to the contract.
func Run(t *testing.T, traits Traits, make func(t *testing.T, b Behaviour) Subject) {
	c := contract{t, make}
	c.ends(Succeeds, 1, nil)
	c.ends(Floods, 1, nil)
	c.ends(Garbles, 1, nil)
	c.ends(Fails, 1, errFailed)
	c.ends(Hangs, 1, rollback.ErrOutcomeUnknown)
	c.ends(Breaks, 1, rollback.ErrOutcomeUnknown)
	c.ends(Absent, 0, rollback.ErrNotSent)
	if traits.Looks {
		c.ends(Settled, 0, nil)
		c.ends(Blind, 0, rollback.ErrNotSent)
	}
	if traits.HTTP {
		c.statuses()
	}
	if traits.Idempotent {
		t.Run("asked twice", func(t *testing.T) { changesOnce(t, make(t, Succeeds)) })
	}
	t.Run("zero warrant", func(t *testing.T) { refusesZero(t, make(t, Succeeds)) })
	t.Run("context over", func(t *testing.T) { honoursContext(t, make(t, Succeeds)) })
	t.Run("plans change nothing", func(t *testing.T) { looksOnly(t, make(t, Succeeds)) })
}

// contract is a kind of hook under test.
type contract struct {
	t    *testing.T
	make func(t *testing.T, b Behaviour) Subject
}

// ends asks for one rollback and wants this many calls and this fate.
func (c contract) ends(b Behaviour, calls int, want error) {
	c.t.Run(string(b), func(t *testing.T) {
		s := c.make(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		receipt, err := s.Hook.Do(ctx, Warrant(t))
		check(t, s, receipt, err)
		sameFate(t, err, want)
		if got := s.Calls(); got != calls {
			t.Errorf("the other side was told %d times to change something, want %d", got, calls)
		}
	})
}

// statuses is the retry table: who may be asked again is decided by it.
func (c contract) statuses() {
	for status, want := range map[int]error{
		300: errFailed, 301: errFailed, 302: errFailed, 303: errFailed, 307: errFailed, 308: errFailed,
		400: errFailed, 401: errFailed, 403: errFailed, 404: errFailed, 405: errFailed, 408: errFailed,
		409: errFailed, 410: errFailed, 413: errFailed, 422: errFailed, 429: errFailed,
		500: errFailed, 501: errFailed, 502: rollback.ErrOutcomeUnknown, 503: errFailed, 504: rollback.ErrOutcomeUnknown,
	} {
		c.ends(Answers(status), 1, want)
	}
}

// changesOnce is idempotency by key: the same warrant twice, one change.
func changesOnce(t *testing.T, s Subject) {
	w := Warrant(t)
	for range 2 {
		receipt, err := s.Hook.Do(t.Context(), w)
		check(t, s, receipt, err)
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Calls(); n != 1 {
		t.Errorf("the same warrant twice changed something %d times", n)
	}
}

// looksOnly holds whatever a hook offers beside Do to changing nothing. What
// it says must be for people, and hold no secret.
func looksOnly(t *testing.T, s Subject) {
	plan := Warrant(t).Plan()
	said := ""
	if h, ok := s.Hook.(rollback.Preflighter); ok {
		for _, p := range []rollback.Plan{{}, plan} {
			checks := h.Preflight(t.Context(), p)
			if bad := rollback.Problems(checks); len(checks) == 0 || len(bad) > 0 {
				t.Errorf("preflight of %d checks found %v", len(checks), bad)
			}
			said += fmt.Sprint(checks)
		}
	} else {
		t.Error("it has no preflight")
	}
	if h, ok := s.Hook.(rollback.DryRunner); ok {
		preview, err := h.DryRun(t.Context(), plan)
		if err != nil || preview.AlreadyLive || len(preview.Steps) == 0 {
			t.Errorf("the dry run gave %+v, %v", preview, err)
		}
		said += fmt.Sprint(preview)
	} else {
		t.Error("it has no dry run")
	}
	if h, ok := s.Hook.(rollback.Verifier); ok {
		sighting, err := h.Verify(t.Context(), plan)
		said += fmt.Sprint(sighting, err)
	} else {
		t.Error("it cannot verify")
	}
	check(t, s, rollback.Receipt{At: time.Now(), Status: "looked", Output: rollback.Output(said)}, nil)
	if n := s.Calls(); n != 0 {
		t.Errorf("looking changed something %d times", n)
	}
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
		Target: rollback.LiveVersion{Version: "v1", Standing: rollback.Good},
		Verdict: detector.Verdict{
			Rule: "platform/red", At: at.Add(4 * time.Minute), Outcome: detector.Regressed, Grade: detector.Certain,
			MayAct: true, Method: detector.Method,
			Signals: []detector.Evidence{{Signal: "errors", Grade: detector.Certain, Tests: []detector.Test{detector.ByCounts}, P: 1e-9}},
		},
		Epoch: 7, RuleActs: true, HookKnown: true, Limits: rollback.DefaultLimits(),
	}
}

// Ends fails the test unless err is of this fate — done, failed, unknown or
// not sent — and says this.
func Ends(t testing.TB, what string, err error, fate, says string) {
	t.Helper()
	got := "failed"
	switch {
	case err == nil:
		got = "done"
	case errors.Is(err, rollback.ErrOutcomeUnknown):
		got = "unknown"
	case errors.Is(err, rollback.ErrNotSent):
		got = "not sent"
	}
	if got != fate || err != nil && !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %s: %v; want %s: %s", what, got, err, fate, says)
	}
}
