package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// outcomes are the titles of what a receiver was told about orders, in the order in which it
// was told, without the change and the numbers. All are about v2.
func (b *bench) outcomes(receiver string) (titles []string) {
	for _, m := range b.box.got[receiver] {
		if m.Kind != "order" || m.FieldValues()["version"] != "v2" {
			continue
		}
		_, title, _ := strings.Cut(m.Title, ": ")
		title, _, _ = strings.Cut(title, " — ")
		titles = append(titles, title)
	}
	return titles
}

func (b *bench) wantOutcomes(receiver string, want ...string) {
	b.t.Helper()
	if got := b.outcomes(receiver); !slices.Equal(got, want) {
		b.t.Errorf("%s was told %q, want %q; all:\n%s", receiver, got, want, b.box.all(receiver))
	}
}

// What is said is what happens: an outcome is told after the guards were asked, and each once.
func TestOutcomesAreToldInOrder(t *testing.T) {
	t.Parallel()
	f := func(name string, play func(b *bench), want ...string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			play(b)
			b.wantOutcomes("pager", want...)
		})
	}
	f("no guard refuses", func(b *bench) {
		b.until("a rollback", b.ordered(b.bad("v2", nil), rollback.Done))
	}, "rolling back to v1", "rolled back to v1")
	f("a person is asked, and nobody answers", func(b *bench) {
		b.deploy("c7", func(e *sources.Event) { e.Kind = sources.Config })
		key := b.bad("v2", nil)
		b.until("a question", b.ordered(key, rollback.Proposed))
		b.clock.add(b.Limits.ApproveWithin)
		b.pass(time.Minute)
	}, "rollback to v1 waits for a person", "rollback to v1 expired")
	f("refused", func(b *bench) {
		b.until("a refusal", b.ordered(b.bad("v2", func(e *sources.Event) { e.Reversible = new(bool) }), rollback.Refused))
	}, "not rolled back to v1")
	f("it is still rolling out", func(b *bench) {
		key := b.rollingBad()
		b.pass(time.Minute)
		b.wantMessage("pager", "waits until the rollout of v2 ends", "the hook cannot abort a rollout", "until 12:0")
		b.tell("v2", sources.Succeeded, nil)
		b.until("a rollback", b.ordered(key, rollback.Done))
	}, "rollback to v1 waits until the rollout of v2 ends", "rolling back to v1", "rolled back to v1")
	f("it is still rolling out when it expires", func(b *bench) {
		b.rollingBad()
		b.clock.add(b.Limits.MaxAge)
		b.pass(time.Minute)
		b.wantMessage("pager", "expired", "it had not been sent by 12:0", "until then it waited: the change is still rolling out")
	}, "rollback to v1 waits until the rollout of v2 ends", "rollback to v1 expired")
	f("a newer change fails", func(b *bench) {
		key := b.heldUpBad()
		b.pass(time.Minute)
		b.tell("v3", sources.Failed, nil)
		b.until("a rollback", b.ordered(key, rollback.Done))
	}, "rollback to v1 waits while a newer change rolls out", "rolling back to v1", "rolled back to v1")
	f("a newer change replaces it", func(b *bench) {
		b.decided(b.bad("v2", nil))
		b.tell("v3", sources.Started, nil)
		b.pass(time.Minute)
		b.tell("v3", sources.Succeeded, nil)
		b.must(b.ensureJobs(t.Context()))
		b.pass(time.Minute)
		b.wantMessage("pager", "rollback to v1 cancelled", "cart v3 in production has replaced it")
	}, "rollback to v1 waits while a newer change rolls out", "rollback to v1 cancelled")
}

// rollingBad is a change that is worse while it rolls out, by more than the rule's limit. The
// order of its rollback waits.
func (b *bench) rollingBad() string {
	b.t.Helper()
	key := b.tell("v2", sources.Started, nil)
	b.shop.errors("cart", 0.5)
	b.until("an order", b.ordered(key, rollback.Decided))
	b.pass(10 * time.Second)
	return key
}

// heldUpBad is a bad change whose rollback waits, because a newer one rolls out.
func (b *bench) heldUpBad() string {
	b.t.Helper()
	key := b.bad("v2", nil)
	b.decided(key)
	b.tell("v3", sources.Started, nil)
	return key
}

// Whatever a crash leaves, the outcome is told: it is committed with the order's move.
func TestCrashLosesNoOutcome(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.decided(key)
	b.tell("v3", sources.Succeeded, nil) // cancels the order before a guard was asked
	b.restart()
	b.pass(10 * time.Second)
	b.wantState(key, rollback.Cancelled)
	b.wantOutcomes("pager", "rollback to v1 cancelled")
	b.restart()
	b.pass(10 * time.Second)
	b.wantOutcomes("pager", "rollback to v1 cancelled")
}

// A receiver that takes no message for a while gets them in the order in which they were
// made, and no late retry after what came of it.
func TestLateRetryNeverOvertakes(t *testing.T) {
	t.Parallel()
	f := func(name string, answer func(attempt int) error) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			b.box.answer = func(receiver string, attempt int) error {
				if receiver != "pager" {
					return nil
				}
				return answer(attempt)
			}
			b.until("a rollback", b.ordered(b.bad("v2", nil), rollback.Done))
			b.restart()
			b.pass(20 * time.Minute)
			var kinds []string
			for _, m := range b.box.got["pager"] {
				kinds = append(kinds, m.Kind)
			}
			if want := []string{"likely", "certain", "order", "order", "resolved"}; !slices.Equal(kinds, want) {
				t.Errorf("the pager got %q, want %q:\n%s", kinds, want, b.box.all("pager"))
			}
			b.wantOutcomes("pager", "rolling back to v1", "rolled back to v1")
		})
	}
	f("takes every second one", func(attempt int) error {
		if attempt%2 == 1 {
			return errors.New("500")
		}
		return nil
	})
	f("is away for a while", func(attempt int) error {
		if attempt < 8 {
			return errors.New("no route")
		}
		return nil
	})
}

// A message that its receiver never takes holds the later ones up for an hour, and not for
// the day for which it would be tried alone.
func TestMessageThatIsNeverTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.box.answer = func(receiver string, _ int) error {
		if receiver == "pager" && len(b.box.got["pager"]) == 0 && b.clock.Now().Sub(began) < 3*time.Hour {
			return errors.New("500")
		}
		return nil
	}
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.clock.add(holdUpFor)
	b.pass(10 * time.Minute)
	rows, err := b.Store.OutgoingOf(t.Context(), key)
	b.must(err)
	rows = slices.DeleteFunc(rows, func(o store.Outgoing) bool { return o.Receiver != "pager" || o.State == store.Pending })
	if len(rows) == 0 || rows[0].State != store.Failed {
		t.Errorf("an hour later: %+v", rows)
	}
}

// Where two rules ask, the second one announces no second rollback, and its receivers are told
// the outcome of the first.
func TestSecondRuleIsToldTheOutcome(t *testing.T) {
	t.Parallel()
	second := strings.NewReplacer("name: red", "name: blue", "tell: pager", "tell: platform").Replace(redRule)
	_, second, _ = strings.Cut(second, "rules:\n")
	b := newBench(t, redRule+second, nil)
	b.until("a rollback", b.ordered(b.bad("v2", nil), rollback.Done))
	b.pass(30 * time.Second)
	b.wantOutcomes("pager", "rolling back to v1", "rolled back to v1")
	b.wantMessage("pager", "certain", "Rule blue asked for the rollback before: rollback to v1 ordered.")
	b.wantOutcomes("platform", "rolling back to v1", "rolled back to v1")
}

// A rollout that takes long says how far it has come: in the order at once, and to people and
// in the journal once it is slow. The hook's timeout bounds it.
func TestSlowRolloutSaysHowFar(t *testing.T) {
	t.Parallel()
	f := func(name string, end error, change func(*Options), want rollback.State, outcomes ...string) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, change)
			var during []string
			b.hook.follow = func(ctx context.Context) error {
				for i := range 4 {
					rollback.ReportProgress(ctx, fmt.Sprintf("%d of 3 replicas updated", i))
					o, err := b.Store.Order(t.Context(), b.hook.calls[0].Key())
					b.must(err)
					during = append(during, string(o.State)+": "+o.Receipt.Status)
					b.clock.add(20 * time.Second)
				}
				return end
			}
			key := b.bad("v2", nil)
			b.until("the end of the order", b.over(key))
			b.wantState(key, want)
			b.wantCalls(1)
			b.wantOutcomes("pager", outcomes...)
			if slices.Index(during, "sending: 1 of 3 replicas updated") != 1 {
				t.Errorf("while it rolled: %q", during)
			}
			b.wantMessage("pager", "rolling back to v1, 2 of 3 replicas updated", "was called 40s ago", "until 10:01:45 UTC")
			all, err := b.Store.Journal(t.Context(), key)
			b.must(err)
			if !slices.ContainsFunc(all, func(e store.Entry) bool {
				return strings.Contains(string(e.Detail), `"progress":"2 of 3 replicas updated"`)
			}) {
				t.Errorf("the journal says nothing of it: %+v", all)
			}
		})
	}
	slow := []string{"rolling back to v1", "rolling back to v1, 2 of 3 replicas updated"}
	f("it ends", nil, nil, rollback.Done, append(slow, "rolled back to v1")...)
	never := fmt.Errorf("%w: it had not ended in time", rollback.ErrOutcomeUnknown)
	unknown := append(slow, "rollback to v1: OUTCOME UNKNOWN")
	f("it does not end", never, nil, rollback.Unknown, unknown...)
	f("it does not end, idempotent", never, idempotent, rollback.Unknown, unknown...)
}
