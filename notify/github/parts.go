package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/internal/delivery"
	source "github.com/pushback/pushback/sources/changes/github"
)

// maxDescription is how long the description of a status may be, in characters.
const maxDescription = 140

func description(r notify.Report) string {
	return notify.Truncate(r.Truncated().Plain().Summary(), maxDescription)
}

func link(r notify.Report) string { return notify.WebLink(r.Link) }

type statusBody struct {
	State       string `json:"state"`
	TargetURL   string `json:"target_url,omitempty"`
	Description string `json:"description"`
	Context     string `json:"context"`
}

var commitStates = map[notify.Verdict]string{
	notify.Watching: "pending", notify.Healthy: "success", notify.Regressed: "failure",
	notify.Inconclusive: "success", notify.Superseded: "success", notify.Blind: "error",
}

// putStatus writes the status of the commit. The newest of a context counts, so that a second one after a lost
// answer does no harm.
func (g *Reporter) putStatus(ctx context.Context, t target, r notify.Report, w *written) error {
	body := statusBody{commitStates[r.Verdict], link(r), description(r), notify.Truncate(r.Truncated().Plain().Context(), 255)}
	if w.Status != nil && *w.Status == body {
		return nil
	}
	err := g.api.Call(ctx, http.MethodPost, t.repository+"/statuses/"+t.sha, body, nil)
	if err != nil {
		return fmt.Errorf("commit status: %w", err)
	}
	w.Status = &body
	return nil
}

type checkRunBody struct {
	Name        string     `json:"name"`
	HeadSHA     string     `json:"head_sha"`
	ExternalID  string     `json:"external_id"`
	DetailsURL  string     `json:"details_url,omitempty"`
	Status      string     `json:"status"`
	StartedAt   time.Time  `json:"started_at"`
	Conclusion  string     `json:"conclusion,omitempty"`
	CompletedAt *time.Time `json:"completed_at,omitempty"`
	Output      struct {
		Title   string `json:"title"`
		Summary string `json:"summary"`
	} `json:"output"`
}

var conclusions = map[notify.Verdict]string{
	notify.Healthy: "success", notify.Regressed: "failure",
	notify.Inconclusive: "neutral", notify.Superseded: "neutral", notify.Blind: "neutral",
}

func checkRunOf(t target, r notify.Report) checkRunBody {
	b := checkRunBody{
		Name: notify.Truncate(r.Truncated().Plain().Context(), 255), HeadSHA: t.sha, ExternalID: r.Key, DetailsURL: link(r),
		Status: "in_progress", StartedAt: r.StartedAt.UTC().Truncate(time.Second),
	}
	b.Output.Title, b.Output.Summary = description(r), comment.Render(r)
	if conclusion, ended := conclusions[r.Verdict]; ended {
		at := r.EndedAt.UTC().Truncate(time.Second)
		b.Status, b.Conclusion, b.CompletedAt = "completed", conclusion, &at
	}
	return b
}

// putCheckRun updates the check run of the change, or makes it.
func (g *Reporter) putCheckRun(ctx context.Context, t target, r notify.Report, w *written) error {
	err := g.update(ctx, &w.CheckRun, checkRunOf(t, r), paths{t.repository + "/check-runs/", t.repository + "/check-runs"},
		func() (int64, error) { return g.findCheckRun(ctx, t, r) })
	if err != nil {
		return fmt.Errorf("check run: %w", err)
	}
	return nil
}

// findCheckRun returns the check run of the change, 0 for none.
func (g *Reporter) findCheckRun(ctx context.Context, t target, r notify.Report) (int64, error) {
	var page struct {
		Runs []struct {
			ID         int64  `json:"id"`
			ExternalID string `json:"external_id"`
		} `json:"check_runs"`
	}
	query := url.Values{"check_name": {notify.Truncate(r.Truncated().Plain().Context(), 255)}, "filter": {"all"}, "per_page": {"100"}}
	if err := g.api.Call(ctx, http.MethodGet, t.repository+"/commits/"+t.sha+"/check-runs?"+query.Encode(), nil, &page); err != nil {
		return 0, err
	}
	for _, run := range page.Runs {
		if run.ExternalID == r.Key {
			return run.ID, nil
		}
	}
	return 0, nil
}

// paths are where a thing is updated, before its id, and where it is made.
type paths struct{ update, create string }

// update patches the thing with the id; where that is not known or not there any more, the one that find finds;
// and makes it where there is none.
func (g *Reporter) update(ctx context.Context, id *int64, body any, at paths, find func() (int64, error)) error {
	patch := func() error {
		return g.api.Call(ctx, http.MethodPatch, fmt.Sprintf("%s%d", at.update, *id), body, nil)
	}
	if *id != 0 {
		if err := patch(); delivery.StatusOf(err) != http.StatusNotFound {
			return err
		}
	}
	found, err := find()
	if err != nil {
		return err
	}
	if *id = found; found != 0 {
		return patch()
	}
	var made struct {
		ID int64 `json:"id"`
	}
	err = g.api.Call(ctx, http.MethodPost, at.create, body, &made)
	*id = made.ID
	return err
}

// ownDescription begins the description of every deployment status that Pushback writes, by which
// sources/changes/github tells it from what a deploy tool reports.
const ownDescription = source.OwnDescription

type deploymentBody struct {
	State        string `json:"state"`
	LogURL       string `json:"log_url,omitempty"`
	Description  string `json:"description"`
	AutoInactive bool   `json:"auto_inactive"` // false: a verdict must not end other deployments
}

var deploymentStates = map[notify.Verdict]string{notify.Healthy: "success", notify.Regressed: "failure"}

// putDeploymentStatus writes the verdict as the state of the deployment. Until there is one, the state is the deploy
// tool's.
func (g *Reporter) putDeploymentStatus(ctx context.Context, t target, r notify.Report, w *written) error {
	state, judged := deploymentStates[r.Verdict]
	if !judged {
		return nil
	}
	body := deploymentBody{State: state, LogURL: link(r), Description: notify.Truncate(ownDescription+description(r), maxDescription)}
	if w.Deployment != nil && *w.Deployment == body {
		return nil
	}
	there, err := g.hasDeploymentStatus(ctx, t, body)
	if err == nil && !there {
		err = g.api.Call(ctx, http.MethodPost, t.statuses(), body, nil)
	}
	if err != nil {
		return fmt.Errorf("deployment status: %w", err)
	}
	w.Deployment = &body
	return nil
}

func (t target) statuses() string {
	return fmt.Sprintf("%s/deployments/%d/statuses", t.repository, t.deployment)
}

// hasDeploymentStatus reports whether our newest status of the deployment says the same: it was written, and
// the answer was lost.
func (g *Reporter) hasDeploymentStatus(ctx context.Context, t target, body deploymentBody) (bool, error) {
	var newestFirst []deploymentBody
	if err := g.api.Call(ctx, http.MethodGet, t.statuses()+"?per_page=30", nil, &newestFirst); err != nil {
		return false, err
	}
	for _, s := range newestFirst {
		if strings.HasPrefix(s.Description, ownDescription) {
			return s.State == body.State && s.Description == body.Description, nil
		}
	}
	return false, nil
}
