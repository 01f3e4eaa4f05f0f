package github

import (
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

// deployment asks for a deployment of the version to go back to.
type deployment struct{ *Hook }

const (
	// deploymentsRead is how far back ours is looked for.
	deploymentsRead = 30
	// runningWithin is how many of them are asked for their state.
	runningWithin = 5
)

// wanted is the body of a new deployment. No contexts are required: the
// version ran here before, and a check that has since gone red must not stand
// between people and it.
type wanted struct {
	Ref         string   `json:"ref"`
	Task        string   `json:"task"`
	AutoMerge   bool     `json:"auto_merge"`
	Contexts    []string `json:"required_contexts"`
	Payload     payload  `json:"payload"`
	Environment string   `json:"environment"`
	Description string   `json:"description"`
}

// payload is what ours says beside what GitHub knows. The change source reads
// pushback_rollback_of when GitHub tells of this deployment.
type payload struct {
	Key        string `json:"pushback_key"`
	RollbackOf string `json:"pushback_rollback_of"`
}

// told is a deployment as GitHub lists it.
type told struct {
	ID      int64           `json:"id"`
	SHA     string          `json:"sha"`
	Ref     string          `json:"ref"`
	Payload json.RawMessage `json:"payload"`
}

// is says whether the deployment is of a version.
func (d told) is(version string) bool {
	return naming.Same(d.SHA, version) || naming.Same(d.Ref, version)
}

// key is ours, "" for anybody else's deployment. Older clients send the
// payload as a text that holds an object.
func (d told) key() string {
	text, s := []byte(d.Payload), ""
	if json.Unmarshal(text, &s) == nil {
		text = []byte(s)
	}
	var p payload
	_ = json.Unmarshal(text, &p) // anything else is somebody else's
	return p.Key
}

// deployments lists those of an environment, newest first.
func (h *Hook) deployments(ctx context.Context, r repository, environment string) (all []told, err error) {
	query := url.Values{"environment": {environment}, "per_page": {strconv.Itoa(deploymentsRead)}}
	return all, h.api.Get(ctx, r.path("deployments")+"?"+query.Encode(), &all)
}

// state is how a deployment stands, "" while nobody has said.
func (h *Hook) state(ctx context.Context, r repository, id int64) (string, error) {
	var states []struct {
		State string `json:"state"`
	}
	err := h.api.Get(ctx, r.path("deployments", strconv.FormatInt(id, 10), "statuses")+"?per_page=1", &states)
	if err != nil || len(states) == 0 {
		return "", err
	}
	return rollback.Output(states[0].State), nil
}

// running is the newest deployment of the environment that succeeded.
func (h *Hook) running(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
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
	for _, d := range all[:min(len(all), runningWithin)] {
		state, err := h.state(ctx, r, d.ID)
		if err != nil {
			return rollback.RunningVersion{}, err
		}
		if state == "success" {
			return rollback.RunningVersion{
				At: h.now().UTC(), TargetRuns: d.is(p.Target), Version: rollback.Output(d.SHA),
				Detail: fmt.Sprintf("deployment %d of %s", d.ID, rollback.Output(d.Ref)),
			}, nil
		}
	}
	return rollback.RunningVersion{}, &rollback.UnverifiableError{Why: fmt.Sprintf("no deployment to %q of %s has succeeded lately", environment, r)}
}

// move is what is to be done: nothing, follow ours, or ask for one.
type move struct {
	repository  repository
	environment string
	settled     bool
	ours        int64
}

func (d deployment) move(ctx context.Context, p rollback.Plan) (m move, err error) {
	if m.repository, err = d.repository(p); err != nil {
		return m, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if m.environment, err = d.environment(p); err != nil {
		return m, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	all, err := d.deployments(ctx, m.repository, m.environment)
	if err != nil || len(all) == 0 {
		return m, err
	}
	for _, one := range all {
		if one.key() == p.Change.Key() {
			m.ours = one.ID
			return m, nil
		}
	}
	state, err := d.state(ctx, m.repository, all[0].ID)
	m.settled = state == "success" && all[0].is(p.Target)
	return m, err
}

func (d deployment) wanted(p rollback.Plan, environment string) wanted {
	return wanted{
		Ref: p.Target, Task: d.config.Task, Contexts: []string{}, Environment: environment, Description: purpose(p),
		Payload: payload{Key: p.Change.Key(), RollbackOf: p.Change.Key()},
	}
}

func (d deployment) do(ctx context.Context, p rollback.Plan, l *call.Log) (string, error) {
	m, err := d.move(ctx, p)
	if err != nil {
		return "", err
	}
	if m.settled {
		return "already at " + p.Target, nil
	}
	if m.ours == 0 {
		var made told
		answer, err := d.api.Act(ctx, call.Request{
			Method: http.MethodPost, Path: m.repository.path("deployments"), Body: d.wanted(p, m.environment),
		}, &made)
		l.Add("POST %s: %s", m.repository.path("deployments"), answer.Status)
		l.Add("%s", answer.Body)
		if err != nil {
			return answer.Status, err
		}
		if m.ours = made.ID; m.ours <= 0 {
			return answer.Status, fmt.Errorf("%w: GitHub answered without a deployment: %s", rollback.ErrOutcomeUnknown, answer.FirstLine())
		}
	}
	return d.follow(ctx, m, l)
}

func (d deployment) follow(ctx context.Context, m move, l *call.Log) (string, error) {
	name := fmt.Sprintf("deployment %d", m.ours)
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		state, err := d.state(ctx, m.repository, m.ours)
		switch state {
		case "success":
			return true, err
		case "failure", "error", "inactive":
			return false, &call.Ended{Why: fmt.Sprintf("%s ended as %s", name, state)}
		}
		return false, err
	})
	if err != nil {
		return name + " was made", err
	}
	l.Add("%s: success", name)
	return name + ": success", nil
}

func (d deployment) dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	m, err := d.move(ctx, p)
	if err != nil || m.settled {
		return rollback.Preview{AlreadyLive: m.settled}, err
	}
	follow := "follow its states to success"
	if m.ours > 0 {
		return rollback.Preview{Steps: []string{fmt.Sprintf("deployment %d is there already: %s", m.ours, follow)}}, nil
	}
	text, err := json.Marshal(d.wanted(p, m.environment))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("writing the deployment: %w", err)
	}
	return rollback.Preview{
		Steps: []string{fmt.Sprintf("POST %s%s %s", d.api.URL(), m.repository.path("deployments"), text), follow},
		Notes: []string{"a deployment only asks: whatever deploys on GitHub's deployment event must carry it out"},
	}, nil
}

func (d deployment) verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	return d.running(ctx, p)
}

func (d deployment) preflight(ctx context.Context, r repository) []rollback.Check {
	var all []told
	err := d.api.Get(ctx, r.path("deployments")+"?per_page=1", &all)
	c := call.Reached("deployments of the repository can be read", err, "the token needs the permission deployments: write")
	if err == nil && len(all) == 0 {
		c.Skipped = "the repository has never had one: who would carry ours out? see `does: workflow`"
	}
	return []rollback.Check{c}
}
