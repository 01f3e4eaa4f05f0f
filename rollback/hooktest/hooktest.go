// Package hooktest tests the contract that every kind of hook must keep. The tests of
// a hook say how to make one whose deploy tool behaves in a given way, and how to
// count the changes that reached the tool. Run does the rest.
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

// Behaviour is how the deploy tool of a hook behaves when it is called.
type Behaviour string

// All behaviours. They are about requests that change something; requests that read
// succeed, except with ReadsFail.
const (
	Succeeds    Behaviour = "succeeds"     // carries the rollback out
	Fails       Behaviour = "fails"        // answers with an error that contains the secret
	Hangs       Behaviour = "hangs"        // accepts the call and never answers
	Floods      Behaviour = "floods"       // answers with more than rollback.MaxOutput, and succeeds
	Breaks      Behaviour = "breaks"       // closes the connection, or dies, in the middle of the call
	Unreachable Behaviour = "unreachable"  // does not listen
	Garbles     Behaviour = "garbles"      // succeeds, and answers with NUL, escape sequences and invalid UTF-8
	AlreadyLive Behaviour = "already live" // has the target live already
	ReadsFail   Behaviour = "reads fail"   // answers every read with status 500; used for hooks that read first
)

// Answers is the behaviour of a tool that answers changing requests with a status.
func Answers(status int) Behaviour { return Behaviour(fmt.Sprintf("answers %d", status)) }

// Status is the status of a behaviour made by Answers; 0 for any other behaviour.
func (b Behaviour) Status() int {
	n, _ := strconv.Atoi(strings.TrimPrefix(string(b), "answers "))
	return n
}

// Subject is a hook under test, with its deploy tool.
type Subject struct {
	Hook    rollback.Hook
	Calls   func() int // number of calls that reached the tool and change something
	Secrets []string   // texts that no receipt and no error may contain
}

// Traits are what a kind of hook guarantees beyond what every hook does.
type Traits struct {
	HTTP       bool // one HTTP request does the rollback, and its status decides the outcome
	ReadsFirst bool // it reads before it acts, and changes nothing if the target is live already
	Idempotent bool // by its nature: a second Do under the same key changes nothing
}

// Run tests that the hooks which make returns keep the contract.
func Run(t *testing.T, traits Traits, make func(t *testing.T, b Behaviour) Subject) {
	c := contract{t, make}
	c.expect(Succeeds, 1, nil)
	c.expect(Floods, 1, nil)
	c.expect(Garbles, 1, nil)
	c.expect(Fails, 1, errFailed)
	c.expect(Hangs, 1, rollback.ErrOutcomeUnknown)
	c.expect(Breaks, 1, rollback.ErrOutcomeUnknown)
	c.expect(Unreachable, 0, rollback.ErrNotSent)
	if traits.ReadsFirst {
		c.expect(AlreadyLive, 0, nil)
		c.expect(ReadsFail, 0, rollback.ErrNotSent)
	}
	if traits.HTTP {
		c.checkStatuses()
	}
	if traits.Idempotent {
		t.Run("called twice", func(t *testing.T) { checkIdempotent(t, make(t, Succeeds)) })
	}
	t.Run("zero warrant", func(t *testing.T) { checkZeroWarrant(t, make(t, Succeeds)) })
	t.Run("cancelled context", func(t *testing.T) { checkCancelledContext(t, make(t, Succeeds)) })
	t.Run("plans change nothing", func(t *testing.T) { checkPlansChangeNothing(t, make(t, Succeeds)) })
}

// contract is a kind of hook under test.
type contract struct {
	t    *testing.T
	make func(t *testing.T, b Behaviour) Subject
}

// expect does one rollback. It expects this number of calls and this kind of error.
func (c contract) expect(b Behaviour, calls int, want error) {
	c.t.Run(string(b), func(t *testing.T) {
		s := c.make(t, b)
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		receipt, err := s.Hook.Do(ctx, Warrant(t))
		checkReceipt(t, s, receipt, err)
		checkErrorKind(t, err, want)
		if got := s.Calls(); got != calls {
			t.Errorf("the tool received %d calls that change something, want %d", got, calls)
		}
	})
}

// checkStatuses tests what each status means, which decides whether the engine may
// repeat the call.
func (c contract) checkStatuses() {
	for status, want := range map[int]error{
		300: errFailed, 301: errFailed, 302: errFailed, 303: errFailed, 307: errFailed, 308: errFailed,
		400: errFailed, 401: errFailed, 403: errFailed, 404: errFailed, 405: errFailed, 408: errFailed,
		409: errFailed, 410: errFailed, 413: errFailed, 422: errFailed, 429: errFailed,
		500: errFailed, 501: errFailed, 502: rollback.ErrOutcomeUnknown, 503: errFailed, 504: rollback.ErrOutcomeUnknown,
	} {
		c.expect(Answers(status), 1, want)
	}
}

// checkIdempotent tests that the same warrant, used twice, changes something once.
func checkIdempotent(t *testing.T, s Subject) {
	w := Warrant(t)
	for range 2 {
		receipt, err := s.Hook.Do(t.Context(), w)
		checkReceipt(t, s, receipt, err)
		if err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Calls(); n != 1 {
		t.Errorf("the same warrant, used twice, changed something %d times", n)
	}
}

// checkPlansChangeNothing tests that Preflight, DryRun and Verify change nothing, and
// that their texts are fit for people and contain no secret.
func checkPlansChangeNothing(t *testing.T, s Subject) {
	plan := Warrant(t).Plan()
	texts := ""
	if h, ok := s.Hook.(rollback.Preflighter); ok {
		for _, p := range []rollback.Plan{{}, plan} {
			checks := h.Preflight(t.Context(), p)
			if bad := rollback.Problems(checks); len(checks) == 0 || len(bad) > 0 {
				t.Errorf("preflight of %d checks found %v", len(checks), bad)
			}
			texts += fmt.Sprint(checks)
		}
	} else {
		t.Error("it has no preflight")
	}
	if h, ok := s.Hook.(rollback.DryRunner); ok {
		preview, err := h.DryRun(t.Context(), plan)
		if err != nil || preview.AlreadyLive || len(preview.Steps) == 0 {
			t.Errorf("the dry run gave %+v, %v", preview, err)
		}
		texts += fmt.Sprint(preview)
	} else {
		t.Error("it has no dry run")
	}
	if h, ok := s.Hook.(rollback.Verifier); ok {
		running, err := h.Verify(t.Context(), plan)
		texts += fmt.Sprint(running, err)
	} else {
		t.Error("it cannot verify")
	}
	checkReceipt(t, s, rollback.Receipt{At: time.Now(), Status: "read", Output: rollback.Output(texts)}, nil)
	if n := s.Calls(); n != 0 {
		t.Errorf("reading changed something %d times", n)
	}
}

// errFailed stands for any error that wraps neither ErrNotSent nor ErrOutcomeUnknown:
// the rollback ran and failed.
var errFailed = errors.New("failed")

func checkErrorKind(t *testing.T, got, want error) {
	t.Helper()
	kind := got
	for _, known := range []error{rollback.ErrNotSent, rollback.ErrOutcomeUnknown} {
		if errors.Is(got, known) {
			kind = known
		}
	}
	if kind == got && got != nil {
		kind = errFailed
	}
	if kind != want {
		t.Errorf("got error %v, which is %v; want %v", got, kind, want)
	}
}

func checkReceipt(t *testing.T, s Subject, r rollback.Receipt, err error) {
	t.Helper()
	text := r.Status + r.Output
	if err != nil {
		text += err.Error()
	} else if r.Status == "" || r.At.IsZero() {
		t.Errorf("the receipt of a success lacks its time or its status: %+v", r)
	}
	for _, secret := range s.Secrets {
		if strings.Contains(text, secret) {
			t.Errorf("the secret %q is in %.300q", secret, text)
		}
	}
	if len(r.Output) > rollback.MaxOutput || r.Output != rollback.Output(r.Output) {
		t.Errorf("the output is too long or has control characters: %d bytes", len(r.Output))
	}
}

func checkZeroWarrant(t *testing.T, s Subject) {
	if _, err := s.Hook.Do(t.Context(), rollback.Warrant{}); !errors.Is(err, rollback.ErrNoWarrant) {
		t.Errorf("the zero warrant gave %v, want ErrNoWarrant", err)
	}
	if n := s.Calls(); n != 0 {
		t.Errorf("the zero warrant led to %d calls", n)
	}
}

func checkCancelledContext(t *testing.T, s Subject) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Hook.Do(ctx, Warrant(t))
	checkErrorKind(t, err, rollback.ErrNotSent)
	if n := s.Calls(); n != 0 {
		t.Errorf("a cancelled context led to %d calls", n)
	}
}

// Warrant returns a valid warrant for the change of Situation.
func Warrant(t testing.TB) rollback.Warrant {
	t.Helper()
	order, situation := Order(), Situation()
	w, refusals := rollback.Permit(order, situation)
	if len(refusals) > 0 {
		t.Fatalf("the example order was refused: %v", refusals)
	}
	return w
}

// Order returns an example order, which Permit accepts in Situation.
func Order() rollback.Order {
	s := Situation()
	evidence, _ := json.Marshal(s.Verdict)
	return rollback.Order{
		Key: s.Change.Key(), Change: s.Change, Rule: s.Verdict.Rule, Hook: "redeploy", Target: s.Target.Version,
		State: rollback.Decided, Epoch: s.Epoch, Evidence: evidence, CreatedAt: s.Now, DecidedAt: s.Now,
	}
}

// Situation returns a situation in which no guard refuses a rollback.
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

// CheckOutcome fails the test unless err means this outcome (done, failed, unknown or
// not sent) and contains a text. what names the case.
func CheckOutcome(t testing.TB, what string, err error, outcome, contains string) {
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
	if got != outcome || err != nil && !strings.Contains(err.Error(), contains) {
		t.Errorf("%s: %s: %v; want %s: %s", what, got, err, outcome, contains)
	}
}

// Progress returns a context under which a hook reports how far a rollout has come, and
// what it has reported.
func Progress(t testing.TB) (ctx context.Context, reported func() []string) {
	t.Helper()
	var all []string
	ctx = rollback.WithProgress(t.Context(), func(progress string) { all = append(all, progress) })
	return ctx, func() []string { return all }
}

// CheckProgress fails the test unless the last thing that a hook reported is want.
func CheckProgress(t testing.TB, what string, reported []string, want string) {
	t.Helper()
	if len(reported) == 0 || reported[len(reported)-1] != want {
		t.Errorf("%s: reported %q, want at last %q", what, reported, want)
	}
}
