// Package github writes the verdict on a deployment back to GitHub: a status or check run on the commit, a status
// of the deployment, and one comment on the pull request that brought the commit, updated in place.
//
//	verdict          commit status   check run    deployment status
//	watching         pending         in_progress  none
//	healthy          success         success      success
//	regressed        failure         failure      failure
//	inconclusive     success         neutral      none
//	superseded       success         neutral      none
//	blind            error           neutral      none
//
// A commit status knows no neutral, and what was not found to be bad must not block: its words say that nothing
// was judged. Who needs the difference takes a check run, which only an app's token may write.
//
// GitHub has no idempotency keys. A commit status is replaced by the newest of the same context. The others are
// looked for before they are made: a check run by its external_id, a deployment status by its words, the comment by
// the marker it begins with.
//
// It also answers GitHub where that holds a deployment back until the environment before is known to be well
// (protection.go).
//
// See https://docs.github.com/en/rest/commits/statuses, /rest/checks/runs, /rest/deployments/statuses,
// /rest/commits/commits#list-pull-requests-associated-with-a-commit and /rest/issues/comments.
package github

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/notify/internal/protection"
)

// The values of Config.Check.
const (
	CommitStatus = "status"
	CheckRun     = "run"
	NoCheck      = "none"
)

// Config is a report of kind github in pushback.yml.
type Config struct {
	APIURL           string                  `yaml:"api_url"`           // https://api.github.com, or https://HOST/api/v3 of an Enterprise server
	TokenFile        string                  `yaml:"token_file"`        // a token that may write commit statuses (or checks), deployments and pull requests
	Check            string                  `yaml:"check"`             // on the commit: status, run (needs the token of an app) or none
	DeploymentStatus bool                    `yaml:"deployment_status"` // success or failure on the deployment
	Comment          bool                    `yaml:"comment"`           // on the pull request
	Plot             bool                    `yaml:"plot"`              // a picture in the comment, which GitHub fetches
	HTTP             config.HTTPClientConfig `yaml:"http"`

	protection.Settings `yaml:",inline"` // of deployments, by environment
}

// SetDefaults writes everything that every token may write, and holds nothing back.
func (c *Config) SetDefaults() {
	c.Settings = protection.Defaults()
	c.APIURL, c.Check, c.DeploymentStatus, c.Comment, c.Plot = "https://api.github.com", CommitStatus, true, true, true
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Reporter writes to one GitHub. It is safe for concurrent use.
type Reporter struct {
	config Config
	api    *delivery.API
}

// New checks the settings, the token file included. It calls nobody.
func New(c Config) (*Reporter, error) {
	switch c.Check {
	case CommitStatus, CheckRun, NoCheck:
	default:
		return nil, errors.New("check is none of status, run, none")
	}
	if c.Check == NoCheck && !c.DeploymentStatus && !c.Comment && !c.Any() {
		return nil, errors.New("check is none, deployment_status and comment are false, and there is no protection: nothing would be written")
	}
	if err := c.Settings.Check("an environment"); err != nil {
		return nil, err
	}
	if err := outbound.CheckURL(c.APIURL); err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	api, err := delivery.NewAPI(delivery.APIOptions{
		Tool: "GitHub", URL: c.APIURL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP,
		Fixed: http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}},
	})
	if err != nil {
		return nil, err
	}
	return &Reporter{c, api}, nil
}

// written is what is on GitHub already.
type written struct {
	Status     *statusBody     `json:"status,omitempty"`
	CheckRun   int64           `json:"check_run,omitempty"`
	Deployment *deploymentBody `json:"deployment,omitempty"`
	Pull       int64           `json:"pull,omitempty"`
	Comment    int64           `json:"comment,omitempty"`
}

// Report writes every part that the settings want.
func (g *Reporter) Report(ctx context.Context, r notify.Report, remote string) (string, error) {
	var w written
	_ = json.Unmarshal([]byte(remote), &w) // nothing, or nothing readable: what is there is looked for
	t, ok := targetOf(r)
	if !ok {
		return remote, nil
	}
	var errs []error
	for _, part := range g.parts(t) {
		errs = append(errs, part(ctx, t, r, &w))
	}
	now, err := json.Marshal(w)
	return string(now), delivery.Join(append(errs, err)...)
}

type part func(ctx context.Context, t target, r notify.Report, w *written) error

// parts are what is written about a target. A release has a tag and no commit.
func (g *Reporter) parts(t target) (all []part) {
	if t.sha != "" {
		switch g.config.Check {
		case CommitStatus:
			all = append(all, g.putStatus)
		case CheckRun:
			all = append(all, g.putCheckRun)
		}
	}
	if t.deployment != 0 && g.config.DeploymentStatus {
		all = append(all, g.putDeploymentStatus)
	}
	if t.sha != "" && g.config.Comment {
		all = append(all, g.putComment)
	}
	return all
}

// target is what a change is on GitHub.
type target struct {
	repository string // /repos/OWNER/NAME
	deployment int64  // 0: none
	sha        string // "": none is known
}

var (
	// changeID is what sources/changes/github names a change: github:OWNER/NAME/ID of a deployment,
	// github:OWNER/NAME/runs/ID/ATTEMPT, github:OWNER/NAME/releases/ID. It leads into the path of a URL.
	changeID = regexp.MustCompile(`^github:([A-Za-z0-9][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99})/(?:([0-9]{1,18})|runs/[0-9/]{1,40}|releases/[0-9]{1,18})$`)
	commit   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// targetOf finds the change on GitHub. A deployment goes before a run of a workflow that is the same change.
func targetOf(r notify.Report) (t target, found bool) {
	for _, w := range r.Witnesses {
		m := changeID.FindStringSubmatch(w.ChangeID)
		if m == nil || found && m[2] == "" {
			continue
		}
		id, _ := strconv.ParseInt(m[2], 10, 64)
		t, found = target{repository: "/repos/" + m[1], deployment: id}, true
		if id != 0 {
			break
		}
	}
	if commit.MatchString(r.Version) {
		t.sha = r.Version
	}
	return t, found
}
