package engine

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// answered has the jobs run until the tool has n answers, and says what each of them was.
func (b *bench) answered(h *holdingHub, n int) string {
	b.t.Helper()
	b.until("an answer", func() bool { b.must(b.ensureJobs(b.t.Context())); return len(h.answers) >= n })
	b.sweeps(time.Minute)
	var words []string
	for _, a := range h.answers {
		switch {
		case a.Pending:
			words = append(words, "pending")
		case a.Approved:
			words = append(words, "approved")
		default:
			words = append(words, "rejected")
		}
	}
	return strings.Join(words, " ")
}

// redeploy has v2 watched once more, after another version.
func (b *bench) redeploy() {
	b.t.Helper()
	b.deploy("v3", nil)
	b.sweeps(10 * time.Minute)
	b.deploy("v2", func(e *sources.Event) { e.ChangeID = "v2 once more" })
	b.pass(time.Second)
}

// A tool that takes another answer and asks again is told what is so now.
func TestAskedAgain(t *testing.T) {
	t.Parallel()
	f := func(name string, again bool, run func(b *bench, h *holdingHub), want string) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := &holdingHub{again: again}
			b := newBench(t, redRule, withHolding(h))
			run(b, h)
			if got := b.answered(h, 1); got != want || h.asked != len(h.answers) {
				t.Errorf("%s in %d attempts, want %s: %+v", got, h.asked, want, h.answers)
			}
			if open, err := b.Store.OpenProtections(t.Context()); err != nil || len(open) != 0 {
				t.Errorf("%+v, %v", open, err)
			}
		})
	}
	healthy := func(b *bench, h *holdingHub) {
		b.deploy("v2", nil)
		b.ask("v2")
		b.answered(h, 1)
	}
	f("the same verdict", true, func(b *bench, h *holdingHub) { healthy(b, h); b.ask("v2"); b.answered(h, 2) }, "approved approved")
	f("by a tool that takes one answer", false, func(b *bench, h *holdingHub) { healthy(b, h); b.ask("v2") }, "approved")
	f("while it waits", true, func(b *bench, h *holdingHub) { b.deploy("v2", nil); b.ask("v2"); b.ask("v2") }, "approved")
	f("after the wait was over", true, func(b *bench, h *holdingHub) {
		b.ask("v2")
		b.sweeps(61 * time.Minute)
		b.deploy("v2", nil)
		b.sweeps(10 * time.Minute) // that it is well now, nobody is told who has not asked
		b.ask("v2")
		b.answered(h, 2)
	}, "rejected approved")
	f("while the version is watched anew", true, func(b *bench, h *holdingHub) {
		healthy(b, h)
		b.redeploy()
		b.ask("v2")
		b.ask("v2")
		b.answered(h, 3)
	}, "approved pending approved")
	f("while it is told", true, func(b *bench, h *holdingHub) {
		h.during = func() { b.pass(time.Second); b.ask("v2") }
		healthy(b, h)
		b.answered(h, 2)
	}, "approved approved")
}

// What the tool does not take is told again, and an approval is withdrawn also then.
func TestWithdrawalRetries(t *testing.T) {
	t.Parallel()
	h := &holdingHub{again: true}
	b := newBench(t, redRule, withHolding(h))
	b.deploy("v2", nil)
	b.ask("v2")
	b.answered(h, 1)
	b.redeploy()
	h.fails = errors.New("502")
	b.ask("v2")
	b.until("an attempt", func() bool { b.must(b.ensureJobs(t.Context())); return h.asked == 2 })
	h.fails = nil
	b.restart()
	if got := b.answered(h, 3); got != "approved pending approved" {
		t.Errorf("%s: %+v", got, h.answers)
	}
}
