package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// workflow dispatches a workflow and follows its run.
type workflow struct{ *Hook }

// dispatch is the body of a workflow dispatch. Without return_run_details GitHub answers
// 204 without a body, and it is not known which run is ours.
type dispatch struct {
	Ref    string            `json:"ref"`
	Inputs map[string]string `json:"inputs,omitempty"`
	Return bool              `json:"return_run_details"`
}

// run holds the fields of a workflow run that the answers to the dispatch and to GET
// …/runs/{id} have.
type run struct {
	ID         int64  `json:"workflow_run_id"`
	HTML       string `json:"html_url"`
	Status     string `json:"status"`
	Conclusion string `json:"conclusion"`
}

func (w workflow) request(p rollback.Plan) (repository, dispatch, error) {
	r, err := w.repository(p)
	if err != nil {
		return r, dispatch{}, err
	}
	body := dispatch{Ref: w.config.Ref, Inputs: map[string]string{}, Return: true}
	for name, value := range w.config.Inputs {
		if body.Inputs[name], err = naming.Fill("inputs."+name, value, p); err != nil {
			return r, body, err
		}
	}
	return r, body, nil
}

func (w workflow) path(r repository) string {
	return r.path("actions", "workflows", w.config.Workflow, "dispatches")
}

func (w workflow) do(ctx context.Context, p rollback.Plan, l *call.Log) (string, error) {
	r, body, err := w.request(p)
	if err != nil {
		return "", fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	answer, err := w.api.Act(ctx, call.Request{Method: http.MethodPost, Path: w.path(r), Body: body}, nil)
	l.Add("POST %s: %s", w.path(r), answer.Status)
	l.Add("%s", answer.Body)
	if err != nil {
		return answer.Status, err
	}
	var started run
	if err := answer.Decode(&started); err != nil || started.ID <= 0 {
		return answer.Status, fmt.Errorf("%w: GitHub accepted the dispatch but returned no run to follow", rollback.ErrOutcomeUnknown)
	}
	rollback.ReportStarted(ctx, rollback.Receipt{
		At: w.now().UTC(), Status: started.name() + " was started", Output: rollback.Output(started.HTML), Handle: strconv.FormatInt(started.ID, 10),
	})
	return w.follow(ctx, r, started, l)
}

func (r run) name() string { return fmt.Sprintf("run %d", r.ID) }

// resume follows the run that an earlier dispatch started.
func (w workflow) resume(ctx context.Context, p rollback.Plan, started rollback.Receipt, l *call.Log) (string, error) {
	r, err := w.repository(p)
	if err != nil {
		return started.Status, call.WrapUnknown(err)
	}
	id, err := strconv.ParseInt(started.Handle, 10, 64)
	if err != nil || id <= 0 {
		return started.Status, fmt.Errorf("%w: %q is not the id of a run", rollback.ErrOutcomeUnknown, started.Handle)
	}
	return w.follow(ctx, r, run{ID: id, HTML: started.Output}, l)
}

func (w workflow) follow(ctx context.Context, r repository, started run, l *call.Log) (string, error) {
	path := r.path("actions", "runs", strconv.FormatInt(started.ID, 10))
	name := started.name()
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		var now run
		if err := w.api.Get(ctx, path, &now); err != nil {
			return false, err
		}
		rollback.ReportProgress(ctx, name+" is "+now.Status)
		switch {
		case now.Status != "completed":
			return false, nil
		case now.Conclusion == "success":
			return true, nil
		}
		return false, &call.FailedError{Why: fmt.Sprintf("%s ended with %q: %s", name, rollback.Output(now.Conclusion), rollback.Output(started.HTML))}
	})
	if err != nil {
		return name + " was started", err
	}
	l.Add("%s: success", name)
	return name + ": success", nil
}

func (w workflow) dryRun(_ context.Context, p rollback.Plan) (rollback.Preview, error) {
	r, body, err := w.request(p)
	if err != nil {
		return rollback.Preview{}, err
	}
	text, err := json.Marshal(body)
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("encoding the dispatch: %w", err)
	}
	return rollback.Preview{
		Steps: []string{fmt.Sprintf("POST %s%s %s", w.api.URL(), w.path(r), text), "follow the run until it ends"},
		Notes: []string{"a second dispatch starts a second run: the hook is idempotent only if the workflow is"},
	}, nil
}

func (w workflow) verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	return w.lastSucceeded(ctx, p)
}

func (w workflow) preflight(ctx context.Context, r repository) []rollback.Check {
	var found struct {
		State string `json:"state"`
	}
	err := w.api.Get(ctx, r.path("actions", "workflows", w.config.Workflow), &found)
	c := call.ReachCheck("workflow "+w.config.Workflow+" exists and is active", err, "correct `workflow`, or give the token the permission actions: write")
	if err == nil && found.State != "active" {
		c.Problem = fmt.Sprintf("its state is %q", rollback.Output(found.State))
		c.Hint = "enable the workflow on the Actions page"
	}
	return []rollback.Check{c}
}
