package server

import (
	"context"
	"net/http"
	"strings"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources/changes"
)

// Whoever is limited to teams acts only on services whose owner in the catalogue is one of them. An operation that
// is about one service checks that itself, by checkTeam, and says so by its metadata byService; every other one is
// refused to them, so that a new one is closed until somebody has thought of it.

// needs is the metadata key of the scope that an operation needs. Without it, reading needs read, and all else operate.
const needs = "needs"

// byService is the metadata key of an operation that checks whose service it is about.
const byService = "by service"

// respondTo are the metadata of an operation that a responder may use for the services of their teams.
func respondTo() map[string]any { return map[string]any{needs: identity.Respond, byService: true} }

// operateOn are the metadata of an operation that an operator may use for the services of their teams.
func operateOn() map[string]any { return map[string]any{needs: identity.Operate, byService: true} }

// scopeOfOperation is the scope that an operation needs.
func scopeOfOperation(method string, metadata map[string]any) identity.Scope {
	if scope, ok := metadata[needs].(identity.Scope); ok {
		return scope
	}
	if metadata[confidential] != true && (method == http.MethodGet || metadata[readOnly] == true) {
		return identity.Read
	}
	return identity.Operate
}

// ownerOf is the team that the catalogue names as the owner of a service; "" where it names none.
func (s *Server) ownerOf(service string) string {
	if s.Owner == nil {
		return ""
	}
	return s.Owner(s.canonicalName(service))
}

// checkTeam is the problem that the sender of a request may not do such a thing to a service; nil if they may. The
// service "" is every service.
func (s *Server) checkTeam(ctx context.Context, does identity.Scope, service string) error {
	i := identityOf(ctx)
	if service == "" || service == "*" {
		return checkAllTeams(i, does)
	}
	if owner := s.ownerOf(service); !i.MayFor(does, owner) {
		return notTheirs(i, service, owner)
	}
	return nil
}

// checkTeamOfHold is checkTeam for the service of a hold in force. One that is not in force is for the engine to
// refuse.
func (s *Server) checkTeamOfHold(ctx context.Context, id string) error {
	if !identityOf(ctx).Limited(identity.Respond) {
		return nil
	}
	held, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		return s.storeProblem(err)
	}
	for _, h := range held {
		if h.ID == id {
			return s.checkTeam(ctx, identity.Respond, h.Service)
		}
	}
	return s.holdProblem(store.ErrNotFound)
}

// checkTeamOfIncident is checkTeam for the service of an incident.
func (s *Server) checkTeamOfIncident(ctx context.Context, id string) error {
	if !identityOf(ctx).Limited(identity.Operate) {
		return nil
	}
	all, err := s.Store.Incidents(ctx)
	if err != nil {
		return s.storeProblem(err)
	}
	for _, i := range all {
		if i.ID == id {
			return s.checkTeam(ctx, identity.Operate, i.Service)
		}
	}
	return s.incidentProblem(store.ErrNotFound)
}

// checkAllTeams is the problem that somebody who is limited to teams may not do what is about more than their services.
func checkAllTeams(i identity.Identity, does identity.Scope) error {
	if !i.Limited(does) {
		return nil
	}
	return problem(http.StatusForbidden, "this is not about one service of "+teamsOf(i)+", and "+named(i)+" may change only what is theirs",
		"name one service, or ask somebody whose role is not limited to teams")
}

// notTheirs says whose a service is.
func notTheirs(i identity.Identity, service, owner string) *api.Problem {
	whose := "belongs to the team " + owner
	hint := "ask somebody of " + owner
	if owner == "" {
		whose, hint = "has no owner in the catalogue", "name its owner in services of pushback.yml, or ask somebody whose role is not limited to teams"
	}
	return problem(http.StatusForbidden, service+" "+whose+", and "+named(i)+" acts only for "+teamsOf(i), hint)
}

func teamsOf(i identity.Identity) string {
	teams := i.Teams()
	if len(teams) == 1 {
		return "the team " + teams[0]
	}
	return "the teams " + strings.Join(teams, ", ")
}

// teamError refuses an event about a service of another team.
type teamError struct{ *api.Problem }

// Unwrap says that the event was refused, and may not be sent again.
func (teamError) Unwrap() error { return changes.ErrNotAllowed }

// mayReport returns what checks for each service of an event whether the sender may report its changes.
func (s *Server) mayReport(ctx context.Context) func(service string) error {
	i := identityOf(ctx)
	return func(service string) error {
		if owner := s.ownerOf(service); !i.MayFor(identity.Report, owner) {
			return teamError{notTheirs(i, service, owner)}
		}
		return nil
	}
}

// mayFor says whether the reader of a page may do such a thing to a service.
func (s *Server) mayFor(r *http.Request, does identity.Scope, service string) bool {
	return s.who(r).MayFor(does, s.ownerOf(service))
}

// actor is who does something, for the journal: who signed in, or else the name that the request says.
func actor(ctx context.Context, said string) (string, error) {
	name := identityOf(ctx).Actor(said)
	if name == "" {
		return "", problem(http.StatusUnprocessableEntity, "actor must not be empty: this token names nobody", "send actor, a name for the journal; or use a named token (pushback tokens create)")
	}
	return name, nil
}
