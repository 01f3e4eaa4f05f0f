package github

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// deployment rolls back by a deployment of the target version.
type deployment struct{ *Hook }

const (
	// maxDeployments is how many deployments are listed to find ours.
	maxDeployments = 30
	// maxStatesRead is for how many of them the state is read.
	maxStatesRead = 5
)

// deploymentRequest is the body of a new deployment. It requires no status checks: the
// version ran here before, and a check that fails since then must not prevent the
// rollback.
type deploymentRequest struct {
	Ref         string   `json:"ref"`
	Task        string   `json:"task"`
	AutoMerge   bool     `json:"auto_merge"`
	Contexts    []string `json:"required_contexts"`
	Payload     payload  `json:"payload"`
	Environment string   `json:"environment"`
	Description string   `json:"description"`
}

// payload is the payload of our deployments. The change source reads
// pushback_rollback_of from GitHub's event about the deployment.
type payload struct {
	Key        string `json:"pushback_key"`
	RollbackOf string `json:"pushback_rollback_of"`
}

// deploymentAnswer is a deployment in an answer of GitHub.
type deploymentAnswer struct {
	ID      int64           `json:"id"`
	SHA     string          `json:"sha"`
	Ref     string          `json:"ref"`
	Payload json.RawMessage `json:"payload"`
}

// hasVersion reports whether the deployment is of a version.
func (d deploymentAnswer) hasVersion(version string) bool {
	return naming.SameVersion(d.SHA, version) || naming.SameVersion(d.Ref, version)
}

// key is the key in the payload, "" for a deployment that is not ours. Older clients
// send the payload as a string that contains JSON.
func (d deploymentAnswer) key() string {
	text, s := []byte(d.Payload), ""
	if json.Unmarshal(text, &s) == nil {
		text = []byte(s)
	}
	var p payload
	_ = json.Unmarshal(text, &p) // another payload is not ours
	return p.Key
}

// deployments lists the deployments to an environment, newest first.
func (h *Hook) deployments(ctx context.Context, r repository, environment string) (all []deploymentAnswer, err error) {
	query := url.Values{"environment": {environment}, "per_page": {strconv.Itoa(maxDeployments)}}
	return all, h.api.Get(ctx, r.path("deployments")+"?"+query.Encode(), &all)
}

// deploymentState is the newest state of a deployment, "" if none was reported.
func (h *Hook) deploymentState(ctx context.Context, r repository, id int64) (string, error) {
	var states []struct {
		State string `json:"state"`
	}
	err := h.api.Get(ctx, r.path("deployments", strconv.FormatInt(id, 10), "statuses")+"?per_page=1", &states)
	if err != nil || len(states) == 0 {
		return "", err
	}
	return rollback.Output(states[0].State), nil
}

// lastSucceeded returns the version of the newest successful deployment to the
// environment.
func (h *Hook) lastSucceeded(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	r, err := h.repository(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	environment, err := h.environment(p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	all, err := h.deployments(ctx, r, environment)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	for _, d := range all[:min(len(all), maxStatesRead)] {
		state, err := h.deploymentState(ctx, r, d.ID)
		if err != nil {
			return rollback.RunningVersion{}, err
		}
		if state == "success" {
			return rollback.RunningVersion{
				At: h.now().UTC(), TargetRuns: d.hasVersion(p.Target), Version: rollback.Output(d.SHA),
				Detail: fmt.Sprintf("deployment %d of %s", d.ID, rollback.Output(d.Ref)),
			}, nil
		}
	}
	return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: fmt.Sprintf("none of the last deployments to %q of %s succeeded", environment, r)}
}

// deploymentAction is what the rollback has to do.
type deploymentAction struct {
	repository  repository
	environment string
	alreadyLive bool  // nothing: the target was deployed last, and succeeded
	existing    int64 // id of our deployment to follow; 0: create one
}

// inspect reads the deployments and decides what to do.
func (d deployment) inspect(ctx context.Context, p rollback.Plan) (a deploymentAction, err error) {
	if a.repository, err = d.repository(p); err != nil {
		return a, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if a.environment, err = d.environment(p); err != nil {
		return a, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	all, err := d.deployments(ctx, a.repository, a.environment)
	if err != nil || len(all) == 0 {
		return a, err
	}
	for _, one := range all {
		if one.key() == p.Change.Key() {
			a.existing = one.ID
			return a, nil
		}
	}
	state, err := d.deploymentState(ctx, a.repository, all[0].ID)
	a.alreadyLive = state == "success" && all[0].hasVersion(p.Target)
	return a, err
}

func (d deployment) newRequest(p rollback.Plan, environment string) deploymentRequest {
	return deploymentRequest{
		Ref: p.Target, Task: d.config.Task, Contexts: []string{}, Environment: environment, Description: describeRollback(p),
		Payload: payload{Key: p.Change.Key(), RollbackOf: p.Change.Key()},
	}
}

func (d deployment) do(ctx context.Context, p rollback.Plan, l *call.Log) (string, error) {
	a, err := d.inspect(ctx, p)
	if err != nil {
		return "", err
	}
	if a.alreadyLive {
		return "already at " + p.Target, nil
	}
	if a.existing == 0 {
		var made deploymentAnswer
		answer, err := d.api.Act(ctx, call.Request{
			Method: http.MethodPost, Path: a.repository.path("deployments"), Body: d.newRequest(p, a.environment),
		}, &made)
		l.Add("POST %s: %s", a.repository.path("deployments"), answer.Status)
		l.Add("%s", answer.Body)
		if err != nil {
			return answer.Status, err
		}
		if a.existing = made.ID; a.existing <= 0 {
			return answer.Status, fmt.Errorf("%w: GitHub answered without the id of a deployment: %s", rollback.ErrOutcomeUnknown, answer.FirstLine())
		}
	}
	return d.follow(ctx, a, l)
}

func (d deployment) follow(ctx context.Context, a deploymentAction, l *call.Log) (string, error) {
	name := fmt.Sprintf("deployment %d", a.existing)
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		state, err := d.deploymentState(ctx, a.repository, a.existing)
		if err == nil {
			rollback.ReportProgress(ctx, name+" is "+cmp.Or(state, "pending"))
		}
		switch state {
		case "success":
			return true, err
		case "failure", "error", "inactive":
			return false, &call.FailedError{Why: fmt.Sprintf("%s ended as %s", name, state)}
		}
		return false, err
	})
	if err != nil {
		return name + " was created", err
	}
	l.Add("%s: success", name)
	return name + ": success", nil
}

func (d deployment) dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	a, err := d.inspect(ctx, p)
	if err != nil || a.alreadyLive {
		return rollback.Preview{AlreadyLive: a.alreadyLive}, err
	}
	follow := "follow its states until it succeeds"
	if a.existing > 0 {
		return rollback.Preview{Steps: []string{fmt.Sprintf("deployment %d exists already: %s", a.existing, follow)}}, nil
	}
	text, err := json.Marshal(d.newRequest(p, a.environment))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("encoding the deployment: %w", err)
	}
	return rollback.Preview{
		Steps: []string{fmt.Sprintf("POST %s%s %s", d.api.URL(), a.repository.path("deployments"), text), follow},
		Notes: []string{"a deployment is only a request: a tool that listens to GitHub's deployment events must carry it out"},
	}, nil
}

func (d deployment) verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	return d.lastSucceeded(ctx, p)
}

func (d deployment) preflight(ctx context.Context, r repository) []rollback.Check {
	var all []deploymentAnswer
	err := d.api.Get(ctx, r.path("deployments")+"?per_page=1", &all)
	c := call.ReachCheck("deployments of the repository can be read", err, "give the token the permission deployments: write")
	if err == nil && len(all) == 0 {
		c.Skipped = "the repository has no deployments, so that probably nothing would carry ours out: consider `does: workflow`"
	}
	return []rollback.Check{c}
}
