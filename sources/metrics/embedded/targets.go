package embedded

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/prometheus/scrape"
)

// targets is which targets could not be scraped when they were tried last.
type targets struct {
	mu      sync.Mutex
	all     int
	failing map[string]string // the target's URL → why
}

// Failing returns how many of how many targets could not be scraped when they were tried
// last, and one of them with the reason.
func (s *Store) Failing() (failing, all int, example string) {
	s.targets.mu.Lock()
	defer s.targets.mu.Unlock()
	if urls := slices.Sorted(maps.Keys(s.targets.failing)); len(urls) > 0 {
		example = fmt.Sprintf("%s: %s", urls[0], s.targets.failing[urls[0]])
	}
	return len(s.targets.failing), s.targets.all, example
}

// follow learns once a scrape interval how the targets do, until ctx ends.
func (s *Store) follow(ctx context.Context, manager *scrape.Manager) {
	t := time.NewTicker(s.config.ScrapeInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			s.targets.learn(manager.TargetsActive(), s.log)
		}
	}
}

// learn takes in how the targets do, and logs which have failed or recovered since.
func (t *targets) learn(jobs map[string][]*scrape.Target, log *slog.Logger) {
	all, failing := 0, map[string]string{}
	for _, targets := range jobs {
		all += len(targets)
		for _, target := range targets {
			if err := target.LastError(); target.Health() == scrape.HealthBad && err != nil {
				failing[target.URL().Redacted()] = err.Error()
			}
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, url := range slices.Sorted(maps.Keys(failing)) {
		if _, failed := t.failing[url]; !failed {
			log.Warn("cannot scrape a target; what it would show is missing", "target", url, "error", failing[url])
		}
	}
	for _, url := range slices.Sorted(maps.Keys(t.failing)) {
		if _, fails := failing[url]; !fails {
			log.Info("a target is scraped again", "target", url)
		}
	}
	t.all, t.failing = all, failing
}
