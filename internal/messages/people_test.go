package messages_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/messages"
	"github.com/pushback/pushback/internal/people"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

// Only those whom pushback.yml knows have handles, each once, and before the others.
func TestPeople(t *testing.T) {
	t.Parallel()
	c := messages.Composer{People: people.List{
		{Name: "ada", Slack: "U012", IRC: "ada", MSTeams: "ada@example.org", Email: "ada@example.org", GitHub: "ada-l"},
		{Name: "bob", GitLab: "bob"},
	}}
	f := func(name, actor string, riders []string, want ...notify.Person) {
		t.Helper()
		got := c.Remark("k", sources.Change{Actor: actor, Riders: riders}, "", time.Now()).People
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	ada := notify.Person{Name: "ada", Handles: map[string]string{"slack": "U012", "irc": "ada", "msteams": "ada@example.org"}}
	f("by name", "ada", nil, ada)
	f("by login", "Ada-L", nil, ada)
	f("by commit", "", []string{"A. Lovelace <ada@example.org>"}, ada)
	f("once", "ada-l", []string{"ada", "Ada <ada@example.org>"}, ada)
	f("without a chat", "bob", nil, notify.Person{Name: "bob", Handles: map[string]string{}})
	f("unknown, after those who are known", "<!channel>", []string{"U012", "<@U012>", "ada", "<!channel>"},
		ada, notify.Person{Name: "<!channel>"}, notify.Person{Name: "U012"}, notify.Person{Name: "<@U012>"})
	f("nobody", "", []string{" "})

	var many []string
	for i := range 100 {
		many = append(many, fmt.Sprint("rider", i))
	}
	if got := c.Remark("k", sources.Change{Actor: "x", Riders: append(many, "ada")}, "", time.Now()).People; len(got) != 20 || got[0].Name != "ada" {
		t.Errorf("%d people, %+v first", len(got), got[0])
	}
}

// A message asks while its order is proposed and not after, and only in the thread of the order's rule.
func TestAsk(t *testing.T) {
	t.Parallel()
	for _, s := range []rollback.State{
		rollback.Proposed, rollback.Approved, rollback.Decided, rollback.Sending, rollback.Done, rollback.Failed, rollback.Unknown,
		rollback.Refused, rollback.Expired, rollback.Cancelled,
	} {
		o := order(kinds()[0], s)
		m := composer.Order(o, at)
		want := &notify.Ask{Order: o.Key, Target: "v1", ExpiresAt: o.ExpiresAt}
		if s != rollback.Proposed {
			want = nil
		}
		if diff := cmp.Diff(want, m.Ask); diff != "" {
			t.Errorf("%s: %s", s, diff)
		}
	}
	proposed, done := order(kinds()[0], rollback.Proposed), order(kinds()[0], rollback.Done)
	f := func(name string, earlier, made *rollback.Order, rule string, want bool) {
		t.Helper()
		if got := messages.AskedBeside(earlier, made, rule); (got != nil) != want {
			t.Errorf("%s: %+v", name, got)
		}
	}
	f("made now", nil, &proposed, "red", true)
	f("no order", nil, nil, "red", false)
	f("still waiting", &proposed, nil, "red", true)
	f("over", &done, &proposed, "red", false)
	f("of another rule", &proposed, nil, "slow", false)
}

// How often the rule was wrong stands in its messages, once it has fired.
func TestWithRecord(t *testing.T) {
	t.Parallel()
	f := func(severity notify.Severity, wrong, fired int, want string) {
		t.Helper()
		if got := messages.WithRecord(notify.Message{Severity: severity}, wrong, fired).Field(notify.RecordField); got != want {
			t.Errorf("%s, %d of %d: %q, want %q", severity, wrong, fired, got, want)
		}
	}
	f(notify.Critical, 2, 40, "wrong 2 of 40 times")
	f(notify.Warning, 0, 1, "wrong 0 of 1 time")
	f(notify.Critical, 0, 0, "")
	f(notify.Info, 2, 40, "wrong 2 of 40 times")
}
