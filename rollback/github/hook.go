package github

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

const (
	// DefaultTimeout bounds a rollback where the configuration does not. A workflow run
	// takes minutes.
	DefaultTimeout = 15 * time.Minute
	// defaultURL is the API of github.com.
	defaultURL = "https://api.github.com"
	apiVersion = "2022-11-28"
)

// Config is a hook of kind github in pushback.yml.
type Config struct {
	Does        string                  `yaml:"does"`         // workflow, deployment or revert
	Repository  string                  `yaml:"repository"`   // owner/name; each part may be a placeholder such as $service
	TokenFile   string                  `yaml:"token_file"`   // read before every call
	URL         string                  `yaml:"url"`          // of the API; "": https://api.github.com; https://<host>/api/v3 on an Enterprise Server
	Environment string                  `yaml:"environment"`  // the environment in GitHub; "": $environment
	Workflow    string                  `yaml:"workflow"`     // workflow: its file name or number
	Ref         string                  `yaml:"ref"`          // workflow: the branch whose workflow runs; "": main
	Inputs      map[string]string       `yaml:"inputs"`       // workflow: at most 25; a whole value may be a placeholder
	Task        string                  `yaml:"task"`         // deployment; "": deploy
	Commit      string                  `yaml:"commit"`       // revert: the commit whose pull request is reverted; "": $version
	Merge       string                  `yaml:"merge"`        // revert: "": a person merges; auto: merged when its checks pass; now: merged at once
	MergeMethod string                  `yaml:"merge_method"` // revert: merge, squash or rebase; "": merge
	Timeout     time.Duration           `yaml:"timeout"`      // of the whole rollback, until what was started has ended; 0: DefaultTimeout
	HTTP        config.HTTPClientConfig `yaml:"http"`         // TLS, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Idempotent is false for a workflow, because a second dispatch is a second run. The
// other two ways find what an earlier call has created.
func (c *Config) Idempotent() bool { return c.Does == "deployment" || c.Does == "revert" }

// strategy is one of the three ways to roll back.
type strategy interface {
	do(ctx context.Context, p rollback.Plan, l *call.Log) (status string, err error)
	dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error)
	verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error)
	preflight(ctx context.Context, r repository) []rollback.Check
}

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls back in one of the three ways. It is safe for concurrent use.
type Hook struct {
	config   Config
	api      *call.API
	strategy strategy
	now      func() time.Time
}

// New checks the configuration and reads the token file. It sends no request.
func New(c Config) (*Hook, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, err
	}
	api, err := call.New(call.Options{
		Name: "GitHub", URL: c.URL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP,
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {apiVersion}},
	})
	if err != nil {
		return nil, err
	}
	h := &Hook{config: c, api: api, now: time.Now}
	switch c.Does {
	case "workflow":
		h.strategy = workflow{h}
	case "deployment":
		h.strategy = deployment{h}
	default:
		h.strategy = revert{h}
	}
	return h, nil
}

// Do rolls back once, and follows what it started until that ends.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	var log call.Log
	status, err := h.strategy.do(ctx, w.Plan(), &log)
	return log.Receipt(h.now(), status), err
}

// Resume follows the run of a workflow until it ends. The other two ways have nothing to
// resume: calling Do again finds what they have created.
func (h *Hook) Resume(ctx context.Context, p rollback.Plan, started rollback.Receipt) (rollback.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	w, follows := h.strategy.(workflow)
	if !follows {
		return started, fmt.Errorf("%w: there is no run to follow", rollback.ErrOutcomeUnknown)
	}
	var log call.Log
	status, err := w.resume(ctx, p, started, &log)
	return log.Receipt(h.now(), status), err
}

// DryRun reads the repository and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	return h.strategy.dryRun(ctx, p)
}

// Verify reads the newest deployments to the environment, or for a revert the pull
// request.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	return h.strategy.verify(ctx, p)
}

// Preflight checks that GitHub accepts the token and that the repository allows the
// rollback. Without a plan it checks only the token if the repository depends on the
// change.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "token_file must hold a valid token"
	if !p.Known() && !naming.IsFixed(h.config.Repository) {
		err := h.api.Get(ctx, "/rate_limit", &struct{}{})
		return []rollback.Check{
			call.ReachCheck("GitHub accepts the token", err, hint),
			{What: "the repository", Skipped: "the repository depends on the change: " + h.config.Repository},
		}
	}
	r, err := h.repository(p)
	if err != nil {
		return []rollback.Check{call.ReachCheck("the repository has a valid name", err, "correct `repository`")}
	}
	var found repositoryAnswer
	err = h.api.Get(ctx, r.path(), &found)
	checks := []rollback.Check{call.ReachCheck("repository "+r.String()+" can be read", err, hint+" with access to the repository")}
	if err != nil {
		return checks
	}
	return append(append(checks, found.checkWritable()), h.strategy.preflight(ctx, r)...)
}

// repositoryAnswer holds the fields that are read from GET /repos/{owner}/{repo}.
type repositoryAnswer struct {
	Archived       bool  `json:"archived"`
	Disabled       bool  `json:"disabled"`
	AllowAutoMerge *bool `json:"allow_auto_merge"` // only shown to those who may change it
	Permissions    *struct {
		Push bool `json:"push"`
	} `json:"permissions"`
}

func (r repositoryAnswer) checkWritable() rollback.Check {
	c := rollback.Check{What: "the repository may be written to"}
	switch {
	case r.Archived || r.Disabled:
		c.Problem, c.Hint = "the repository is archived or disabled", "unarchive it, or set `repository` to another one"
	case r.Permissions != nil && !r.Permissions.Push:
		c.Skipped = "GitHub reports that the token's owner may only read it; for the token of an App it reports that even if the App may write"
	}
	return c
}

// environment is the name of the change's environment in GitHub.
func (h *Hook) environment(p rollback.Plan) (string, error) {
	return naming.Fill("environment", h.config.Environment, p)
}

// describeRollback describes a plan in one line of at most 140 characters, which is
// GitHub's limit for a description.
func describeRollback(p rollback.Plan) string {
	text := []rune(fmt.Sprintf("Pushback: %s %s back to %s", p.Change.Service, p.Change.Version, p.Target))
	return string(text[:min(len(text), 140)])
}
