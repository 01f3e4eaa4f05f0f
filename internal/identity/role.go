package identity

import (
	"fmt"
	"slices"
)

// Role is what somebody may do. A later one may do all that an earlier one may.
type Role int

// Viewers read. Responders also approve and reject rollbacks, set and end holds, and say whether a verdict was
// right. Operators also freeze, promote and demote rules, declare incidents, report changes, and all else that
// changes something. Nobody, the zero value, may do nothing.
const (
	Nobody Role = iota
	Viewer
	Responder
	Operator
)

var roleNames = []string{"nobody", "viewer", "responder", "operator"}

// Roles are the names of the roles that can be given, the least first.
func Roles() []string { return slices.Clone(roleNames[1:]) }

// String returns the name of the role.
func (r Role) String() string {
	if r < Nobody || r > Operator {
		return roleNames[Nobody]
	}
	return roleNames[r]
}

// ParseRole reads the name of a role that can be given.
func ParseRole(name string) (Role, error) {
	n := slices.Index(roleNames[1:], name)
	if n < 0 {
		return Nobody, fmt.Errorf("%q is no role (write viewer, responder or operator)", name)
	}
	return Role(n + 1), nil
}

// Scope is what a request does. A token is limited to some of them.
type Scope string

// Read is reading everything. Gate is only what deploy tools ask: the gate, and the verdict on a version. Report is
// telling of changes. Respond and Operate are what the roles of these names may do besides reading.
const (
	Read    Scope = "read"
	Gate    Scope = "gate"
	Report  Scope = "report"
	Respond Scope = "respond"
	Operate Scope = "operate"
)

// all are the scopes in the order in which they are listed.
var all = []Scope{Read, Gate, Report, Respond, Operate}

// Scopes are the names of all scopes.
func Scopes() []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = string(s)
	}
	return names
}

// Needs is the least role that may have the scope. A viewer may report: a token for a pipeline reports and does
// nothing else.
func (s Scope) Needs() Role {
	switch s {
	case Read, Gate, Report:
		return Viewer
	case Respond:
		return Responder
	}
	return Operator // of an unknown scope too
}

// ScopesOf are the scopes that a role has where none are named. Reporting is not among those of viewers and
// responders: it is named, or it is an operator's.
func ScopesOf(r Role) []Scope {
	switch r {
	case Viewer:
		return []Scope{Read, Gate}
	case Responder:
		return []Scope{Read, Gate, Respond}
	case Operator:
		return slices.Clone(all)
	}
	return nil
}

// ParseScopes reads the scopes of a token with a role, and returns each once, in the order of the list. Without
// names they are the role's. A scope that the role cannot use is a mistake, because the token would not do what its
// maker expects.
func ParseScopes(names []string, r Role) ([]Scope, error) {
	if len(names) == 0 {
		return ScopesOf(r), nil
	}
	var found []Scope
	for _, s := range all {
		if slices.Contains(names, string(s)) {
			found = append(found, s)
		}
	}
	for _, name := range names {
		s := Scope(name)
		if !slices.Contains(all, s) {
			return nil, fmt.Errorf("%q is no scope (write some of read, gate, report, respond, operate)", name)
		}
		if s.Needs() > r {
			return nil, fmt.Errorf("the scope %s needs the role %s, and the role is %s", s, s.Needs(), r)
		}
	}
	return found, nil
}

// UnmarshalText reads the name of a role that can be given.
func (r *Role) UnmarshalText(name []byte) (err error) {
	*r, err = ParseRole(string(name))
	return err
}
