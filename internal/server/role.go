package server

import "net/http"

// Role is what somebody may do. A later one may do all that an earlier one may.
type Role int

// Viewers read. Responders approve and reject rollbacks, set and end holds, and say whether a verdict was
// right. Operators freeze, promote and demote rules, and declare incidents.
const (
	Viewer Role = iota
	Responder
	Operator
)

// mayAs says whether a request comes from somebody who has a role.
func (s *Server) mayAs(role Role) func(*http.Request) bool {
	if role == Viewer {
		return s.mayRead
	}
	return s.mayChange
}
