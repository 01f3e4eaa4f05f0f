package server

import (
	"net/http"

	"github.com/pushback/pushback/internal/identity"
)

// Role is what somebody may do. A later one may do all that an earlier one may.
type Role = identity.Role

// Viewers read. Responders approve and reject rollbacks, set and end holds, and say whether a verdict was
// right. Operators freeze, promote and demote rules, and declare incidents.
const (
	Viewer    = identity.Viewer
	Responder = identity.Responder
	Operator  = identity.Operator
)

// scopeOf is what a form does that needs a role.
func scopeOf(needs Role) identity.Scope {
	switch needs {
	case Viewer:
		return identity.Read
	case Responder:
		return identity.Respond
	}
	return identity.Operate
}

// refusal is the problem that answers a request whose sender may not do what it asks for; nil if they may. Strangers,
// and those who may only read because of where they are, are asked for a token.
func (s *Server) refusal(r *http.Request, does identity.Scope) error {
	i := s.who(r)
	if i.May(does) {
		return nil
	}
	if !i.Known() || i.How == identity.Host || i.How == identity.Password {
		return s.tokenProblem(r)
	}
	return roleProblem(i, does)
}

// roleProblem says which role or scope is needed, to somebody who is known.
func roleProblem(i identity.Identity, does identity.Scope) error {
	if needed := does.Needs(); i.Role() < needed || i.How != identity.Token {
		if does == identity.Report {
			needed = Operator
		}
		return problem(http.StatusForbidden, "this needs the role "+needed.String()+", and "+named(i)+" has the role "+i.Role().String(),
			"ask somebody with the role, or have it given in pushback.yml (oidc.roles) or with `pushback tokens create`")
	}
	return problem(http.StatusForbidden, "this needs a token with the scope "+string(does)+", and "+named(i)+" does not have it",
		"make one with `pushback tokens create NAME --scope "+string(does)+"`")
}

// named is who somebody is, for a problem.
func named(i identity.Identity) string {
	switch {
	case i.How == identity.Token:
		return "the token " + i.Name
	case i.Name != "":
		return i.Name
	}
	return "this token"
}
