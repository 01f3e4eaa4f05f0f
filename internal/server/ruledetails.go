package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
)

// RuleDetails says what rules watch, what they do and what they did last. Errors wrap store.ErrNotFound if there is
// no such rule.
type RuleDetails interface {
	Details(ctx context.Context, rule string) (api.RuleDetails, error)
	Uncovered() api.Uncovered
}

func (s *Server) ruleDetailOperations(h huma.API) {
	if s.Details == nil {
		return
	}
	huma.Register(h, huma.Operation{
		OperationID: "describe-rule", Method: http.MethodGet, Path: "/v1/rules/{rule}/details", Tags: []string{"Rules"},
		Summary: "What a rule watches, what it does and what it did last", Errors: []int{401, 404},
		Description: "No metric store is asked.",
	}, func(ctx context.Context, in *ruleInput) (*answerOf[api.RuleDetails], error) {
		d, err := s.Details.Details(ctx, in.Rule)
		if err != nil {
			return nil, s.ruleProblem(err)
		}
		return &answerOf[api.RuleDetails]{Body: d}, nil
	})
	huma.Register(h, huma.Operation{
		OperationID: "list-uncovered", Method: http.MethodGet, Path: "/v1/uncovered", Tags: []string{"Rules"},
		Summary: "The services that no rule watches", Errors: []int{401},
		Description: "Of the catalogue as it is in memory. `pushback rules coverage` also asks the metric stores which rules have data.",
	}, func(context.Context, *struct{}) (*answerOf[api.Uncovered], error) {
		return &answerOf[api.Uncovered]{Body: s.Details.Uncovered()}, nil
	})
}
