package server

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// defaultEnvironment is the environment of a request that names none.
const defaultEnvironment = "production"

type gateInput struct {
	Service     string   `path:"service" maxLength:"200"`
	Environment string   `query:"environment" maxLength:"255" default:"production"`
	Unknown     string   `query:"unknown" enum:"allow,warn,refuse" default:"warn" doc:"What happens if the catalogue does not know the service: nothing, a warning in the answer, or the answer 422"`
	Fix         []string `query:"fix" maxItems:"20" doc:"A bad change that the deploy fixes: its key, the first six characters or more, or the tool's own id"`
	Fail        bool     `query:"fail" doc:"Answer 423 if the gate is closed, for curl --fail"`
}

type holdInput struct {
	Unknown string `query:"unknown" enum:"allow,warn,refuse" default:"warn" doc:"What happens if the catalogue does not know the service: nothing, a warning in the answer, or the answer 422"`
	Body    api.NewHold
}

type releaseInput struct {
	ID   string `path:"id" maxLength:"50"`
	Body api.Decision
}

type clearInput struct {
	Name string `path:"name" maxLength:"500" doc:"The change's key, or its first six characters or more"`
	Body api.Decision
}

func (s *Server) gateOperations(h huma.API) {
	operation := func(id, method, path, summary, description string, metadata map[string]any, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Gate"}, Errors: append([]int{401, 403}, errs...), Metadata: metadata}
	}
	huma.Register(h, operation("gate", http.MethodGet, "/v1/gate/{service}", "May this service be deployed now?",
		"Closed while a hold is in force, or while a bad change of the service is live: one judged certainly bad by a rule that may ask or act, and not yet followed by a newer change that succeeded.", map[string]any{needs: identity.Gate}, 404, 409, 422, 423), s.gate)
	huma.Register(h, operation("list-holds", http.MethodGet, "/v1/holds", "Holds in force", "", nil), s.listHolds)
	huma.Register(h, operation("hold", http.MethodPost, "/v1/holds", "Close the gate", "If the same hold is in force already, it stays as it is, and is the answer.", respondTo(), 422), s.hold)
	huma.Register(h, operation("release-hold", http.MethodPost, "/v1/holds/{id}/release", "Release a hold", "", respondTo(), 404, 409), s.releaseHold)
	huma.Register(h, operation("clear-change", http.MethodPost, "/v1/changes/{name}/clear", "Clear a change of blame",
		"It no longer closes the gate, and its version may be rolled back to.", respondTo(), 404, 409), s.clearChange)
}

// readOnly is the metadata key of an operation that changes nothing although it is a POST.
const readOnly = "reads"

func (s *Server) gate(ctx context.Context, in *gateInput) (*answerOf[api.Gate], error) {
	warned, err := s.checkNamed(in.Service, in.Unknown)
	if err != nil {
		return nil, err
	}
	fixes := make([]string, len(in.Fix))
	for i, reference := range in.Fix {
		c, err := s.findOfService(ctx, reference, in.Service)
		if err != nil {
			return nil, err
		}
		fixes[i] = c.Key
	}
	g, err := s.askGate(ctx, in.Service, in.Environment, fixes)
	g.Warnings = warned
	if err == nil && in.Fail && !g.Open {
		err = problem(http.StatusLocked, g.Reason, "end the hold with `pushback release`, or pass --fix with the key of the change that this deploy fixes")
	}
	return &answerOf[api.Gate]{Body: g}, err
}

// findOfService returns the change of a service that a reference means. What other
// services' changes are called does not count: it must not keep a fix from being deployed.
func (s *Server) findOfService(ctx context.Context, reference, service string) (store.Change, error) {
	found, err := s.Store.FindChanges(ctx, reference)
	service = s.canonicalName(service)
	found = slices.DeleteFunc(found, func(c store.Change) bool { return c.Service != service })
	return s.onlyChange(found, err, problem(http.StatusNotFound, "that service has no change of that name", "GET /v1/changes lists the changes"))
}

func (s *Server) askGate(ctx context.Context, service, environment string, fixes []string) (api.Gate, error) {
	g, err := s.Engine.Gate(ctx, service, environment, fixes)
	if err != nil {
		return api.Gate{}, s.storeProblem(err)
	}
	answer := api.Gate{Service: service, Environment: environment, Open: g.Open, Reason: g.Reason, Obstacles: []api.Obstacle{}}
	for _, o := range g.Obstacles {
		answer.Obstacles = append(answer.Obstacles, api.Obstacle(o))
	}
	answer.Data = api.GateData{OK: g.Open, Bad: hasBadChange(answer)}
	return answer, nil
}

// hasBadChange says whether a bad change is among the obstacles.
func hasBadChange(g api.Gate) bool {
	return slices.ContainsFunc(g.Obstacles, func(o api.Obstacle) bool { return o.Change != "" })
}

func (s *Server) listHolds(ctx context.Context, _ *struct{}) (*answerOf[api.Holds], error) {
	found, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Holds]{Body: api.Holds{Holds: holds(found)}}, nil
}

func holds(found []store.Hold) []api.Hold {
	all := []api.Hold{}
	for _, h := range found {
		all = append(all, hold(h))
	}
	return all
}

func hold(h store.Hold) api.Hold {
	return api.Hold{
		ID: h.ID, Kind: string(h.Kind), Service: h.Service, Environment: h.Environment,
		Why: h.Why, Actor: h.Actor, At: h.At, Until: h.Until,
	}
}

func (s *Server) hold(ctx context.Context, in *holdInput) (*answerOf[api.Hold], error) {
	b := in.Body
	if !b.Until.IsZero() && !b.Until.After(s.Now()) {
		return nil, problem(http.StatusUnprocessableEntity, "until is in the past", "give a later time, or leave it out")
	}
	if err := s.checkTeam(ctx, identity.Respond, b.Service); err != nil {
		return nil, err
	}
	by, err := actor(ctx, b.Actor)
	if err != nil {
		return nil, err
	}
	warned, err := s.checkNamed(b.Service, in.Unknown)
	if err != nil {
		return nil, err
	}
	h, set, err := s.Engine.Hold(ctx, store.Hold{
		Service: b.Service, Environment: b.Environment, Why: b.Why, Actor: by, Until: b.Until,
	})
	if err != nil {
		return nil, s.holdProblem(err)
	}
	answer := hold(h)
	answer.Existed, answer.Warnings = !set, warned
	return &answerOf[api.Hold]{Body: answer}, nil
}

func (s *Server) releaseHold(ctx context.Context, in *releaseInput) (*answerOf[api.Hold], error) {
	if err := s.checkTeamOfHold(ctx, in.ID); err != nil {
		return nil, err
	}
	by, err := actor(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	h, err := s.Engine.Release(ctx, in.ID, by)
	if err != nil {
		return nil, s.holdProblem(err)
	}
	return &answerOf[api.Hold]{Body: hold(h)}, nil
}

func (s *Server) clearChange(ctx context.Context, in *clearInput) (*answerOf[api.ChangeSummary], error) {
	c, err := s.findByKey(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.checkTeam(ctx, identity.Respond, c.Service); err != nil {
		return nil, err
	}
	by, err := actor(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	if err := s.Engine.Clear(ctx, c.Key, by, in.Body.Why); err != nil {
		return nil, s.holdProblem(err)
	}
	if c, err = s.findByKey(ctx, c.Key); err != nil {
		return nil, err
	}
	summaries, err := s.summaries(ctx, []store.Change{c})
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.ChangeSummary]{Body: summaries[0]}, nil
}

// holdProblem returns the problem that answers an error of the Gatekeeper.
func (s *Server) holdProblem(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, strings.TrimSuffix(err.Error(), ": "+store.ErrConflict.Error()), "GET /v1/holds and GET /v1/gate/{service} list what closes the gate")
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "no hold of that id is in force", "GET /v1/holds lists the holds")
	}
	s.Log.Error("cannot store a hold or its release; nothing is changed", "error", err)
	return problem(http.StatusServiceUnavailable, "this could not be stored", "try again; see /readyz and the log")
}
