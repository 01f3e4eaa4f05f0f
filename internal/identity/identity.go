package identity

import (
	"slices"
	"time"
)

// Way is how somebody proved who they are.
type Way string

// The ways. Shared is a token of the token file, which many may have, so that it names nobody. Password is such a
// token, or a named one, as the password of an address. Host is the user that runs Pushback, on its own host.
const (
	Shared   Way = "token file"
	Token    Way = "token"
	OIDC     Way = "oidc"
	Password Way = "password"
	Host     Way = "this host"
)

// Grant is a role for every service, or for the services whose owner is one of the teams.
type Grant struct {
	Role  Role
	Teams []string // none: every service
}

// covers says whether the grant is about a service with this owner.
func (g Grant) covers(owner string) bool {
	return len(g.Teams) == 0 || owner != "" && slices.Contains(g.Teams, owner)
}

// Identity is who sent a request.
type Identity struct {
	Name   string // as the journal shows it: of a person, or of a named token; "" where nobody can tell
	How    Way
	Key    string // the hash of a named token, the subject of a provider; "" for others
	Grants []Grant
	Scopes []Scope
	Ends   time.Time // of a named token; zero: never
}

// New is an identity with the scopes of its roles.
func New(name string, how Way, grants ...Grant) Identity {
	i := Identity{Name: name, How: how, Grants: grants}
	i.Scopes = ScopesOf(i.Role())
	return i
}

// Known says whether it is anybody at all.
func (i Identity) Known() bool { return i.How != "" && len(i.Grants) > 0 }

// Personal says whether the identity has a name of its own, so that no request needs to say who it is from.
func (i Identity) Personal() bool { return i.Name != "" }

// Role is the highest role that was granted, for some service at least.
func (i Identity) Role() (highest Role) {
	for _, g := range i.Grants {
		highest = max(highest, g.Role)
	}
	return highest
}

// has says whether the scopes allow what a request does. Who may read everything may ask the gate.
func (i Identity) has(s Scope) bool {
	return slices.Contains(i.Scopes, s) || s == Gate && slices.Contains(i.Scopes, Read)
}

// needs is the least role of a grant that is good for a scope. A token that may report is made for it; of people it
// is for operators.
func (i Identity) needs(s Scope) Role {
	if s == Report && i.How != Token {
		return Operator
	}
	return s.Needs()
}

// May says whether somebody may do such a thing at all: for which services, MayFor and Limited say.
func (i Identity) May(s Scope) bool {
	return i.has(s) && slices.ContainsFunc(i.Grants, func(g Grant) bool { return g.Role >= i.needs(s) })
}

// MayFor says whether somebody may do such a thing to a service with this owner; "" is a service without one.
// Reading is not divided by teams.
func (i Identity) MayFor(s Scope, owner string) bool {
	if !divided(s) {
		return i.May(s)
	}
	return i.has(s) && slices.ContainsFunc(i.Grants, func(g Grant) bool { return g.Role >= i.needs(s) && g.covers(owner) })
}

// Limited says whether somebody may do such a thing to the services of some teams only, and so nothing that is about
// all services.
func (i Identity) Limited(s Scope) bool {
	return divided(s) && i.May(s) && !slices.ContainsFunc(i.Grants, func(g Grant) bool { return g.Role >= i.needs(s) && len(g.Teams) == 0 })
}

// divided says whether what a request does is divided by teams.
func divided(s Scope) bool { return s != Read && s != Gate }

// Teams are the teams of all grants, each once and sorted; none if a grant of the highest role is for every service.
func (i Identity) Teams() (teams []string) {
	highest := i.Role()
	for _, g := range i.Grants {
		if g.Role == highest && len(g.Teams) == 0 {
			return nil
		}
		teams = append(teams, g.Teams...)
	}
	slices.Sort(teams)
	return slices.Compact(teams)
}

// OnlyReading is the same identity without what changes something.
func (i Identity) OnlyReading(how Way) Identity {
	i.How = how
	i.Scopes = slices.DeleteFunc(slices.Clone(i.Scopes), divided)
	return i
}

// Actor is who did something, as the journal has it, where a request says that it was done by said. A person is who
// signed in, whatever the request says. A token stands for whoever uses it: what they say is shown beside its name.
// Only where nobody can tell who it was, what is said is all there is.
func (i Identity) Actor(said string) string {
	switch {
	case i.Name == "":
		return said
	case i.How != Token:
		return i.Name
	case said == "" || said == i.Name:
		return tokenActor + i.Name
	}
	return tokenActor + i.Name + ", for " + said
}

// tokenActor is before the name of a token wherever people read who did something.
const tokenActor = "token "
