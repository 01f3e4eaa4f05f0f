// Package protection is what the tools have in common that hold deployments and merge requests back: which environment
// waits for which, and how long.
package protection

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// The bounds of wait_at_most. GitHub fails a deployment that has no answer after thirty days; the others follow.
const (
	leastWait = time.Minute
	mostWait  = 29 * 24 * time.Hour
)

// Settings are keys of a report in pushback.yml. The zero Settings hold nothing back.
type Settings struct {
	Protection map[string]string `yaml:"protection"`   // {production: staging}: what goes to production waits for the verdict in staging
	WaitAtMost time.Duration     `yaml:"wait_at_most"` // after which it is rejected; 2h by default
}

// Defaults hold nothing back.
func Defaults() Settings { return Settings{WaitAtMost: 2 * time.Hour} }

// Any reports whether anything is held back.
func (s Settings) Any() bool { return len(s.Protection) > 0 }

// Check returns all mistakes, joined. what is that which the keys of protection name: "an environment".
func (s Settings) Check(what string) error {
	var mistakes []error
	for _, held := range slices.Sorted(maps.Keys(s.Protection)) {
		before := s.Protection[held]
		if held == "" || before == "" || held == before {
			mistakes = append(mistakes, fmt.Errorf("protection: write %s and the environment before it, as in {production: staging}", what))
			continue
		}
		for _, e := range []string{held, before} {
			if err := sources.CheckEnvironment(e); err != nil {
				mistakes = append(mistakes, fmt.Errorf("protection: %q %w", e, err))
			}
		}
	}
	if s.Any() && (s.WaitAtMost < leastWait || s.WaitAtMost > mostWait) {
		mistakes = append(mistakes, errors.New("wait_at_most must be from 1m to 696h"))
	}
	return errors.Join(mistakes...)
}
