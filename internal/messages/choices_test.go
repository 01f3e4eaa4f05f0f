package messages_test

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// nothingToChoose are the messages after which no command changes what was believed or done.
var nothingToChoose = map[string]string{
	"suspect":              "a rule that is only suspicious has not fired, and does nothing",
	"a person approves":    "the guards are asked next, and the message after that says what can be done",
	"a person rejects":     "that is final, and counts as a false alarm already",
	"the guards permit it": "the hook is being called",
	"the rollout is slow":  "the hook is being called",
}

// Whoever reads one message alone knows who pushed what, how often the rule was wrong, where to read on, and the command
// that approves or takes back; or there is none, and why.
func TestMessagesSayWhoAndWhatToDo(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, c := range kinds() {
		for _, of := range [][]entry{found(c), moreFound(c), guarded(t, c), ends(c), afterwards(c)} {
			for _, e := range of {
				m := messages.WithRecord(e.Message, 2, 40)
				if m.Field("by") != "amy" || m.Field("version") == "" || m.Field(notify.RecordField) != "wrong 2 of 40 times" || !strings.HasSuffix(m.Link, c.Key()) {
					t.Errorf("%s: %s: %+v", c.Kind, e.When, m)
				}
				_, silent := nothingToChoose[e.When]
				seen[e.When] = seen[e.When] || silent
				asks := strings.Contains(m.Action, "pushback approve "+c.Key()) && strings.Contains(m.Action, "pushback reject "+c.Key())
				if (m.Ask != nil) != asks || m.Ask != nil && len(m.Choices) > 0 {
					t.Errorf("%s: %s: asks %+v by %q and offers %+v", c.Kind, e.When, m.Ask, m.Action, m.Choices)
				}
				if offers := len(m.Choices) > 0 || m.Ask != nil; offers == silent {
					t.Errorf("%s: %s: offers %+v", c.Kind, e.When, m.Choices)
				}
			}
		}
	}
	for when := range nothingToChoose {
		if !seen[when] {
			t.Errorf("no message is called %q", when)
		}
	}
}

// A correction is offered of what the watch came to, and a command that the daemon would refuse is not.
func TestCorrections(t *testing.T) {
	t.Parallel()
	bad := verdict(errorsRose())
	f := func(name string, change func(*messages.Look), want string) {
		t.Helper()
		l := look(kinds()[0], &bad, watch.Watching)
		change(&l)
		if got := strings.Join(composer.Verdict(l).Lines(), "\n"); strings.Contains(got, "pushback ") != (want != "") || !strings.Contains(got, want) {
			t.Errorf("%s: %s", name, got)
		}
	}
	f("certain", func(*messages.Look) {}, "If it is a false alarm: pushback false-alarm k")
	f("suspect", func(l *messages.Look) { l.Watch.Grade = detector.Suspect }, "")
	f("was likely for a while", func(l *messages.Look) {
		l.Watch.Grade, l.Watch.State, l.Watch.Grades = detector.None, watch.Healthy, []watch.GradeAt{{At: at, Grade: detector.Likely}}
	}, "pushback false-alarm k")
	f("healthy", func(l *messages.Look) { l.Watch.Grade, l.Watch.State = detector.None, watch.Healthy }, "")
	f("inconclusive", func(l *messages.Look) { l.Watch.Grade, l.Watch.State = detector.Suspect, watch.Inconclusive }, "If the change is bad: pushback missed k")

	for _, state := range []rollback.State{rollback.Expired, rollback.Refused, rollback.Cancelled, rollback.Done, rollback.Failed, rollback.Unknown} {
		o := order(kinds()[0], state)
		o.Evidence = []byte(`{"grade":"suspect"}`)
		sent := state == rollback.Done || state == rollback.Failed || state == rollback.Unknown
		if m := composer.Order(o, at); len(m.Choices) > 0 != sent {
			t.Errorf("%s, suspect when it was asked: %+v", state, m.Choices)
		}
	}
}

// What a person copies into a shell has no text in it that others decide.
func TestCommandsHaveNoTextOfOthers(t *testing.T) {
	t.Parallel()
	for _, service := range []string{"cart'; rm -rf /; '", "*", "a b", "$(id)", "-x", "a\nb", "www.evil.example", "кот"} {
		m := composer.TrustStep(messages.Step{Rule: "red", Service: service, Named: service}, at)
		for _, c := range m.Choices {
			if c.Shell != "pushback rules status --proposed" {
				t.Errorf("%q: %s", service, c.Shell)
			}
		}
	}
	m := composer.TrustStep(messages.Step{Rule: "red", Service: "shop_cart-2"}, at)
	if len(m.Choices) != 2 || m.Choices[0].Shell != "pushback rules promote red --service shop_cart-2" {
		t.Errorf("%+v", m.Choices)
	}
}

// A message that speaks for several changes names who made each.
func TestBlamed(t *testing.T) {
	t.Parallel()
	m := notify.Message{Title: "cart v2 in production: regressed"}
	if got := messages.Blamed(m); got != m.Title {
		t.Error(got)
	}
	m.Fields = []notify.Field{{Name: "by", Value: "amy"}}
	if got := messages.Blamed(m); got != "cart v2 in production: regressed (by amy)" {
		t.Error(got)
	}
}

// A digest says who made what waits, until when that may be approved, and how.
func TestDigestSaysHowToApprove(t *testing.T) {
	t.Parallel()
	waiting, done := order(kinds()[0], rollback.Proposed), order(kinds()[0], rollback.Done)
	m := composer.Digest(messages.Digest{Receiver: "ops", To: at, Waiting: []rollback.Order{waiting}, Ended: []rollback.Order{done}})
	for i, want := range []string{
		"cart deploy v2 in production: rollback to v1 waits for a person, pushed by amy; until 2026-11-20 14:00 UTC: pushback approve " + waiting.Key,
		"cart deploy v2 in production: rolled back to v1, pushed by amy",
	} {
		if got := m.Sections[i].Items[0].Text; got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
