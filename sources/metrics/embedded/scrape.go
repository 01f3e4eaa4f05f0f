package embedded

import (
	"context"
	"fmt"

	httpconfig "github.com/prometheus/common/config"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/config"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	"github.com/prometheus/prometheus/scrape"
	"go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/outbound"
)

// Run scrapes the targets until ctx ends. It then writes staleness markers, so that
// the series end at once and not after Prometheus's lookback of five minutes.
func (s *Store) Run(ctx context.Context) error {
	if s.db == nil {
		return fmt.Errorf("metric store %s: scraping: the store is read-only", s.name)
	}
	settings, err := s.config.scraping()
	if err != nil {
		return fmt.Errorf("metric store %s: scrape settings: %w", s.name, err)
	}
	options := &scrape.Options{
		DiscoveryReloadOnStartup: true,
		HTTPClientOptions:        []httpconfig.HTTPClientOption{httpconfig.WithDialContextFunc(outbound.Dial)},
	}
	manager, err := scrape.NewManager(options, s.log, nil, s.db, nil, s.registry)
	if err != nil {
		return fmt.Errorf("metric store %s: %w", s.name, err)
	}
	defer manager.UnregisterMetrics()
	if err := manager.ApplyConfig(settings); err != nil {
		return fmt.Errorf("metric store %s: %w", s.name, err)
	}
	return s.scrape(ctx, manager)
}

// scrape runs the manager with the targets, which never change, until ctx ends.
func (s *Store) scrape(ctx context.Context, manager *scrape.Manager) error {
	targets := make(chan map[string][]*targetgroup.Group, 1)
	targets <- s.config.groups()
	done := make(chan error, 1)
	go func() { done <- manager.Run(targets) }()
	s.follow(ctx, manager)
	manager.Stop()
	if err := <-done; err != nil {
		return fmt.Errorf("metric store %s: scraping: %w", s.name, err)
	}
	return nil
}

// scraping returns Prometheus's configuration. It makes it from YAML, because only the
// YAML form is stable between releases and sets defaults.
func (c Config) scraping() (*config.Config, error) {
	type job struct {
		Name   string `yaml:"job_name"`
		Follow bool   `yaml:"follow_redirects"` // a target answers for itself
	}
	var file struct {
		Global struct {
			ScrapeInterval   string `yaml:"scrape_interval"`
			NativeHistograms bool   `yaml:"scrape_native_histograms"`
		} `yaml:"global"`
		Jobs []job `yaml:"scrape_configs"`
	}
	file.Global.ScrapeInterval = model.Duration(c.ScrapeInterval).String()
	file.Global.NativeHistograms = true
	for _, j := range c.Targets {
		file.Jobs = append(file.Jobs, job{Name: j.Job})
	}
	text, err := yaml.Marshal(file)
	if err != nil {
		return nil, err
	}
	return config.Load(string(text), nil)
}

// groups returns the targets in the form in which service discovery sends them.
func (c Config) groups() map[string][]*targetgroup.Group {
	all := make(map[string][]*targetgroup.Group, len(c.Targets))
	for _, j := range c.Targets {
		g := &targetgroup.Group{Source: j.Job, Labels: model.LabelSet{}}
		for name, value := range j.Labels {
			g.Labels[model.LabelName(name)] = model.LabelValue(value)
		}
		for _, address := range j.Targets {
			g.Targets = append(g.Targets, model.LabelSet{model.AddressLabel: model.LabelValue(address)})
		}
		all[j.Job] = []*targetgroup.Group{g}
	}
	return all
}
