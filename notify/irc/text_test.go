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
		all := lines(render(m.Truncated(), false, true), 400)
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
	if got := strings.Join(lines(render(m, false, true), 400), "\n"); !strings.Contains(got, "\n  platform/red so far: wrong 2 of 40 times\n") {
		t.Errorf("%q", got)
	}
}

// Who made the change is said where there are no fields, and what can be done in the words of the channel that hears it.
func TestFactsAndChoices(t *testing.T) {
	t.Parallel()
	m := sendertest.Message()
	m.Fields = append(m.Fields, notify.Field{Name: "by", Value: "amy"}, notify.Field{Name: "watched until", Value: "12:31 UTC"})
	m.Choices = []notify.Choice{
		{When: "If it is a false alarm", Shell: "pushback false-alarm abcdefghijklmnop", Chat: "false-alarm", About: "abcdefghijklmnop"},
		{When: "To let rollbacks go on", Shell: "pushback release h1", Chat: "release", About: "h1"},
		{When: "To let it", Shell: "pushback rules promote red --service cart"},
		{When: "To dance", Shell: "pushback dance", Chat: "dance", About: "x"},
	}
	f := func(hears bool, want ...string) {
		t.Helper()
		got := strings.Join(lines(render(m.Truncated(), false, hears), 400), "\n") + "\n"
		for _, line := range want {
			if !strings.Contains(got, "\n  "+line+"\n") {
				t.Errorf("no %q in\n%s", line, got)
			}
		}
		if hears == strings.Contains(got, "pushback false-alarm") {
			t.Errorf("heard: %v\n%s", hears, got)
		}
	}
	f(true, "by amy, watched until 12:31 UTC", "If it is a false alarm: !false-alarm abcdefghij", "To let rollbacks go on: !release h1",
		"To let it: pushback rules promote red --service cart", "To dance: pushback dance")
	f(false, "If it is a false alarm: pushback false-alarm abcdefghijklmnop", "To let rollbacks go on: pushback release h1")

	m.Ask = &notify.Ask{Order: "abcdefghijklmnop"}
	if got := strings.Join(lines(render(m.Truncated(), false, false), 400), "\n"); strings.Contains(got, "!approve") {
		t.Errorf("a channel without commands is told of one:\n%s", got)
	}
}
