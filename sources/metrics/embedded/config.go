package embedded

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"time"
)

// Config is one store in pushback.yml.
type Config struct {
	Dir            string        `yaml:"dir"`             // the folder of the database; default tsdb in the data folder
	ScrapeInterval time.Duration `yaml:"scrape_interval"` // default 15s
	Retention      time.Duration `yaml:"retention"`       // default 15 days
	Timeout        time.Duration `yaml:"timeout"`         // of one query; default 30s
	Targets        []Job         `yaml:"targets"`
}

// Job is a set of targets that serve the same thing.
type Job struct {
	Job     string            `yaml:"job"`     // becomes the label job
	Targets []string          `yaml:"targets"` // host:port, scraped at /metrics
	Labels  map[string]string `yaml:"labels"`  // added to every series
}

// SetDirectory resolves a relative Dir against dir.
func (c *Config) SetDirectory(dir string) {
	if c.Dir != "" && !filepath.IsAbs(c.Dir) {
		c.Dir = filepath.Join(dir, c.Dir)
	}
}

// SetData sets the default of Dir: the folder tsdb in data.
func (c *Config) SetData(data string) { c.Dir = cmp.Or(c.Dir, filepath.Join(data, "tsdb")) }

func (c Config) withDefaults() Config {
	c.ScrapeInterval = cmp.Or(c.ScrapeInterval, 15*time.Second)
	c.Retention = cmp.Or(c.Retention, 15*24*time.Hour)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	return c
}

func (c Config) check() error {
	if c.Dir == "" {
		return errors.New("dir is missing")
	}
	if c.ScrapeInterval < time.Second/10 || c.Retention < time.Hour || c.Timeout < 0 {
		return errors.New("scrape_interval must be at least 100ms, retention at least 1h, and timeout not negative")
	}
	known := map[string]bool{}
	for _, j := range c.Targets {
		if j.Job == "" || len(j.Targets) == 0 {
			return errors.New("targets: every entry needs a job and at least one of targets")
		}
		if known[j.Job] {
			return fmt.Errorf("targets: two entries have the job %q; give each its own", j.Job)
		}
		known[j.Job] = true
	}
	return nil
}
