package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// Rules is what can be asked and said of the rules in force. Errors wrap
// store.ErrNotFound where there is no such rule, and store.ErrConflict where
// what is asked for was not earned.
type Rules interface {
	Standings(ctx context.Context) ([]api.RuleStanding, error)
	Budget(ctx context.Context, rule string) (api.RuleBudget, error)
	Promote(ctx context.Context, rule string, t api.TrustGiven) (api.RuleStanding, error)
	Demote(ctx context.Context, rule string, t api.TrustGiven) (api.RuleStanding, error)
	NoteBacktest(ctx context.Context, rule string, b api.RuleBacktest) error
	FalseAlarm(ctx context.Context, changeKey string, f api.FalseAlarm) error
}

type ruleInput struct {
	Rule string `path:"rule" maxLength:"100"`
}

type trustInput struct {
	Rule string `path:"rule" maxLength:"100"`
	Body api.TrustGiven
}

type backtestInput struct {
	Rule string `path:"rule" maxLength:"100"`
	Body api.RuleBacktest
}

type falseAlarmInput struct {
	Key  string `path:"key" maxLength:"500" doc:"The change's key, its first six characters or more, or the tool's own id of it"`
	Body api.FalseAlarm
}

func (s *Server) ruleOperations(h huma.API) {
	if s.Rules == nil {
		return
	}
	operation := func(id, method, path, summary, description string) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
			Tags: []string{"Rules"}, Errors: []int{401, 404, 409},
		}
	}
	huma.Register(h, operation("list-rules", http.MethodGet, "/v1/rules", "How every rule stands, service by service", ""), s.listRules)
	huma.Register(h, operation("show-rule", http.MethodGet, "/v1/rules/{rule}", "What a rule may cost, and what that costs in power",
		"Its budget, the changes it watches, the thresholds that follow, and the smallest shifts these let be found."), s.showRule)
	huma.Register(h, operation("promote-rule", http.MethodPost, "/v1/rules/{rule}/promote", "Take up what a rule has earned",
		"One step, and only one that is proposed: see the list of rules."), s.promote)
	huma.Register(h, operation("demote-rule", http.MethodPost, "/v1/rules/{rule}/demote", "Take trust back", "At once, down to a mode; observe where none is given."), s.demote)
	huma.Register(h, operation("note-backtest", http.MethodPost, "/v1/rules/{rule}/backtest", "Keep the figure of a replay", ""), s.noteBacktest)
	huma.Register(h, operation("false-alarm", http.MethodPost, "/v1/changes/{key}/false-alarm", "Say that rules fired for nothing",
		"What they earn next begins anew."), s.falseAlarm)
}

func (s *Server) listRules(ctx context.Context, _ *struct{}) (*answerOf[api.Rules], error) {
	all, err := s.Rules.Standings(ctx)
	if err != nil {
		return nil, s.unreadable(err)
	}
	return &answerOf[api.Rules]{Body: api.Rules{Rules: append([]api.RuleStanding{}, all...)}}, nil
}

func (s *Server) showRule(ctx context.Context, in *ruleInput) (*answerOf[api.RuleBudget], error) {
	b, err := s.Rules.Budget(ctx, in.Rule)
	if err != nil {
		return nil, s.untrusted(err)
	}
	return &answerOf[api.RuleBudget]{Body: b}, nil
}

func (s *Server) promote(ctx context.Context, in *trustInput) (*answerOf[api.RuleStanding], error) {
	return s.trusted(s.Rules.Promote(ctx, in.Rule, in.Body))
}

func (s *Server) demote(ctx context.Context, in *trustInput) (*answerOf[api.RuleStanding], error) {
	return s.trusted(s.Rules.Demote(ctx, in.Rule, in.Body))
}

func (s *Server) trusted(standing api.RuleStanding, err error) (*answerOf[api.RuleStanding], error) {
	if err != nil {
		return nil, s.untrusted(err)
	}
	return &answerOf[api.RuleStanding]{Body: standing}, nil
}

func (s *Server) noteBacktest(ctx context.Context, in *backtestInput) (*struct{}, error) {
	if err := s.Rules.NoteBacktest(ctx, in.Rule, in.Body); err != nil {
		return nil, s.untrusted(err)
	}
	return nil, nil
}

func (s *Server) falseAlarm(ctx context.Context, in *falseAlarmInput) (*struct{}, error) {
	c, err := s.find(ctx, in.Key)
	if err != nil {
		return nil, err
	}
	if err := s.Rules.FalseAlarm(ctx, c.Key, in.Body); err != nil {
		return nil, s.untrusted(err)
	}
	return nil, nil
}

func (s *Server) untrusted(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, err.Error(), "`pushback rules status` shows what was earned, and what is missing")
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, err.Error(), "`pushback rules status` lists the rules in force")
	}
	return s.unreadable(err)
}
