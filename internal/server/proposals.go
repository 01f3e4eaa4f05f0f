package server

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/gate"
	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

type proposalInput struct {
	Name string `path:"name" maxLength:"500" doc:"The change's key, or its first six characters or more"`
	Body api.NewProposal
}

func (s *Server) proposalOperations(h huma.API) {
	huma.Register(h, huma.Operation{
		OperationID: "propose-rollback", Method: http.MethodPost, Path: "/v1/changes/{name}/propose", Tags: []string{"Orders"},
		Summary:     "Ask people to roll a change back",
		Description: "Writes the proposal into the journal, and sends a message to whoever was told of the change, or else to the default receiver. Nothing is rolled back: only the verdict of a rule makes an order. One proposal for each change.",
		Errors:      []int{401, 403, 404, 409}, Metadata: respondTo(),
	}, s.propose)
}

func (s *Server) propose(ctx context.Context, in *proposalInput) (*answerOf[api.Proposal], error) {
	c, err := s.findByKey(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if err := s.checkTeam(ctx, identity.Respond, c.Service); err != nil {
		return nil, err
	}
	by, err := actor(ctx, sources.OneLine(in.Body.Actor, sources.MaxText))
	why := sources.OneLine(in.Body.Why, sources.MaxText)
	if err != nil || why == "" {
		return nil, problem(http.StatusUnprocessableEntity, "actor and why must hold words", "")
	}
	p, err := s.Engine.Propose(ctx, c.Key, by, why)
	if err != nil {
		return nil, s.holdProblem(err)
	}
	answer := api.Proposal{Change: c.Key, Notified: append([]string{}, p.Notified...), Page: s.changeURL(c.Key), Next: nextOf(p, c.Key)}
	if p.Order != nil {
		answer.Order = string(p.Order.State)
	}
	return &answerOf[api.Proposal]{Body: answer}, nil
}

// nextOf is what a person may do about a proposal.
func nextOf(p gate.Proposal, key string) string {
	switch {
	case p.Order != nil && p.Order.State == rollback.Proposed:
		return "a rule has ordered this rollback, and it waits for a person: pushback approve " + key
	case p.Order != nil:
		return "a rule has made an order for this change already: pushback explain " + key
	case len(p.Notified) == 0:
		return "nobody is told, because pushback.yml names no default receiver; the proposal is in the journal: pushback explain " + key
	}
	return "no rule has ordered it, so that there is nothing to approve; people are asked to look, and to roll back with their own tool"
}
