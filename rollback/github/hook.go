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
	// DefaultTimeout bounds a rollback where the configuration does not: a
	// workflow run takes minutes.
	DefaultTimeout = 15 * time.Minute
	// defaultURL is where GitHub's API is unless a server of one's own has it.
	defaultURL = "https://api.github.com"
	apiVersion = "2022-11-28"
)

// Config is a hook of kind github in pushback.yml.
type Config struct {
	Does        string                  `yaml:"does"`         // workflow, deployment or revert
	Repository  string                  `yaml:"repository"`   // owner/name; $service and the like as a whole part
	TokenFile   string                  `yaml:"token_file"`   // read anew for every call
	URL         string                  `yaml:"url"`          // of the API; "": https://api.github.com; https://<host>/api/v3 on a server of one's own
	Environment string                  `yaml:"environment"`  // what GitHub calls it; "": $environment
	Workflow    string                  `yaml:"workflow"`     // workflow: its file name or number
	Ref         string                  `yaml:"ref"`          // workflow: the branch it is taken from; "": main
	Inputs      map[string]string       `yaml:"inputs"`       // workflow: at most 25; placeholders as whole values
	Task        string                  `yaml:"task"`         // deployment; "": deploy
	Commit      string                  `yaml:"commit"`       // revert: the commit whose pull request is reverted; "": $version
	Merge       string                  `yaml:"merge"`        // revert: "" waits for a person; auto: when its checks pass; now
	MergeMethod string                  `yaml:"merge_method"` // revert: merge, squash or rebase; "": merge
	Timeout     time.Duration           `yaml:"timeout"`      // of the whole, the following included; 0: DefaultTimeout
	HTTP        config.HTTPClientConfig `yaml:"http"`         // TLS, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Idempotent is the kind's own nature, where the configuration does not say:
// a second dispatch is a second run, the other two roads find what is there.
func (c *Config) Idempotent() bool { return c.Does == "deployment" || c.Does == "revert" }

// road is one of the ways back.
type road interface {
	do(ctx context.Context, p rollback.Plan, l *call.Log) (status string, err error)
	dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error)
	verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error)
	preflight(ctx context.Context, r repository) []rollback.Check
}

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook goes one road. It is safe for concurrent use.
type Hook struct {
	config Config
	api    *call.API
	road   road
	now    func() time.Time
}

// New checks the configuration, the token included, and calls nobody.
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
		h.road = workflow{h}
	case "deployment":
		h.road = deployment{h}
	default:
		h.road = revert{h}
	}
	return h, nil
}

// Do goes the road once, and follows what it set going to its end.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	var log call.Log
	status, err := h.road.do(ctx, w.Plan(), &log)
	return log.Receipt(h.now(), status), err
}

// Resume follows a workflow's run to its end. The other roads find again what
// they have made when they are asked again.
func (h *Hook) Resume(ctx context.Context, p rollback.Plan, started rollback.Receipt) (rollback.Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	w, follows := h.road.(workflow)
	if !follows {
		return started, fmt.Errorf("%w: there is no run to follow", rollback.ErrOutcomeUnknown)
	}
	var log call.Log
	status, err := w.resume(ctx, p, started, &log)
	return log.Receipt(h.now(), status), err
}

// DryRun looks at the repository and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	return h.road.dryRun(ctx, p)
}

// Verify looks at what GitHub says of the environment; after a revert, at the
// pull request.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	return h.road.verify(ctx, p)
}

// Preflight looks whether the token is taken and the repository is as the
// road needs it. Without a plan and with a repository that follows the
// service, the token is all that can be looked at.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "put a token that is valid into token_file"
	if !p.Known() && !naming.Fixed(h.config.Repository) {
		err := h.api.Get(ctx, "/rate_limit", &struct{}{})
		return []rollback.Check{
			call.Reached("GitHub takes the token", err, hint),
			{What: "the repository", Skipped: "it follows from the change: " + h.config.Repository},
		}
	}
	r, err := h.repository(p)
	if err != nil {
		return []rollback.Check{call.Reached("the repository has a name", err, "see `repository`")}
	}
	var found repositoryAnswer
	err = h.api.Get(ctx, r.path(), &found)
	checks := []rollback.Check{call.Reached("repository "+r.String()+" can be read", err, hint+", with access to the repository")}
	if err != nil {
		return checks
	}
	return append(append(checks, found.writable()), h.road.preflight(ctx, r)...)
}

// repositoryAnswer is what is read of GET /repos/{owner}/{repo}.
type repositoryAnswer struct {
	Archived       bool  `json:"archived"`
	Disabled       bool  `json:"disabled"`
	AllowAutoMerge *bool `json:"allow_auto_merge"` // shown to those who may change it
	Permissions    *struct {
		Push bool `json:"push"`
	} `json:"permissions"`
}

func (r repositoryAnswer) writable() rollback.Check {
	c := rollback.Check{What: "the repository may be written to"}
	switch {
	case r.Archived || r.Disabled:
		c.Problem = "it is archived or disabled"
	case r.Permissions != nil && !r.Permissions.Push:
		c.Skipped = "GitHub says that the token's owner may only read it, as it does of the tokens of Apps, which may write all the same"
	}
	return c
}

// environment is what GitHub calls the change's environment.
func (h *Hook) environment(p rollback.Plan) (string, error) {
	return naming.Fill("environment", h.config.Environment, p)
}

// purpose says in one line what a plan is for, within GitHub's 140 characters
// of a description.
func purpose(p rollback.Plan) string {
	text := []rune(fmt.Sprintf("Pushback: %s %s back to %s", p.Change.Service, p.Change.Version, p.Target))
	return string(text[:min(len(text), 140)])
}
