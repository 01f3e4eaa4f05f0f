package server

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// defaultEnvironment is the one a deploy tool means when it names none.
const defaultEnvironment = "production"

type gateInput struct {
	Service     string   `path:"service" maxLength:"200"`
	Environment string   `query:"environment" maxLength:"200" default:"production"`
	Fix         []string `query:"fix" maxItems:"20" doc:"A change that is held bad and that the push mends: its key, the first six characters or more, or the tool's own id"`
	Fail        bool     `query:"fail" doc:"Answer 423 where the gate is closed, for curl --fail"`
}

type holdInput struct{ Body api.NewHold }

type releaseInput struct {
	ID   string `path:"id" maxLength:"50"`
	Body api.Decision
}

type clearInput struct {
	Name string `path:"name" maxLength:"500" doc:"As for the change itself"`
	Body api.Decision
}

type flaggerInput struct{ Body api.Flagger }

func (s *Server) gateOperations(h huma.API) {
	operation := func(id, method, path, summary, description string, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Gate"}, Errors: append([]int{401}, errs...)}
	}
	huma.Register(h, operation("gate", http.MethodGet, "/v1/gate/{service}", "May this service be deployed now?",
		"Closed while a hold is set, or while a change of the service is held bad: judged certainly bad by a rule that may ask or act, and not yet followed by a newer change that succeeded.", 404, 409, 423), s.gate)
	huma.Register(h, operation("list-holds", http.MethodGet, "/v1/holds", "Holds in force", ""), s.listHolds)
	huma.Register(h, operation("hold", http.MethodPost, "/v1/holds", "Close the gate", "What is held already stays held as it was."), s.hold)
	huma.Register(h, operation("release-hold", http.MethodPost, "/v1/holds/{id}/release", "Release a hold", "", 404, 409), s.releaseHold)
	huma.Register(h, operation("clear-change", http.MethodPost, "/v1/changes/{name}/clear", "Take the blame off a change",
		"It stands in nobody's way any more, and its version may be rolled back to.", 404, 409), s.clearChange)

	reads := func(o huma.Operation) huma.Operation {
		o.Metadata = map[string]any{readsOnly: true}
		return o
	}
	huma.Register(h, reads(operation("flagger-confirm", http.MethodPost, "/v1/flagger/confirm", "Flagger's confirm-rollout and confirm-promotion",
		"200 while the gate is open, else 423: the canary waits.", 423)), s.flaggerConfirm)
	huma.Register(h, reads(operation("flagger-rollback", http.MethodPost, "/v1/flagger/rollback", "Flagger's rollback",
		"200 while a change of the service is held bad: the canary is taken back. Else 409.", 409)), s.flaggerRollback)
}

// readsOnly marks an operation that changes nothing although it is a POST.
const readsOnly = "reads"

func (s *Server) gate(ctx context.Context, in *gateInput) (*answerOf[api.Gate], error) {
	fixes := make([]string, len(in.Fix))
	for i, name := range in.Fix {
		c, err := s.find(ctx, name)
		if err != nil {
			return nil, err
		}
		fixes[i] = c.Key
	}
	g, err := s.askGate(ctx, in.Service, in.Environment, fixes)
	if err == nil && in.Fail && !g.Open {
		err = problem(http.StatusLocked, g.Reason, "pushback release, or --fix with the key of the change that the push mends")
	}
	return &answerOf[api.Gate]{Body: g}, err
}

func (s *Server) askGate(ctx context.Context, service, environment string, fixes []string) (api.Gate, error) {
	g, err := s.Engine.Gate(ctx, service, environment, fixes)
	if err != nil {
		return api.Gate{}, s.unreadable(err)
	}
	answer := api.Gate{Service: service, Environment: environment, Open: g.Open, Reason: g.Reason, Obstacles: []api.Obstacle{}}
	for _, o := range g.Obstacles {
		answer.Obstacles = append(answer.Obstacles, api.Obstacle(o))
	}
	answer.Data = api.GateData{OK: g.Open, Bad: heldBad(answer)}
	return answer, nil
}

func heldBad(g api.Gate) bool {
	return slices.ContainsFunc(g.Obstacles, func(o api.Obstacle) bool { return o.Change != "" })
}

func (s *Server) flaggerConfirm(ctx context.Context, in *flaggerInput) (*answerOf[api.Gate], error) {
	g, err := s.askFlagger(ctx, in)
	if err == nil && !g.Open {
		err = problem(http.StatusLocked, g.Reason, "")
	}
	return &answerOf[api.Gate]{Body: g}, err
}

// flaggerRollback takes a canary back for what is bad, and not for a hold:
// that was set to stop pushes, and not to undo them.
func (s *Server) flaggerRollback(ctx context.Context, in *flaggerInput) (*answerOf[api.Gate], error) {
	g, err := s.askFlagger(ctx, in)
	if err == nil && !g.Data.Bad {
		err = problem(http.StatusConflict, "nothing is held against "+in.Body.Name, "")
	}
	return &answerOf[api.Gate]{Body: g}, err
}

func (s *Server) askFlagger(ctx context.Context, in *flaggerInput) (api.Gate, error) {
	return s.askGate(ctx, in.Body.Name, cmp.Or(in.Body.Metadata["environment"], defaultEnvironment), nil)
}

func (s *Server) listHolds(ctx context.Context, _ *struct{}) (*answerOf[api.Holds], error) {
	found, err := s.Store.Holds(ctx, s.Now())
	if err != nil {
		return nil, s.unreadable(err)
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
		return nil, problem(http.StatusUnprocessableEntity, "until is over already", "name a later moment, or leave it out")
	}
	h, _, err := s.Engine.Hold(ctx, store.Hold{
		Service: oneLine(b.Service), Environment: oneLine(b.Environment), Why: oneLine(b.Why), Actor: oneLine(b.Actor), Until: b.Until,
	})
	if err != nil {
		return nil, s.unsettled(err)
	}
	return &answerOf[api.Hold]{Body: hold(h)}, nil
}

func (s *Server) releaseHold(ctx context.Context, in *releaseInput) (*answerOf[api.Hold], error) {
	h, err := s.Engine.Release(ctx, in.ID, oneLine(in.Body.Actor))
	if err != nil {
		return nil, s.unsettled(err)
	}
	return &answerOf[api.Hold]{Body: hold(h)}, nil
}

func (s *Server) clearChange(ctx context.Context, in *clearInput) (*answerOf[api.ChangeSummary], error) {
	c, err := s.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.Engine.Clear(ctx, c.Key, oneLine(in.Body.Actor), oneLine(in.Body.Why)); err != nil {
		return nil, s.unsettled(err)
	}
	if c, err = s.find(ctx, c.Key); err != nil {
		return nil, err
	}
	summary, err := s.summary(ctx, c)
	if err != nil {
		return nil, s.unreadable(err)
	}
	return &answerOf[api.ChangeSummary]{Body: summary}, nil
}

func (s *Server) unsettled(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, strings.TrimSuffix(err.Error(), ": "+store.ErrConflict.Error()), "GET /v1/holds and GET /v1/gate/{service} list what stands in the way")
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, "no hold of that id is in force", "GET /v1/holds lists them")
	}
	s.Log.Error("a hold could not be settled", "error", err)
	return problem(http.StatusServiceUnavailable, "this could not be settled", "try again; see /readyz, and the log")
}
