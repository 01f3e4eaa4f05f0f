package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

type ordersInput struct {
	State []string `query:"state" enum:"proposed,approved,decided,sending,done,failed,unknown,cancelled,expired,refused" doc:"Only orders in these states"`
	Limit int      `query:"limit" minimum:"1" maximum:"500" default:"50"`
}

type orderInput struct {
	Key string `path:"key" maxLength:"500" doc:"The change's key, or its first six characters or more"`
}

type decisionInput struct {
	Key  string `path:"key" maxLength:"500" doc:"As for the order itself"`
	Body api.Decision
}

func (s *Server) orderOperations(h huma.API) {
	operation := func(id, method, path, summary string, metadata map[string]any) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Tags: []string{"Orders"}, Errors: []int{401, 403, 404, 409}, Metadata: metadata}
	}
	huma.Register(h, operation("list-orders", http.MethodGet, "/v1/orders", "Rollback orders, newest first", nil), s.listOrders)
	huma.Register(h, operation("get-order", http.MethodGet, "/v1/orders/{key}", "One order", nil), s.getOrder)
	huma.Register(h, operation("approve-order", http.MethodPost, "/v1/orders/{key}/approve", "Approve a proposed rollback", respondTo()), s.approve)
	huma.Register(h, operation("reject-order", http.MethodPost, "/v1/orders/{key}/reject", "Reject a rollback", respondTo()), s.reject)
}

func (s *Server) listOrders(ctx context.Context, in *ordersInput) (*answerOf[api.Orders], error) {
	states := make([]rollback.State, len(in.State))
	for i, state := range in.State {
		states[i] = rollback.State(state)
	}
	found, err := s.Store.Orders(ctx, states, in.Limit)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Orders]{Body: api.Orders{Orders: orders(found)}}, nil
}

func (s *Server) getOrder(ctx context.Context, in *orderInput) (*answerOf[api.Order], error) {
	o, err := s.findOrder(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	return &answerOf[api.Order]{Body: order(o)}, nil
}

func (s *Server) approve(ctx context.Context, in *decisionInput) (*answerOf[api.Order], error) {
	return s.decide(ctx, in.Key, in.Body, s.approveDecision)
}

func (s *Server) reject(ctx context.Context, in *decisionInput) (*answerOf[api.Order], error) {
	return s.decide(ctx, in.Key, in.Body, s.rejectDecision)
}

// decision approves or rejects an order.
type decision func(ctx context.Context, key string, d api.Decision) error

// decide finds an order, approves or rejects it by the given function in the name of the sender, and
// returns it as it is stored afterwards.
func (s *Server) decide(ctx context.Context, reference string, d api.Decision, decide decision) (*answerOf[api.Order], error) {
	o, err := s.findOrder(ctx, reference)
	if err != nil {
		return nil, err
	}
	if err := s.checkTeam(ctx, identity.Respond, o.Change.Service); err != nil {
		return nil, err
	}
	if d.Actor, err = actor(ctx, d.Actor); err != nil {
		return nil, err
	}
	if err := decide(ctx, o.Key, d); err != nil {
		return nil, s.orderProblem(err)
	}
	return s.getOrder(ctx, &orderInput{Key: o.Key})
}

// orderProblem returns the problem that answers an error of a decision.
func (s *Server) orderProblem(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, err.Error(), "GET /v1/orders/{key} shows who decided, and when")
	case errors.Is(err, store.ErrNotFound):
		return noOrder
	}
	s.Log.Error("cannot store the decision on an order; it stays undecided", "error", err)
	return problem(http.StatusServiceUnavailable, "the decision could not be stored", "try again; see /readyz and the log")
}

var noOrder = problem(http.StatusNotFound, "there is no rollback order for that change", "GET /v1/orders lists them")

// findOrder returns the order of a change, by the change's key.
func (s *Server) findOrder(ctx context.Context, reference string) (rollback.Order, error) {
	c, err := s.findByKey(ctx, reference)
	if err != nil {
		return rollback.Order{}, err
	}
	o, err := s.Store.Order(ctx, c.Key)
	if errors.Is(err, store.ErrNotFound) {
		return o, noOrder
	}
	if err != nil {
		return o, s.storeProblem(err)
	}
	return o, nil
}
