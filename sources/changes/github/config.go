package github

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
)

// Config is one GitHub source in pushback.yml. Environments maps GitHub's
// environment names to Pushback's.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // the webhook's secret; any one is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	changes.Scope `yaml:",inline"`

	Events             []string   `yaml:"events"`              // the webhook's events that are changes; by default deployment and deployment_status
	Workflows          []Workflow `yaml:"workflows"`           // the workflows whose runs are deploys, for workflow_run
	ReleaseEnvironment string     `yaml:"release_environment"` // where a release is deployed; production by default

	TokenFile    string                  `yaml:"token_file"`   // a token with deployments: read; without it, GitHub is asked nothing
	APIURL       string                  `yaml:"api_url"`      // https://HOST/api/v3 for Enterprise; github.com by default
	Repositories []string                `yaml:"repositories"` // owner/name, whose lost deliveries are looked for
	HTTP         config.HTTPClientConfig `yaml:"http"`
}

// Workflow is a workflow that deploys.
type Workflow struct {
	Workflow    string   `yaml:"workflow" required:"true"` // its name, its file (deploy.yml) or its path (.github/workflows/deploy.yml)
	Environment string   `yaml:"environment"`              // to which it deploys; production by default
	Branches    []string `yaml:"branches"`                 // globs of the branches and tags whose runs count; by default all
}

// DefaultAPI is the API of github.com.
const DefaultAPI = "https://api.github.com"

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

func (c Config) events() []string {
	if len(c.Events) == 0 {
		return []string{deploymentMade, deploymentStatus}
	}
	return c.Events
}

// check returns all mistakes in the settings, joined.
func (c Config) check() error {
	mistakes := []error{c.Check()}
	note := func(wrong bool, format string, args ...any) {
		if wrong {
			mistakes = append(mistakes, fmt.Errorf(format, args...))
		}
	}
	all := []string{deploymentMade, deploymentStatus, workflowRun, release}
	for _, event := range c.Events {
		note(!slices.Contains(all, event), "events: %q is none of %s", event, strings.Join(all, ", "))
	}
	runs := slices.Contains(c.Events, workflowRun)
	note(runs && len(c.Workflows) == 0, "workflows is missing: name the workflows whose runs are deploys, as in [{workflow: deploy.yml, environment: production}]")
	note(!runs && len(c.Workflows) > 0, "workflows needs workflow_run under events")
	note(c.ReleaseEnvironment != "" && !slices.Contains(c.Events, release), "release_environment needs release under events")
	note(c.TokenFile == "" && c.APIURL != "", "api_url needs token_file")
	note(c.TokenFile == "" && len(c.Repositories) > 0, "repositories needs token_file: lost deliveries are looked for by API")
	for i, r := range c.Repositories {
		note(!isRepository(r), "repositories[%d]: write owner/name", i)
	}
	for i, w := range c.Workflows {
		mistakes = append(mistakes, w.check(fmt.Sprintf("workflows[%d]", i)))
	}
	return errors.Join(mistakes...)
}

func (w Workflow) check(at string) error {
	if w.Workflow == "" {
		return fmt.Errorf("%s.workflow is missing: write the workflow's name or file", at)
	}
	if err := sources.CheckEnvironment(w.Environment); err != nil {
		return fmt.Errorf("%s.environment %w", at, err)
	}
	for _, glob := range w.Branches {
		if _, err := path.Match(glob, ""); err != nil {
			return fmt.Errorf("%s.branches: %q is not a glob", at, glob)
		}
	}
	return nil
}

// isRepository says whether a text is owner/name, of the characters that GitHub allows.
func isRepository(text string) bool {
	owner, name, ok := strings.Cut(text, "/")
	plain := func(s string) bool {
		return s != "" && s != "." && s != ".." && !strings.ContainsFunc(s, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_.", r)
		})
	}
	return ok && plain(owner) && plain(name)
}

// api is GitHub's API; nil without a token.
func (c Config) api() (*ask.API, error) {
	if c.TokenFile == "" {
		return nil, nil
	}
	return ask.New(ask.Options{
		Tool: "GitHub", URL: cmp.Or(c.APIURL, DefaultAPI), TokenFile: c.TokenFile, Auth: "Authorization", Scheme: "Bearer ",
		Header: http.Header{"Accept": {"application/vnd.github+json"}, "X-Github-Api-Version": {"2022-11-28"}}, HTTP: c.HTTP,
	})
}
