package openid

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/strictyaml"
)

func read(t *testing.T, text string) (s Settings, mistakes string) {
	t.Helper()
	_, problems := strictyaml.Decode([]byte(text), &s)
	for _, p := range problems {
		mistakes += p.Message + " " + p.Hint + "; "
	}
	if err := s.Validate(); err != nil && mistakes == "" {
		mistakes = err.Error()
	}
	return s, mistakes
}

func TestSettings(t *testing.T) {
	s, mistakes := read(t, `
issuer: https://login.example.org/realms/acme
client_id: pushback
scopes: [openid, groups]
claims: {name: preferred_username, groups: realm_access.roles}
roles:
  sre: operator
  shop: {role: responder, teams: [shop]}
default_role: viewer
`)
	if mistakes != "" || s.Name() != "login.example.org" || s.nameClaim() != "preferred_username" || strings.Join(s.scopes(), " ") != "openid groups" {
		t.Errorf("%+v, %s", s, mistakes)
	}
	f := func(groups string, want ...identity.Grant) {
		t.Helper()
		if d := cmp.Diff(want, s.Grants(strings.Fields(groups))); d != "" {
			t.Errorf("%q: %s", groups, d)
		}
	}
	f("", identity.Grant{Role: identity.Viewer})
	f("others", identity.Grant{Role: identity.Viewer})
	f("sre shop", identity.Grant{Role: identity.Responder, Teams: []string{"shop"}}, identity.Grant{Role: identity.Operator})
	s.DefaultRole = nil
	f("others")
}

func TestMistakesInSettings(t *testing.T) {
	f := func(text, want string) {
		t.Helper()
		if _, got := read(t, text); !strings.Contains(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
	f(`{issuer: "http://login.example.org", client_id: x, roles: {a: viewer}}`, "must begin with https://")
	f(`{issuer: "https://me:secret@login.example.org", client_id: x, roles: {a: viewer}}`, "user or password")
	f(`{issuer: "https://login.example.org?a=b", client_id: x, roles: {a: viewer}}`, "query or a fragment")
	f(`{issuer: "https://login.example.org", client_id: x}`, "nobody could sign in")
	f(`{issuer: "https://login.example.org", roles: {a: viewer}}`, "client_id")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: admin}}`, "is no role")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: {role: operator}}}`, "teams")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: {role: operator, teams: []}}}`, "names no team")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: {role: operator, teams: [""]}}}`, "names no team")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: {role: viewer, teams: [shop]}}}`, "reads everything")
	f(`{issuer: "https://login.example.org", client_id: x, roles: {a: {role: operator, team: shop}}}`, "unknown key")
	f(`{issuer: "https://login.example.org", client_id: x, default_role: nobody, roles: {a: viewer}}`, "is no role")
	f(`{issuer: "http://127.0.0.1:8080", client_id: x, roles: {a: viewer}}`, "")
}

// FuzzPerson reads the claims of a provider. A name is one visible line, and groups are those that have a role.
func FuzzPerson(f *testing.F) {
	s := Settings{Roles: map[string]GroupRole{"sre": {Role: identity.Operator}}, Claims: Claims{Groups: "a.b.groups"}}
	f.Add("7", `{"email":"ada@example.org","a":{"b":{"groups":["sre"]}}}`)
	f.Add("7", `{"email":"ada","a.b.groups":{"sre":1},"a":7}`)
	f.Add("", `{"email":null}`)
	f.Fuzz(func(t *testing.T, subject, text string) {
		c, err := decode(rawClaims(text))
		if err != nil {
			return
		}
		p, err := s.person(subject, c)
		if err != nil {
			return
		}
		if p.Subject == "" || p.Name == "" || strings.ContainsAny(p.Name, "\n\r\x00") || identity.CheckPersonName(p.Name) != nil {
			t.Errorf("%q is %+v", text, p)
		}
		for _, group := range p.Groups {
			if group != "sre" {
				t.Errorf("%q has the group %q", text, group)
			}
		}
	})
}

type jsonText = json.RawMessage

type rawClaims string

func (r rawClaims) Claims(into any) error {
	*into.(*jsonText) = jsonText(r)
	return nil
}
