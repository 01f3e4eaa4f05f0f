package gitlab

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
)

// Config is one GitLab source in pushback.yml. Environments maps GitLab's
// environment names to Pushback's.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // signing tokens (whsec_…) or secret tokens of the webhook; any one is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	changes.Scope `yaml:",inline"`

	Events      []string   `yaml:"events"`      // what is a change; by default deployment and feature_flag
	Pipelines   []Pipeline `yaml:"pipelines"`   // the pipelines that are deploys, for pipeline
	Environment string     `yaml:"environment"` // of flags and releases, which GitLab gives none; production by default

	TokenFile string                  `yaml:"token_file"` // a token with read_api; without it, GitLab is asked nothing
	APIURL    string                  `yaml:"api_url"`    // https://gitlab.com/api/v4 by default
	Projects  []string                `yaml:"projects"`   // group/name, whose lost deliveries are looked for
	HTTP      config.HTTPClientConfig `yaml:"http"`
}

// Pipeline is the pipelines of some branches and tags, which deploy.
type Pipeline struct {
	Ref         string `yaml:"ref" required:"true"` // a glob of branches and tags
	Environment string `yaml:"environment"`         // to which they deploy; production by default
}

// DefaultAPI is the API of gitlab.com.
const DefaultAPI = "https://gitlab.com/api/v4"

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

func (c Config) events() []string {
	if len(c.Events) == 0 {
		return []string{deploymentKind, flagKind}
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
	for _, event := range c.Events {
		note(!slices.Contains(kinds, event), "events: %q is none of %s", event, strings.Join(kinds, ", "))
	}
	pipelines := slices.Contains(c.Events, pipelineKind)
	note(pipelines && len(c.Pipelines) == 0, "pipelines is missing: name the refs whose pipelines are deploys, as in [{ref: main, environment: production}]")
	note(!pipelines && len(c.Pipelines) > 0, "pipelines needs pipeline under events")
	note(c.TokenFile == "" && c.APIURL != "", "api_url needs token_file")
	note(c.TokenFile == "" && len(c.Projects) > 0, "projects needs token_file: lost deliveries are looked for by API")
	for i, p := range c.Projects {
		note(!strings.Contains(strings.Trim(p, "/"), "/"), "projects[%d]: write group/name", i)
	}
	if err := sources.CheckEnvironment(c.Environment); err != nil {
		mistakes = append(mistakes, fmt.Errorf("environment %w", err))
	}
	for i, p := range c.Pipelines {
		mistakes = append(mistakes, p.check(fmt.Sprintf("pipelines[%d]", i)))
	}
	return errors.Join(mistakes...)
}

func (p Pipeline) check(at string) error {
	if _, err := path.Match(p.Ref, ""); err != nil || p.Ref == "" {
		return fmt.Errorf("%s.ref: write a glob of branches and tags", at)
	}
	if err := sources.CheckEnvironment(p.Environment); err != nil {
		return fmt.Errorf("%s.environment %w", at, err)
	}
	return nil
}

// api is GitLab's API; nil without a token.
func (c Config) api() (*ask.API, error) {
	if c.TokenFile == "" {
		return nil, nil
	}
	return ask.New(ask.Options{
		Tool: "GitLab", URL: cmp.Or(c.APIURL, DefaultAPI), TokenFile: c.TokenFile, Auth: "Private-Token", HTTP: c.HTTP,
	})
}
