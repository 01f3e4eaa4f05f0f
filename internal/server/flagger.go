package server

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// Flagger's webhooks mean things by their status alone: any status up to 202 confirms, or rolls
// back, and any other makes the canary wait. So an answer that cannot tell is never a 2xx.
// (https://docs.flagger.app/usage/webhooks)

type flaggerInput struct{ Body api.Flagger }

func (s *Server) flaggerOperations(h huma.API) {
	operation := func(id, path, summary, description string, status int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodPost, Path: path, Summary: summary, Description: description,
			Tags: []string{"Flagger"}, Errors: []int{401, status}, Metadata: map[string]any{readOnly: true, needs: identity.Gate},
		}
	}
	huma.Register(h, operation("flagger-confirm", "/v1/flagger/confirm", "Flagger's confirm-rollout",
		"200 while the gate is open. Otherwise 423, and the canary waits.", 423), s.flaggerConfirm)
	huma.Register(h, operation("flagger-confirm-promotion", "/v1/flagger/confirm-promotion", "Flagger's confirm-promotion",
		"200 if the canary's version is ok, or still rolls out and is ok so far. Otherwise 423, and the canary waits: also while nobody has reported it, and when it cannot be judged.", 423), s.flaggerPromotion)
	huma.Register(h, operation("flagger-rollback", "/v1/flagger/rollback", "Flagger's rollback",
		"200 if the canary's version is bad, and the canary is rolled back. Otherwise 409. Where no change to that version was reported, 200 while another bad change of the service is live.", 409), s.flaggerRollback)
}

func (s *Server) flaggerConfirm(ctx context.Context, in *flaggerInput) (*answerOf[api.Gate], error) {
	g, err := s.askGate(ctx, in.Body.Name, flaggerEnvironment(in), nil)
	if err == nil && !g.Open {
		err = problem(http.StatusLocked, g.Reason, "")
	}
	return &answerOf[api.Gate]{Body: g}, err
}

// flaggerPromotion takes ok so far while the rollout goes on, because the watch ends healthy only
// after it, and Flagger ends the rollout only after this answer.
func (s *Server) flaggerPromotion(ctx context.Context, in *flaggerInput) (*answerOf[api.Verdict], error) {
	v, err := s.flaggerVerdict(ctx, in)
	if err == nil && !v.Data.OK && !v.Data.OKSoFar {
		err = problem(http.StatusLocked, v.Reason, "")
	}
	return &answerOf[api.Verdict]{Body: v}, err
}

// flaggerRollback rolls a canary back for what its own version does, and not for a hold: a hold
// stops deploys, and undoes none.
func (s *Server) flaggerRollback(ctx context.Context, in *flaggerInput) (*answerOf[api.Verdict], error) {
	v, err := s.flaggerVerdict(ctx, in)
	if err != nil {
		return nil, err
	}
	bad := v.Data.Bad
	if !v.Known {
		g, err := s.askGate(ctx, in.Body.Name, flaggerEnvironment(in), nil)
		if err != nil {
			return nil, err
		}
		bad = g.Data.Bad
	}
	if !bad {
		return nil, problem(http.StatusConflict, "nothing is known to be bad: "+v.Reason, "")
	}
	return &answerOf[api.Verdict]{Body: v}, nil
}

// flaggerVerdict is the verdict on the version that the metadata name, or whose changes have
// Flagger's checksum as their version.
func (s *Server) flaggerVerdict(ctx context.Context, in *flaggerInput) (api.Verdict, error) {
	return s.askVerdict(ctx, store.VersionFilter{
		Service: in.Body.Name, Environment: flaggerEnvironment(in),
		Version: cmp.Or(in.Body.Metadata["version"], in.Body.Checksum), Kind: sources.Deploy,
	})
}

func flaggerEnvironment(in *flaggerInput) string {
	return cmp.Or(in.Body.Metadata["environment"], defaultEnvironment)
}
