package versions

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"time"
)

// Config is one source of kind versions in pushback.yml.
type Config struct {
	Metrics          string            `yaml:"metrics"`           // the metric store; by default the default one
	Query            string            `yaml:"query"`             // each series is one version of one service; its value: how many instances run it
	Service          string            `yaml:"service"`           // the label that names the service, as the catalogue or its patterns have it
	Version          string            `yaml:"version"`           // the label that names the version
	VersionPattern   string            `yaml:"version_pattern"`   // RE2 with the group version, for labels that hold more, such as an image
	Environment      string            `yaml:"environment"`       // of all series, where environment_label does not say
	EnvironmentLabel string            `yaml:"environment_label"` // the label that names the environment
	RegionLabel      string            `yaml:"region_label"`      // the label that names the region
	Environments     map[string]string `yaml:"environments"`      // the label's name → ours
	Every            time.Duration     `yaml:"every"`
	Quiet            time.Duration     `yaml:"quiet"`    // how long a version must be gone before that counts
	Within           time.Duration     `yaml:"within"`   // how long after a webhook its version must run; 0: nobody is told
	Services         []string          `yaml:"services"` // globs of the services whose changes it may report
}

// SetDefaults sets the labels of build_info, and times that suit a scrape interval of 15 seconds.
func (c *Config) SetDefaults() {
	c.Service, c.Version, c.Environment = "job", "version", "production"
	c.Every, c.Quiet, c.Within = 15*time.Second, time.Minute, 20*time.Minute
}

// config is a checked Config.
type config struct {
	Config
	pattern *regexp.Regexp // nil: the label is the version
}

func (c Config) check() (config, error) {
	var all []error
	wrong := func(format string, args ...any) { all = append(all, fmt.Errorf(format, args...)) }
	if c.Query == "" {
		wrong("query is missing: write one such as count by (job, version) (build_info)")
	}
	if c.Service == "" || c.Version == "" || c.Service == c.Version {
		wrong("service and version must be two labels of the query's result")
	}
	if c.Every < time.Second || c.Every > 10*time.Minute {
		wrong("every: %s is not between 1s and 10m", c.Every)
	}
	if c.Quiet < 2*c.Every {
		wrong("quiet: %s is shorter than twice every, so that one failed scrape would count", c.Quiet)
	}
	if c.Within < 0 || c.Within > 0 && c.Within < c.Quiet || c.Within > 24*time.Hour {
		wrong("within: %s is not between quiet and 24h; 0 tells nobody", c.Within)
	}
	for _, glob := range c.Services {
		if _, err := path.Match(glob, ""); err != nil {
			wrong("services: %q is not a glob", glob)
		}
	}
	pattern, err := versionPattern(c.VersionPattern)
	return config{c, pattern}, errors.Join(append(all, err)...)
}

func versionPattern(text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	if _, err := regexp.Compile(text); err != nil || len(text) > 1000 {
		return nil, errors.Join(errors.New("version_pattern: this is no regular expression of RE2 of at most 1000 bytes"), err)
	}
	pattern, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err == nil && pattern.SubexpIndex("version") < 0 {
		err = errors.New("version_pattern: name the part that is the version, as in .*:(?<version>.+)")
	}
	return pattern, err
}
