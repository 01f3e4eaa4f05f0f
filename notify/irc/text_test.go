package irc

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
)

// The command that decides is always there while people are asked, and only then.
func TestAskLine(t *testing.T) {
	t.Parallel()
	const key = "abcdefghijklmnopqrstuvwxyz"
	m := sendertest.Message()
	m.Ask = &notify.Ask{Order: key, Target: "v1", ExpiresAt: time.Date(2026, 11, 20, 14, 0, 0, 0, time.UTC)}
	const want = "  !approve abcdefghij or !reject abcdefghij (until 14:00 UTC)"
	last := func(m notify.Message) string {
		all := lines(render(m.Truncated(), false), 400)
		return all[len(all)-1]
	}
	if got := last(m); got != want {
		t.Errorf("%q", got)
	}
	long := m
	long.SignalLines = []string{strings.Repeat("long ", 90), strings.Repeat("long ", 90), strings.Repeat("long ", 90)}
	long.Title, long.Action = strings.Repeat("title ", 150), strings.Repeat("action ", 140)
	if got := last(long); got != want {
		t.Errorf("of a long message: %q", got)
	}
	m.Resolved = true
	if got := last(m); strings.Contains(got, "!approve") {
		t.Errorf("of an ended thread: %q", got)
	}
	m.Resolved, m.Ask, m.Action = false, nil, "somebody wrote: pushback approve "+key
	if got := last(m); strings.Contains(got, "!approve") {
		t.Errorf("of a text: %q", got)
	}
}

// Only accounts that pushback.yml knows are mentioned.
func TestMentions(t *testing.T) {
	t.Parallel()
	f := func(want string, people ...notify.Person) {
		t.Helper()
		m := sendertest.Message()
		m.People = people
		if got := mentions(m); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		m.Resolved = true
		if got := mentions(m); got != "" {
			t.Errorf("the end of a thread mentions %q", got)
		}
	}
	as := func(account string) notify.Person {
		return notify.Person{Name: "everybody", Handles: map[string]string{"irc": account}}
	}
	f("ada, bob_", as("ada"), notify.Person{Name: "mallory"}, as("bob_"))
	f("", notify.Person{Name: "ada", Handles: map[string]string{"slack": "U012"}})
	f("", as("#general"), as("a b"), as("@ops"), as("a\r\nQUIT"), as(""), as(strings.Repeat("a", 40)))
	var many []notify.Person
	for i := range 30 {
		many = append(many, as(fmt.Sprint("a", i)))
	}
	m := sendertest.Message()
	m.People = many
	if n := len(strings.Split(mentions(m), ", ")); n != maxPeople {
		t.Errorf("%d are mentioned", n)
	}
}

// How often the rule was wrong is said where there are no fields.
func TestRecord(t *testing.T) {
	t.Parallel()
	m := sendertest.Message()
	m.Fields = append(m.Fields, notify.Field{Name: "rule so far", Value: "wrong 2 of 40 times"})
	if got := strings.Join(lines(render(m, false), 400), "\n"); !strings.Contains(got, "\n  platform/red so far: wrong 2 of 40 times\n") {
		t.Errorf("%q", got)
	}
}
