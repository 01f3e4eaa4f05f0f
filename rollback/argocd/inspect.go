package argocd

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Preflight checks that Argo CD accepts the token, that auto-sync would not revert a
// rollback, and that the history has the target. Without a plan it checks only the
// token if the application depends on the change.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "token_file must hold the token of an account with the rights to get and sync applications"
	if !p.Known() && !naming.IsFixed(h.config.Application+h.config.AppNamespace+h.config.Project) {
		var who struct {
			LoggedIn bool `json:"loggedIn"`
		}
		err := h.api.Get(ctx, "/api/v1/session/userinfo", &who)
		c := call.ReachCheck("Argo CD accepts the token", err, hint)
		if err == nil && !who.LoggedIn {
			c.Problem, c.Hint = "Argo CD does not know the token", hint
		}
		return []rollback.Check{c, {What: "the application", Skipped: "the application depends on the change: " + h.config.Application}}
	}
	n, err := h.resolveName(p)
	if err != nil {
		return []rollback.Check{{What: "the application has a valid name", Problem: rollback.Output(err.Error()), Hint: "correct `application`"}}
	}
	a, err := h.getApplication(ctx, n)
	checks := []rollback.Check{call.ReachCheck("application "+n.name+" can be read", err, hint)}
	if err != nil {
		return checks
	}
	return append(checks, h.checkAutoSync(a), h.checkHistory(a, p))
}

func (h *Hook) checkAutoSync(a application) rollback.Check {
	c := rollback.Check{What: "nothing reverts the rollback"}
	switch owner := a.managedBy(); {
	case !a.autoSyncOn():
	case !h.config.DisableAutoSync:
		c.Problem = "auto-sync is on: Argo CD refuses to roll back"
		c.Hint = "set disable_auto_sync: true, or use a hook of kind github with does: revert"
	case owner != "":
		c.Skipped = "Pushback would switch auto-sync off, and " + owner + " would switch it on again, unless it ignores differences in syncPolicy"
	}
	return c
}

func (h *Hook) checkHistory(a application, p rollback.Plan) rollback.Check {
	c := rollback.Check{What: "the history has an entry to go back to"}
	if !p.Known() {
		if len(a.Status.History) < 2 {
			c.Problem = fmt.Sprintf("the history has %d entries, and a rollback needs 2", len(a.Status.History))
			c.Hint = "deploy again, or raise revisionHistoryLimit"
		}
		return c
	}
	if _, err := a.nextAction(p.Target); err != nil {
		c.Problem, c.Temporary = err.Error(), call.IsTemporary(err)
		c.Hint = "the version must be the revision, the targetRevision or an image of an entry"
	}
	return c
}

// DryRun reads the application and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	n, err := h.resolveName(p)
	if err != nil {
		return rollback.Preview{}, err
	}
	a, err := h.getApplication(ctx, n)
	if err != nil {
		return rollback.Preview{}, err
	}
	s, err := a.nextAction(p.Target)
	if err != nil || s.alreadyLive {
		return rollback.Preview{AlreadyLive: s.alreadyLive}, err
	}
	const follow = "follow the operation until it ends"
	if s.follow {
		return rollback.Preview{Steps: []string{"an operation to this version is running: " + follow}}, nil
	}
	var preview rollback.Preview
	if a.autoSyncOn() && h.config.DisableAutoSync {
		preview.Steps = append(preview.Steps, fmt.Sprintf("PATCH %s%s %s", h.api.URL(), n.path(), autoSyncOffPatch))
		preview.Notes = append(preview.Notes, "auto-sync stays off: switch it on again when git is right")
	} else if a.autoSyncOn() {
		preview.Notes = append(preview.Notes, "the rollback would be refused: auto-sync is on")
	}
	text, err := json.Marshal(h.newRollbackRequest(n, s.to))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("encoding the rollback: %w", err)
	}
	preview.Steps = append(preview.Steps, fmt.Sprintf("POST %s%s %s", h.api.URL(), n.path("rollback"), text), follow)
	return preview, nil
}

// Verify reads the newest entry of the history, which was synced last, and the
// application's health.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	n, err := h.resolveName(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	a, err := h.getApplication(ctx, n)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	if len(a.Status.History) == 0 {
		return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: "the application has no history"}
	}
	last, health := a.Status.History[len(a.Status.History)-1], rollback.Output(a.Status.Health.Status)
	return rollback.RunningVersion{
		At: h.now().UTC(), TargetRuns: last.hasVersion(p.Target) && health == "Healthy" && !a.operationRunning(),
		Version: rollback.Output(last.Revision), Detail: fmt.Sprintf("history id %d, health %s", last.ID, health),
	}, nil
}
