package server

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
)

// Rules reads and changes the trust of the rules in force. Errors wrap
// store.ErrNotFound if there is no such rule, and store.ErrConflict if a promotion is
// not earned.
type Rules interface {
	Standings(ctx context.Context) ([]api.RuleTrust, error)
	Budget(ctx context.Context, rule string) (api.RuleBudget, error)
	Promote(ctx context.Context, rule string, t api.TrustDecision) (api.RuleTrust, error)
	Demote(ctx context.Context, rule string, t api.TrustDecision) (api.RuleTrust, error)
	NoteBacktest(ctx context.Context, rule string, b api.RuleBacktest) error
	FalseAlarm(ctx context.Context, changeKey string, f api.FalseAlarm) error
	Missed(ctx context.Context, changeKey string, m api.Missed) error
}

type ruleInput struct {
	Rule string `path:"rule" maxLength:"100"`
}

type trustInput struct {
	Rule string `path:"rule" maxLength:"100"`
	Body api.TrustDecision
}

type backtestInput struct {
	Rule string `path:"rule" maxLength:"100"`
	Body api.RuleBacktest
}

type falseAlarmInput struct {
	Key  string `path:"key" maxLength:"500" doc:"The change's key, or its first six characters or more"`
	Body api.FalseAlarm
}

type missedInput struct {
	Key  string `path:"key" maxLength:"500" doc:"The change's key, or its first six characters or more"`
	Body api.Missed
}

func (s *Server) ruleOperations(h huma.API) {
	if s.Rules == nil {
		return
	}
	operation := func(id, method, path, summary, description string, metadata map[string]any) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: description,
			Tags: []string{"Rules"}, Errors: []int{401, 403, 404, 409}, Metadata: metadata,
		}
	}
	huma.Register(h, operation("list-rules", http.MethodGet, "/v1/rules", "The trust of every rule, by service", "", nil), s.listRules)
	huma.Register(h, operation("show-rule", http.MethodGet, "/v1/rules/{rule}", "The budget of a rule, and its power",
		"Its budget of false alarms, the changes it watches, the thresholds that follow, and the smallest shifts that these thresholds detect.", nil), s.showRule)
	huma.Register(h, operation("promote-rule", http.MethodPost, "/v1/rules/{rule}/promote", "Promote a rule",
		"By one step, if the list of rules shows that step as proposed.", operateOn()), s.promote)
	huma.Register(h, operation("demote-rule", http.MethodPost, "/v1/rules/{rule}/demote", "Demote a rule", "At once, to the given mode, or to observe if none is given.", operateOn()), s.demote)
	huma.Register(h, operation("note-backtest", http.MethodPost, "/v1/rules/{rule}/backtest", "Store the result of a backtest", "", nil), s.noteBacktest)
	huma.Register(h, operation("false-alarm", http.MethodPost, "/v1/changes/{key}/false-alarm", "Report a false alarm",
		"The rules that fired lose what they have earned towards the next step.", respondTo()), s.falseAlarm)
	huma.Register(h, operation("missed", http.MethodPost, "/v1/changes/{key}/missed", "Report a bad change that was not found",
		"The watches of the rules that did not fire no longer count as clean, and the version is marked bad.", respondTo()), s.missed)
}

func (s *Server) listRules(ctx context.Context, _ *struct{}) (*answerOf[api.Rules], error) {
	all, err := s.Rules.Standings(ctx)
	if err != nil {
		return nil, s.storeProblem(err)
	}
	return &answerOf[api.Rules]{Body: api.Rules{Rules: append([]api.RuleTrust{}, all...)}}, nil
}

func (s *Server) showRule(ctx context.Context, in *ruleInput) (*answerOf[api.RuleBudget], error) {
	b, err := s.Rules.Budget(ctx, in.Rule)
	if err != nil {
		return nil, s.ruleProblem(err)
	}
	return &answerOf[api.RuleBudget]{Body: b}, nil
}

func (s *Server) promote(ctx context.Context, in *trustInput) (*answerOf[api.RuleTrust], error) {
	return s.decideTrust(ctx, in, s.Rules.Promote)
}

func (s *Server) demote(ctx context.Context, in *trustInput) (*answerOf[api.RuleTrust], error) {
	return s.decideTrust(ctx, in, s.Rules.Demote)
}

// decideTrust promotes or demotes a rule for a service in the name of the sender.
func (s *Server) decideTrust(ctx context.Context, in *trustInput, decide func(context.Context, string, api.TrustDecision) (api.RuleTrust, error)) (_ *answerOf[api.RuleTrust], err error) {
	d := in.Body
	if err := s.checkTeam(ctx, identity.Operate, d.Service); err != nil {
		return nil, err
	}
	if d.Actor, err = actor(ctx, d.Actor); err != nil {
		return nil, err
	}
	standing, err := decide(ctx, in.Rule, d)
	if err != nil {
		return nil, s.ruleProblem(err)
	}
	return &answerOf[api.RuleTrust]{Body: standing}, nil
}

func (s *Server) noteBacktest(ctx context.Context, in *backtestInput) (_ *struct{}, err error) {
	b := in.Body
	if b.Actor, err = actor(ctx, b.Actor); err != nil {
		return nil, err
	}
	if err := s.Rules.NoteBacktest(ctx, in.Rule, b); err != nil {
		return nil, s.ruleProblem(err)
	}
	return nil, nil
}

func (s *Server) falseAlarm(ctx context.Context, in *falseAlarmInput) (*struct{}, error) {
	said := in.Body
	return nil, s.correct(ctx, in.Key, &said.Actor, func(key string) error { return s.Rules.FalseAlarm(ctx, key, said) })
}

func (s *Server) missed(ctx context.Context, in *missedInput) (*struct{}, error) {
	said := in.Body
	return nil, s.correct(ctx, in.Key, &said.Actor, func(key string) error { return s.Rules.Missed(ctx, key, said) })
}

// correct says of a verdict that it was wrong, where the sender may respond for the service. It puts who says it
// in place of the name that was sent.
func (s *Server) correct(ctx context.Context, reference string, by *string, say func(key string) error) error {
	c, err := s.findByKey(ctx, reference)
	if err != nil {
		return err
	}
	if err := s.checkTeam(ctx, identity.Respond, c.Service); err != nil {
		return err
	}
	if *by, err = actor(ctx, *by); err != nil {
		return err
	}
	if err := say(c.Key); err != nil {
		return s.ruleProblem(err)
	}
	return nil
}

// ruleProblem returns the problem that answers an error of Rules.
func (s *Server) ruleProblem(err error) error {
	switch {
	case errors.Is(err, store.ErrConflict):
		return problem(http.StatusConflict, err.Error(), "`pushback rules status` shows what is earned, and what is missing")
	case errors.Is(err, store.ErrNotFound):
		return problem(http.StatusNotFound, err.Error(), "`pushback rules status` lists the rules in force")
	}
	return s.storeProblem(err)
}
