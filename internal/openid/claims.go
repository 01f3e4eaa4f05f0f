package openid

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/sources"
)

// maxGroups bounds how many groups of a person are looked at.
const maxGroups = 10_000

// Person is somebody who has signed in at the provider.
type Person struct {
	Subject string   // the provider's own id of them, which never changes
	Name    string   // for the journal
	Groups  []string // those that have a role here
}

// claims are what the provider says of somebody.
type claims map[string]json.RawMessage

// find returns a claim by its name, or by a path of names with dots: realm_access.roles. The whole name comes first,
// because some providers have dots in names.
func (c claims) find(name string) json.RawMessage {
	if value, ok := c[name]; ok {
		return value
	}
	first, rest, dotted := strings.Cut(name, ".")
	if !dotted {
		return nil
	}
	var inner claims
	if json.Unmarshal(c[first], &inner) != nil {
		return nil
	}
	return inner.find(rest)
}

// text is a claim that is a text; "" if it is none.
func (c claims) text(name string) string {
	var text string
	_ = json.Unmarshal(c.find(name), &text)
	return text
}

// list is a claim that names groups: a list of texts, one text, or an object whose keys are the names.
func (c claims) list(name string) []string {
	value := c.find(name)
	var names []string
	var one string
	var object map[string]json.RawMessage
	switch {
	case json.Unmarshal(value, &names) == nil:
	case json.Unmarshal(value, &one) == nil:
		names = []string{one}
	case json.Unmarshal(value, &object) == nil:
		for key := range object {
			names = append(names, key)
		}
	}
	return names[:min(len(names), maxGroups)]
}

// person is who the claims are about.
func (s Settings) person(subject string, c claims) (Person, error) {
	p := Person{Subject: subject}
	if subject == "" {
		return p, errors.New("the provider did not say who signed in: sub is missing")
	}
	given := c.text(s.nameClaim())
	p.Name = sources.OneLine(given, sources.MaxName)
	if p.Name == "" || p.Name != given {
		return p, fmt.Errorf("the provider sent no usable claim %s, which names people here: have it send the claim, or name another as oidc.claims.name", s.nameClaim())
	}
	if err := identity.CheckPersonName(p.Name); err != nil {
		return p, err
	}
	if s.nameClaim() == defaultNameClaim && !verified(c.find("email_verified")) {
		return p, errors.New("the provider has not verified this e-mail address, which names people here")
	}
	for _, group := range c.list(s.groupsClaim()) {
		if _, has := s.Roles[group]; has {
			p.Groups = append(p.Groups, group)
		}
	}
	return p, nil
}

// verified says whether an address may be taken for somebody's. Providers whose addresses are an administrator's send
// no such claim.
func verified(claim json.RawMessage) bool {
	return claim == nil || string(claim) == "true" || string(claim) == `"true"`
}
