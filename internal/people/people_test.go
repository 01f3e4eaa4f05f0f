package people_test

import (
	"testing"

	"github.com/pushback/pushback/internal/people"
)

func section() map[string]people.Person {
	return map[string]people.Person{
		"ada":  {Role: people.Responder, Teams: []string{"shop"}, Slack: "U012", IRC: "ada", Email: "ada@example.org", GitHub: "ada-l"},
		"bob":  {Role: people.Operator, IRC: "bob"},
		"carl": {GitHub: "carl"},
	}
}

func TestOf(t *testing.T) {
	list, mistakes := people.New(section())
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	f := func(kind, handle, want string) {
		t.Helper()
		if p, known := list.Of(kind, handle); p.Name != want || known != (want != "") {
			t.Errorf("%s %q is %q, want %q", kind, handle, p.Name, want)
		}
	}
	f("irc", "ada", "ada")
	f("irc", "ADA", "ada") // services compare accounts without regard to case
	f("slack", "U012", "ada")
	f("slack", "u012", "")
	f("irc", "", "")      // nobody who is not signed in is somebody without an account
	f("slack", "ada", "") // a handle is of one kind
	f("irc", "a\u212Aa", "")
	f("webhook", "ada", "")
}

func TestCalled(t *testing.T) {
	list, _ := people.New(section())
	f := func(name, want string) {
		t.Helper()
		if p, _ := list.Called(name); p.Name != want {
			t.Errorf("%q is %q, want %q", name, p.Name, want)
		}
	}
	f("ada-l", "ada")
	f("@Ada-L", "ada")
	f("Ada Lovelace <ada@example.org>", "ada")
	f("ada", "ada")
	f("Mallory <m@evil.example>", "")
	f("U012", "")
}

func TestMistakes(t *testing.T) {
	s := section()
	s["carl"] = people.Person{Role: "boss", IRC: "Ada"}
	_, mistakes := people.New(s)
	if len(mistakes) != 2 || mistakes[0].Path != "carl.role" || mistakes[1].Path != "carl.irc" {
		t.Errorf("mistakes %v", mistakes)
	}
}

func TestRoles(t *testing.T) {
	for _, c := range []struct {
		has, needs people.Role
		may        bool
	}{
		{people.Viewer, people.Viewer, true},
		{people.Viewer, people.Responder, false},
		{people.Responder, people.Responder, true},
		{people.Responder, people.Operator, false},
		{people.Operator, people.Responder, true},
		{"boss", people.Viewer, false},
	} {
		if c.has.Includes(c.needs) != c.may {
			t.Errorf("%s includes %s: %v", c.has, c.needs, !c.may)
		}
	}
	ada := people.Person{Teams: []string{"shop"}}
	if !ada.Answers("shop") || ada.Answers("pay") || ada.Answers("") || !(people.Person{}).Answers("pay") {
		t.Error("teams do not bind")
	}
}
