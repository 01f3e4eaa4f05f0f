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
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
)

// What a receiver's answer leads to.
func TestMessageRetries(t *testing.T) {
	t.Parallel()
	broken := errors.New("500 Internal Server Error")
	wrong := fmt.Errorf("400 Bad Request: %w", notify.ErrPermanent)
	later := &notify.RetryAfter{After: time.Minute, Err: errors.New("429 Too Many Requests")}
	f := func(name string, answers []error, want string, tries int, within time.Duration) {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, redRule, nil)
			b.box.answer = func(_ string, attempt int) error { return answers[min(attempt, len(answers))-1] }
			key := b.deploy("v2", nil)
			b.until("a first try", func() bool { return b.box.tries > 0 })
			b.pass(within)
			rows, err := b.Store.OutgoingOf(t.Context(), key)
			b.must(err)
			if len(rows) != 1 || rows[0].State != want || b.box.tries != tries {
				t.Errorf("%d messages, %d tries: %+v; want one that is %s after %d", len(rows), b.box.tries, rows, want, tries)
			}
		})
	}
	f("taken", []error{nil}, store.Sent, 1, time.Minute)
	f("a moment away", []error{broken, broken, nil}, store.Sent, 3, time.Minute)
	f("refused for good", []error{wrong}, store.Failed, 1, time.Minute)
	f("not before a minute", []error{later, nil}, store.Pending, 1, 50*time.Second)
	f("after a minute", []error{later, nil}, store.Sent, 2, 70*time.Second)
}

func TestMessageIsGivenUpAfterADay(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.box.answer = func(string, int) error { return errors.New("500") }
	key := b.deploy("v2", nil)
	b.pass(11 * time.Minute)
	b.clock.add(deliverFor + time.Minute)
	b.turn()
	if rows, err := b.Store.OutgoingOf(t.Context(), key); err != nil || rows[0].State != store.Failed {
		t.Errorf("%+v, %v", rows, err)
	}
}

// A message that was not sent when the process died is sent by the next one.
func TestMessageSurvivesACrash(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.box.answer = func(string, int) error { return errors.New("500") }
	b.deploy("v2", nil)
	b.pass(11 * time.Minute)
	b.box.answer = nil
	b.restart()
	b.pass(5 * time.Second)
	b.wantMessage("chat", "cart v2")
}

// reminded is a receiver that forgets, as Alertmanager does.
type reminded struct{ notify.Sender }

func (reminded) RepeatEvery() time.Duration { return time.Minute }

func TestReceiverThatForgets(t *testing.T) {
	t.Parallel()
	b := newBench(t, mode("observe"), func(o *Options) { o.Senders["pager"] = reminded{o.Senders["pager"]} })
	b.bad("v2", nil)
	certain := func() int { return strings.Count(b.box.all("pager"), "certain —") }
	b.until("a page", func() bool { return certain() == 1 })
	b.pass(5*time.Minute + 5*time.Second)
	if got := certain(); got != 6 {
		t.Errorf("reminded %d times in five minutes, want 5", got-1)
	}
	all := b.box.got["pager"]
	if last := all[len(all)-1]; !last.EndsAt.After(b.clock.Now().Add(time.Minute)) {
		t.Errorf("it forgets at %s, before the next reminder", last.EndsAt)
	}
	before := certain()
	b.restart()
	b.pass(2 * time.Minute)
	if got := certain(); got <= before {
		t.Error("nobody is reminded after a restart")
	}
}

// Some receivers identify a thread by these fields: a message that lacks one would begin
// another thread, which nothing ends.
func TestMessagesOfAThreadAgree(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(12 * time.Minute)
	matters := map[string]bool{}
	for _, m := range b.box.got["pager"] {
		facts := m.FieldValues()
		matters[fmt.Sprint(m.Key, facts["service"], facts["environment"], facts["region"], facts["rule"])] = true
	}
	if got := len(b.box.got["pager"]); got < 4 || len(matters) != 1 {
		t.Errorf("%d messages of %d matters: %v", got, len(matters), matters)
	}
}

// When a thread ends, its receiver is notified and gets no more reminders.
func TestRemindersEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, func(o *Options) { o.Senders["pager"] = reminded{o.Senders["pager"]} })
	key := b.bad("v2", nil)
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(15 * time.Minute)
	b.wantMessage("pager", "well again", "resolved=true")
	before := len(b.box.got["pager"])
	b.pass(5 * time.Minute)
	b.restart()
	b.pass(time.Minute)
	if got := len(b.box.got["pager"]); got != before {
		t.Errorf("%d messages after the end:\n%s", got-before, b.box.all("pager"))
	}
}

// Grafana gets one annotation a change, which is updated.
func TestAnnotation(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.bad("v2", nil)
	b.pass(5 * time.Second)
	if len(b.grafana.puts) != 1 || b.grafana.puts[0].RemoteID != 0 || !b.grafana.puts[0].To.IsZero() {
		t.Fatalf("at the start: %+v", b.grafana.puts)
	}
	b.until("a rollback", b.ordered(key, rollback.Done))
	b.pass(15 * time.Minute)
	last := b.grafana.puts[len(b.grafana.puts)-1]
	if len(b.grafana.ids) != 1 || last.RemoteID != 1 {
		t.Errorf("not updated in place: %v, id %d", b.grafana.ids, last.RemoteID)
	}
	for _, tag := range []string{"cart", "production", "regressed", "rolled-back"} {
		if !slices.Contains(last.Tags, tag) {
			t.Errorf("no tag %q in %v", tag, last.Tags)
		}
	}
	if !last.From.Equal(began) || !last.To.After(last.From) || !strings.Contains(last.Text, "0.5 % → 3 %") {
		t.Errorf("from %s to %s: %s", last.From, last.To, last.Text)
	}
	puts := len(b.grafana.puts)
	b.restart()
	b.pass(5 * time.Minute)
	b.must(b.reports.PostJob(t.Context(), store.ReportID(key, store.Grafana))) // a job too many finds nothing to do
	if got := len(b.grafana.puts); got != puts {
		t.Errorf("%d requests to Grafana for no news", got-puts)
	}
}

func TestGrafanaAway(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	b.grafana.fault = errors.New("502")
	b.deploy("v2", nil)
	b.pass(2 * time.Minute)
	if got := len(b.grafana.puts); got < 2 || got > 5 {
		t.Errorf("asked %d times in two minutes", got)
	}
	b.grafana.fault = nil
	b.pass(time.Minute)
	if len(b.grafana.ids) != 1 {
		t.Errorf("annotations: %v", b.grafana.ids)
	}
}

// For $owner.pager of a service without one, the other receivers are notified, and the
// journal names what is missing.
func TestReceiverThatIsMissing(t *testing.T) {
	t.Parallel()
	b := newBench(t, strings.Replace(mode("observe"), "tell: pager", "tell: [$owner.pager, pager]", 1), nil)
	key := b.bad("v2", nil)
	b.pass(4 * time.Minute)
	b.wantMessage("pager", "likely")
	entries, err := b.Store.Journal(t.Context(), key)
	b.must(err)
	if !slices.ContainsFunc(entries, func(e store.Entry) bool { return strings.Contains(string(e.Detail), "$owner.pager") }) {
		t.Errorf("the journal does not name the gap: %+v", entries)
	}
	c := newBench(t, strings.Replace(redRule, "tell: pager", "tell: $owner.pager", 1), func(o *Options) {
		o.Catalogue.Default = rules.Service{Pager: "pager"}
	})
	c.bad("v2", nil)
	c.pass(4 * time.Minute)
	c.wantMessage("pager", "likely")
}

// contexts is a sender that keeps the error of each attempt's context.
type contexts []error

func (c *contexts) Send(ctx context.Context, _ notify.Message) error {
	*c = append(*c, ctx.Err())
	return nil
}

// A stopping engine does not cut off an attempt: the message may have arrived, and would be
// sent again.
func TestStoppingLetsAnAttemptFinish(t *testing.T) {
	t.Parallel()
	var seen contexts
	b := newBench(t, redRule, func(o *Options) { o.Senders["chat"] = &seen })
	stopped, stop := context.WithCancel(t.Context())
	stop()
	b.must(b.deliverer.attempt(stopped, store.Outgoing{Receiver: "chat"}))
	if len(seen) != 1 || seen[0] != nil {
		t.Errorf("the attempt of a stopping engine: %v", seen)
	}
}
