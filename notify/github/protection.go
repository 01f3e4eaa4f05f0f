package github

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/sources/changes"
)

// runPath is a run of a workflow in a callback address, behind api_url. It leads into the path of a URL.
var runPath = regexp.MustCompile(`^(/repos/([A-Za-z0-9][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})/actions/runs/[1-9][0-9]{0,17})/deployment_protection_rule$`)

// Waits says which environment a deployment waits for. The address is called only in the one form that GitHub
// documents, at api_url and for the repository of the delivery: it comes from outside, and the token goes there.
func (g *Reporter) Waits(q changes.Question) (notify.Wait, error) {
	before, held := g.config.Protection[q.Environment]
	if !held {
		return notify.Wait{}, changes.Ignored("no report holds deployments to this environment back: see protection in docs/reports.md. GitHub goes on waiting")
	}
	path, found := strings.CutPrefix(q.Callback, strings.TrimRight(g.config.APIURL, "/"))
	m := runPath.FindStringSubmatch(path)
	if !found || m == nil {
		return notify.Wait{}, changes.Bad("deployment_callback_url is not /repos/OWNER/NAME/actions/runs/ID/deployment_protection_rule below the api_url of the report")
	}
	if !strings.EqualFold(m[2], q.Repository) {
		return notify.Wait{}, changes.Bad("deployment_callback_url is of another repository than repository.full_name")
	}
	return notify.Wait{ID: m[1] + "/" + q.Deployment, Place: m[1], ToolsWord: q.ToolsWord, Environment: before, AtMost: g.config.WaitAtMost}, nil
}

type answerBody struct {
	Environment string `json:"environment_name"`
	State       string `json:"state"`
	Comment     string `json:"comment"`
}

// Answer reviews the deployment. GitHub refuses a second review of the same one with 422, as it does where somebody
// has passed the rule over.
//
// See docs.github.com/en/rest/actions/workflow-runs#review-custom-deployment-protection-rules-for-a-workflow-run.
func (g *Reporter) Answer(ctx context.Context, w notify.Wait, a notify.Answer) error {
	body := answerBody{w.ToolsWord, "rejected", comment.Answer(a)}
	if a.Approved {
		body.State = "approved"
	}
	err := g.api.Call(ctx, http.MethodPost, w.Place+"/deployment_protection_rule", body, nil)
	switch {
	case err == nil:
		return nil
	case delivery.StatusOf(err) == http.StatusUnprocessableEntity:
		return fmt.Errorf("%w: %w", notify.ErrAnswered, err)
	}
	return fmt.Errorf("answer to a held deployment: %w", err)
}
