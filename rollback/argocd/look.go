package argocd

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Preflight looks whether the token is taken, and whether auto-sync would
// undo what we do. Without a plan, where the application follows the service,
// the token is all there is.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "put the token of an account that may get and sync applications into token_file"
	if !p.Known() && !naming.Fixed(h.config.Application+h.config.AppNamespace+h.config.Project) {
		var who struct {
			LoggedIn bool `json:"loggedIn"`
		}
		err := h.api.Get(ctx, "/api/v1/session/userinfo", &who)
		c := call.Reached("Argo CD takes the token", err, hint)
		if err == nil && !who.LoggedIn {
			c.Problem, c.Hint = "Argo CD does not know it", hint
		}
		return []rollback.Check{c, {What: "the application", Skipped: "it follows from the change: " + h.config.Application}}
	}
	n, err := h.named(p)
	if err != nil {
		return []rollback.Check{{What: "the application has a name", Problem: rollback.Output(err.Error()), Hint: "see `application`"}}
	}
	a, err := h.application(ctx, n)
	checks := []rollback.Check{call.Reached("application "+n.name+" can be read", err, hint)}
	if err != nil {
		return checks
	}
	return append(checks, h.autoSync(a), h.history(a, p))
}

func (h *Hook) autoSync(a application) rollback.Check {
	c := rollback.Check{What: "nobody undoes the rollback"}
	switch owner := a.owner(); {
	case !a.automated():
	case !h.config.DisableAutoSync:
		c.Problem = "auto-sync is on: Argo CD refuses to roll back"
		c.Hint = "set disable_auto_sync: true, or use a hook of kind github with does: revert"
	case owner != "":
		c.Skipped = "auto-sync would be switched off here, and on again by " + owner + ", unless that ignores differences in syncPolicy"
	}
	return c
}

func (h *Hook) history(a application, p rollback.Plan) rollback.Check {
	c := rollback.Check{What: "the history has an entry to go back to"}
	if !p.Known() {
		if len(a.Status.History) < 2 {
			c.Problem = fmt.Sprintf("it has %d entries", len(a.Status.History))
			c.Hint = "deploy twice, or raise revisionHistoryLimit"
		}
		return c
	}
	if _, err := a.step(p.Target); err != nil {
		c.Problem, c.Temporary = err.Error(), call.Passing(err)
		c.Hint = "the version must be a revision, a targetRevision or an image of the history"
	}
	return c
}

// DryRun looks at the application and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	n, err := h.named(p)
	if err != nil {
		return rollback.Preview{}, err
	}
	a, err := h.application(ctx, n)
	if err != nil {
		return rollback.Preview{}, err
	}
	s, err := a.step(p.Target)
	if err != nil || s.settled {
		return rollback.Preview{AlreadyLive: s.settled}, err
	}
	const follow = "follow the operation to its end"
	if s.follow {
		return rollback.Preview{Steps: []string{"an operation to this version is under way: " + follow}}, nil
	}
	var preview rollback.Preview
	if a.automated() && h.config.DisableAutoSync {
		preview.Steps = append(preview.Steps, fmt.Sprintf("PATCH %s%s %s", h.api.URL(), n.path(), manual))
		preview.Notes = append(preview.Notes, "auto-sync stays off: switch it on again once git is right")
	} else if a.automated() {
		preview.Notes = append(preview.Notes, "Do would refuse: auto-sync is on")
	}
	text, err := json.Marshal(h.request(n, s.to))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("writing the rollback: %w", err)
	}
	preview.Steps = append(preview.Steps, fmt.Sprintf("POST %s%s %s", h.api.URL(), n.path("rollback"), text), follow)
	return preview, nil
}

// Verify looks at the newest entry of the history, which is what was synced
// last, and at the application's health.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	n, err := h.named(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	a, err := h.application(ctx, n)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	if len(a.Status.History) == 0 {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "the application has no history"}
	}
	last, health := a.Status.History[len(a.Status.History)-1], rollback.Output(a.Status.Health.Status)
	return rollback.RunningVersion{
		At: h.now().UTC(), TargetRuns: last.is(p.Target) && health == "Healthy" && !a.running(),
		Version: rollback.Output(last.Revision), Detail: fmt.Sprintf("history id %d, health %s", last.ID, health),
	}, nil
}
