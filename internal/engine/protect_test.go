package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// holdingHub is a hub that holds deployments to every environment back until production is well, for at most
// an hour, and takes one answer for each, or any number where again is true.
type holdingHub struct {
	hub
	again   bool
	during  func()          // is called once while an answer is under way
	answers []notify.Answer // that were taken
	asked   int             // attempts to answer
	fails   error           // of every attempt
	dies    bool            // panics once after it has the answer, as a process that is killed there
}

func (h *holdingHub) Waits(q changes.Question) (notify.Wait, error) {
	return notify.Wait{ID: "/" + q.Deployment, Place: "/" + q.Deployment, ToolsWord: q.ToolsWord, Environment: "production", AtMost: time.Hour, Again: h.again}, nil
}

func (h *holdingHub) Answer(_ context.Context, _ notify.Wait, a notify.Answer) error {
	h.asked++
	switch {
	case h.fails != nil:
		return h.fails
	case len(h.answers) > 0 && !h.again:
		return fmt.Errorf("%w: 422", notify.ErrAnswered)
	}
	h.answers = append(h.answers, a)
	if during := h.during; during != nil {
		h.during = nil
		during()
	}
	if h.dies {
		h.dies = false
		panic(errCrash)
	}
	return nil
}

func withHolding(h *holdingHub) func(*Options) {
	return func(o *Options) {
		withHub(&h.hub, "pipeline")(o)
		tool := o.Reports["hub"]
		tool.Reporter = h
		o.Reports["hub"] = tool
	}
}

// ask asks for the next environment of a version of the cart.
func (b *bench) ask(version string) {
	b.t.Helper()
	_, _, err := b.Protect(b.t.Context(), "pipeline", changes.Question{Deployment: "7", Service: "cart", Environment: "eu", ToolsWord: "eu", Version: version})
	b.must(err)
}

// sweeps repeats what the running engine does every few seconds.
func (b *bench) sweeps(d time.Duration) {
	b.t.Helper()
	for ; d > 0; d -= 30 * time.Second {
		b.pass(30 * time.Second)
		b.must(b.ensureJobs(b.t.Context()))
		b.queue.run(b)
	}
}

// What a version does in the environment before decides, and when.
func TestHeldDeployments(t *testing.T) {
	t.Parallel()
	f := func(name, rules string, deploy func(b *bench), after time.Duration, approved bool, why string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &holdingHub{}
			b := newBench(t, rules, withHolding(h))
			b.ask("v2")
			deploy(b)
			b.ask("v2") // a redelivery
			b.sweeps(after - time.Minute)
			if len(h.answers) != 0 {
				t.Fatalf("answered too early: %+v", h.answers)
			}
			b.sweeps(time.Hour + 2*time.Minute - after)
			if h.asked != 1 || len(h.answers) != 1 || h.answers[0].Approved != approved || !strings.Contains(h.answers[0].Why, why) {
				t.Errorf("%d attempts, %+v", h.asked, h.answers)
			}
			if open, err := b.Store.OpenProtections(t.Context()); err != nil || len(open) != 0 {
				t.Errorf("%+v, %v", open, err)
			}
		})
	}
	good := func(b *bench) { b.deploy("v2", nil) }
	f("healthy", redRule, good, 5*time.Minute, true, "v2 in production is healthy")
	f("regressed", redRule, func(b *bench) { b.bad("v2", nil) }, time.Minute, false, "v2 in production is bad")
	f("nobody reported it", redRule, func(b *bench) {}, time.Hour, false, "no healthy verdict within 1h: nobody has reported")
	f("another version is healthy", redRule, func(b *bench) { b.deploy("v3", nil) }, time.Hour, false, "nobody has reported")
	f("another environment is healthy", redRule, func(b *bench) {
		b.deploy("v2", func(e *sources.Event) { e.Environment = "staging" })
	}, time.Hour, false, "nobody has reported")
	f("unwatched", strings.Replace(redRule, "environment: production", "environment: staging", 1), good, time.Hour, false, "not watched by any rule")
	f("the wait is over before the bake", strings.Replace(redRule, "bake: 5m", "bake: 3h", 1), good, time.Hour, false, "is being watched")
	f("replaced", redRule, func(b *bench) { b.deploy("v2", nil); b.pass(time.Minute); b.deploy("v3", nil) }, 50*time.Minute, false, "ended without a verdict: superseded")
}

// An approval shows what was measured, and where.
func TestApprovalShowsNumbers(t *testing.T) {
	t.Parallel()
	h := &holdingHub{}
	b := newBench(t, redRule, withHolding(h))
	key := b.deploy("v2", nil)
	b.ask("v2")
	b.sweeps(8 * time.Minute)
	if len(h.answers) != 1 || !strings.Contains(strings.Join(h.answers[0].Lines, "\n"), "errors 0.5 % → 0.5 %") || h.answers[0].Link != "https://pushback.test/changes/"+key {
		t.Errorf("%+v", h.answers)
	}
	if b.entries(key, "answer deployment") != 1 {
		t.Error("no entry in the journal")
	}
}

// What the tool's answer leads to: the same answer until it is taken.
func TestHeldDeploymentRetries(t *testing.T) {
	t.Parallel()
	f := func(name string, fails error, tries bool) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &holdingHub{fails: fails}
			b := newBench(t, redRule, withHolding(h))
			b.deploy("v2", nil)
			b.ask("v2")
			b.until("an attempt", func() bool { b.must(b.ensureJobs(t.Context())); return h.asked == 1 })
			b.sweeps(3 * time.Minute)
			if again := h.asked > 1; again != tries || h.asked > 8 {
				t.Errorf("%d attempts", h.asked)
			}
			h.fails = nil
			b.restart()
			b.sweeps(3 * time.Minute)
			if (len(h.answers) == 1) != tries || tries && !h.answers[0].Approved {
				t.Errorf("%+v", h.answers)
			}
		})
	}
	f("a moment away", errors.New("502"), true)
	f("a token that is refused", errors.New("401"), true)
	f("there is no such run", fmt.Errorf("%w: 404", notify.ErrPermanent), false)
	f("answered by a person", fmt.Errorf("%w: 422", notify.ErrAnswered), false)
}

// The process dies when the tool has the answer and the database does not know it.
func TestHeldDeploymentAfterACrash(t *testing.T) {
	t.Parallel()
	h := &holdingHub{dies: true}
	b := newBench(t, redRule, withHolding(h))
	b.deploy("v2", nil)
	b.ask("v2")
	b.until("an answer", func() bool { b.must(b.ensureJobs(t.Context())); return len(h.answers) == 1 })
	b.restart()
	b.sweeps(5 * time.Minute)
	open, err := b.Store.OpenProtections(t.Context())
	if h.asked != 2 || len(h.answers) != 1 || err != nil || len(open) != 0 {
		t.Errorf("%d attempts, %+v, %+v, %v", h.asked, h.answers, open, err)
	}
}

// Another replica has the deployment: this one says nothing until that one is dead.
func TestHeldDeploymentOfAnotherReplica(t *testing.T) {
	t.Parallel()
	h := &holdingHub{fails: errors.New("502")}
	b := newBench(t, redRule, withHolding(h))
	b.other(true)
	b.deploy("v2", nil)
	b.ask("v2")
	b.until("an attempt", func() bool { b.must(b.ensureJobs(t.Context())); return h.asked == 1 })
	h.fails = nil
	b.held("protections")
	b.sweeps(2 * time.Minute)
	if h.asked != 1 {
		t.Errorf("%d attempts while another replica has the deployment", h.asked-1)
	}
	b.other(false)
	b.sweeps(time.Minute)
	if len(h.answers) != 1 {
		t.Error("nobody takes the deployment over")
	}
}
