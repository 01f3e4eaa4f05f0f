package server

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pushback/pushback/internal/identity"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback/freezefile"
)

// Freezer stops all acting of this process, by the freeze file, and lets it go on.
type Freezer interface {
	FreezeState() freezefile.State
	FreezeWindow() string // the freeze window of pushback.yml that is in force; "" for none
	Freeze(ctx context.Context, actor, why string, end time.Time) (was bool, err error)
	Unfreeze(ctx context.Context, actor, why string) (was bool, err error)
}

type freezeInput struct{ Body api.NewFreeze }

type liftInput struct{ Body api.Decision }

func (s *Server) freezeOperations(h huma.API) {
	if s.Freezer == nil {
		return
	}
	operation := func(id, method, path, summary, description string, metadata map[string]any, errs ...int) huma.Operation {
		return huma.Operation{OperationID: id, Method: method, Path: path, Summary: summary, Description: description, Tags: []string{"Gate"}, Errors: append([]int{401, 403}, errs...), Metadata: metadata}
	}
	huma.Register(h, operation("show-freeze", http.MethodGet, "/v1/freeze", "Whether all rollbacks are stopped", "", nil), s.showFreeze)
	huma.Register(h, operation("freeze", http.MethodPost, "/v1/freeze", "Stop all rollbacks",
		"Writes the freeze file of the replica that answers; others have their own. A rollback that was sent to a hook already is not stopped.", operateOn(), 422), s.freeze)
	huma.Register(h, operation("lift-freeze", http.MethodPost, "/v1/freeze/lift", "Let rollbacks go on",
		"Removes the freeze file. Orders that were decided and wait go on.", operateOn(), 409), s.liftFreeze)
}

func (s *Server) showFreeze(context.Context, *struct{}) (*answerOf[api.Freeze], error) {
	return &answerOf[api.Freeze]{Body: s.freezeState()}, nil
}

func (s *Server) freezeState() api.Freeze {
	if s.Freezer == nil {
		return api.Freeze{}
	}
	now := s.Freezer.FreezeState()
	return api.Freeze{Frozen: now.Frozen, Why: now.Why, Since: now.Since, Until: now.Until, Window: s.Freezer.FreezeWindow()}
}

// operator is who freezes or lifts a freeze: nobody who may operate the services of some teams only, as a freeze is of all.
func (s *Server) operator(ctx context.Context, said string) (string, error) {
	if err := checkAllTeams(identityOf(ctx), identity.Operate); err != nil {
		return "", err
	}
	return actor(ctx, said)
}

func (s *Server) freeze(ctx context.Context, in *freezeInput) (*answerOf[api.Freeze], error) {
	b := in.Body
	if !b.Until.IsZero() && !b.Until.After(s.Now()) {
		return nil, problem(http.StatusUnprocessableEntity, "until is in the past", "give a later time, or leave it out")
	}
	by, err := s.operator(ctx, b.Actor)
	if err != nil {
		return nil, err
	}
	if _, err := s.Freezer.Freeze(ctx, by, b.Why, b.Until); err != nil {
		return nil, s.freezeProblem(err)
	}
	return s.showFreeze(ctx, nil)
}

func (s *Server) liftFreeze(ctx context.Context, in *liftInput) (*answerOf[api.Freeze], error) {
	by, err := s.operator(ctx, in.Body.Actor)
	if err != nil {
		return nil, err
	}
	was, err := s.Freezer.Unfreeze(ctx, by, in.Body.Why)
	if err != nil {
		return nil, s.freezeProblem(err)
	}
	if !was {
		return nil, problem(http.StatusConflict, "nothing is frozen", "GET /v1/freeze shows it")
	}
	return s.showFreeze(ctx, nil)
}

// freezeProblem answers an error of the freeze file. It names the file in the log alone, as readers may see the answer.
func (s *Server) freezeProblem(err error) error {
	s.Log.Error("cannot change the freeze file; it is as the pages show it", "error", err)
	return problem(http.StatusServiceUnavailable, "the freeze file could not be changed", "the log says why; on the host, `pushback freeze` and `touch` write it too")
}
