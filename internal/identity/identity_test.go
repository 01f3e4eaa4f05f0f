package identity

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What each role may do, and the zero values, who may do nothing.
func TestRoles(t *testing.T) {
	f := func(i Identity, want ...Scope) {
		t.Helper()
		for _, s := range all {
			if got := i.May(s); got != slices.Contains(want, s) {
				t.Errorf("%+v may %s: %v", i, s, got)
			}
			if got := i.MayFor(s, "shop"); got != slices.Contains(want, s) {
				t.Errorf("%+v may %s for a team: %v", i, s, got)
			}
		}
		if i.May("anything") || i.May("") {
			t.Errorf("%+v may do what is no scope", i)
		}
	}
	f(Identity{})
	f(New("ada", OIDC))
	f(New("ada", OIDC, Grant{}))
	f(Identity{Name: "ada", How: OIDC, Grants: []Grant{{Role: Operator}}})
	f(New("ada", OIDC, Grant{Role: Viewer}), Read, Gate)
	f(New("ada", OIDC, Grant{Role: Responder}), Read, Gate, Respond)
	f(New("ada", OIDC, Grant{Role: Operator}), Read, Gate, Report, Respond, Operate)
	f(New("ada", OIDC, Grant{Role: Operator}).OnlyReading(Password), Read, Gate)
	f(Identity{How: Token, Grants: []Grant{{Role: Viewer}}, Scopes: []Scope{Report}}, Report)
	f(Identity{How: Token, Grants: []Grant{{Role: Viewer}}, Scopes: []Scope{Gate}}, Gate)
	f(Identity{How: Token, Grants: []Grant{{Role: Viewer}}, Scopes: all}, Read, Gate, Report)
	f(Identity{How: Token, Grants: []Grant{{Role: Operator}}, Scopes: []Scope{Respond}}, Respond)
}

// Each grant counts for its own teams: no role of one reaches the services of another.
func TestTeams(t *testing.T) {
	i := New("ada", OIDC, Grant{Role: Responder, Teams: []string{"shop", "search"}}, Grant{Role: Operator, Teams: []string{"search"}}, Grant{Role: Viewer})
	f := func(s Scope, owner string, want bool) {
		t.Helper()
		if got := i.MayFor(s, owner); got != want {
			t.Errorf("%s for %q: %v", s, owner, got)
		}
	}
	for _, owner := range []string{"shop", "search", "payments", ""} {
		f(Read, owner, true)
		f(Gate, owner, true)
	}
	f(Respond, "shop", true)
	f(Respond, "search", true)
	f(Respond, "payments", false)
	f(Respond, "", false)
	f(Respond, "SHOP", false)
	f(Operate, "search", true)
	f(Operate, "shop", false)
	f(Report, "search", true)
	f(Report, "shop", false)
	if !i.Limited(Respond) || !i.Limited(Operate) || i.Limited(Read) || strings.Join(i.Teams(), " ") != "search shop" {
		t.Errorf("limited %v %v, teams %v", i.Limited(Respond), i.Limited(Operate), i.Teams())
	}
	i.Grants = append(i.Grants, Grant{Role: Responder})
	if i.Limited(Respond) || !i.Limited(Operate) || !i.MayFor(Respond, "") || i.MayFor(Operate, "shop") {
		t.Error("a grant for every service does not count, or reaches too far")
	}
	i.Grants = append(i.Grants, Grant{Role: Operator})
	if i.Limited(Operate) || i.Teams() != nil {
		t.Errorf("an operator for every service has the teams %v", i.Teams())
	}
	none := Grant{Role: Operator, Teams: []string{""}}
	if none.covers("") {
		t.Error("a service without an owner belongs to the team without a name")
	}
}

func TestActor(t *testing.T) {
	f := func(i Identity, said, want string) {
		t.Helper()
		if got := i.Actor(said); got != want {
			t.Errorf("%s %q said %q: %q, want %q", i.How, i.Name, said, got, want)
		}
	}
	f(Identity{}, "eve", "eve")
	f(New("", Shared), "eve", "eve")
	f(New("", Shared), "", "")
	f(New("amy", Shared), "eve", "amy")
	f(New("ada", OIDC), "eve", "ada")
	f(New("ada", OIDC), "", "ada")
	f(New("ci", Token), "", "token ci")
	f(New("ci", Token), "ci", "token ci")
	f(New("ci", Token), "ada", "token ci, for ada")
}

func TestParsing(t *testing.T) {
	for _, name := range Roles() {
		if r, err := ParseRole(name); err != nil || r.String() != name {
			t.Errorf("%s: %s, %v", name, r, err)
		}
	}
	for _, name := range []string{"", "nobody", "Viewer", "admin", "operator "} {
		if r, err := ParseRole(name); err == nil || r != Nobody {
			t.Errorf("%q is the role %s", name, r)
		}
	}
	if Role(7).String() != "nobody" || Role(-1).String() != "nobody" || Scope("new").Needs() != Operator {
		t.Error("what is unknown is worth something")
	}
	f := func(names string, r Role, want string) {
		t.Helper()
		scopes, err := ParseScopes(strings.Fields(names), r)
		got := strings.Trim(fmt.Sprint(scopes), "[]")
		if err != nil {
			got = "refused"
		}
		if got != want {
			t.Errorf("%q for a %s: %s (%v), want %s", names, r, got, err, want)
		}
	}
	f("", Viewer, "read gate")
	f("", Responder, "read gate respond")
	f("", Nobody, "")
	f("report", Viewer, "report")
	f("report read report", Viewer, "read report")
	f("respond", Viewer, "refused")
	f("operate", Responder, "refused")
	f("everything", Operator, "refused")
	f("READ", Operator, "refused")
}

// A token is known by this installation alone, to the last character, and never by its hash.
func TestTokens(t *testing.T) {
	key, other := Key(strings.Repeat("k", 32)), Key(strings.Repeat("o", 32))
	text, hash := key.NewToken([RandomBytes]byte{1})
	if again, second := key.NewToken([RandomBytes]byte{2}); again == text || second == hash || len(text) != 68 || !strings.HasPrefix(text, Prefix) || strings.Contains(text, hash) {
		t.Errorf("%d characters, twice the same: %v", len(text), again == text)
	}
	f := func(k Key, given string, want bool) {
		t.Helper()
		got, ok := k.CheckToken(given)
		if ok != want || want && got != hash || !want && got != "" {
			t.Errorf("%q: %q, %v", given, got, ok)
		}
	}
	f(key, text, true)
	f(other, text, false)
	f(nil, text, false)
	f(key, hash, false)
	for i := range text {
		changed := []byte(text)
		changed[i] = map[bool]byte{true: 'b', false: 'a'}[changed[i] == 'a']
		f(key, string(changed), false)
	}
	for _, made := range []string{"", Prefix, text[4:], text + "a", text[:67], strings.ToUpper(text), " " + text, text + "\n", Prefix + strings.Repeat("a", 64), Prefix + strings.Repeat("=", 64), Prefix + strings.Repeat("\n", 64), Prefix + strings.Repeat("\r\n", 16) + strings.Repeat("a", 32)} {
		f(key, made, false)
	}
}

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{"ci": true, "ci-cart_1.2": true, "0": true, "": false, "-ci": false, "Ci": false, "c i": false, "ci/cart": false, "..": false, "cí": false, strings.Repeat("a", 63): true, strings.Repeat("a", 64): false} {
		if err := CheckTokenName(name); (err == nil) != want {
			t.Errorf("a token %q: %v", name, err)
		}
	}
	for name, want := range map[string]bool{"ada@example.org": true, "Ada Lovelace": true, "tokenize": true, "rules@example.org": true, "pushback": false, "Pushback": false, "token ci": false, "TOKEN ci, for bob": false, "rule red": false, "restore": false} {
		if err := CheckPersonName(name); (err == nil) != want {
			t.Errorf("a person %q: %v", name, err)
		}
	}
}

// FuzzCheckToken looks for a token that nobody made.
func FuzzCheckToken(f *testing.F) {
	key := Key(strings.Repeat("k", 32))
	made, _ := Key(strings.Repeat("o", 32)).NewToken([RandomBytes]byte{1})
	f.Add(made)
	f.Add(Prefix + strings.Repeat("a", 64))
	f.Fuzz(func(t *testing.T, given string) {
		if hash, ok := key.CheckToken(given); ok {
			t.Errorf("%q has the hash %s", given, hash)
		}
	})
}
