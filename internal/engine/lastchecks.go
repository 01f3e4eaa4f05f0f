package engine

import (
	"errors"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/lastcheck"
	"github.com/pushback/pushback/rollback"
)

// lastChecks is how hooks and receivers did when they were last asked or used.
type lastChecks struct{ hooks, receivers lastcheck.Book }

// noteHook remembers a preflight. A hook that cannot be asked, or of which nothing could be checked, is not known to work.
func (l *lastChecks) noteHook(name string, h Hook, checks []rollback.Check, at time.Time) {
	if _, can := h.Hook.(rollback.Preflighter); !can {
		l.hooks.NoteUnknown(name, at, "hooks of this kind cannot be asked without acting")
		return
	}
	var skipped []string
	for _, c := range checks {
		if c.Skipped != "" {
			skipped = append(skipped, c.What+": "+c.Skipped)
		}
	}
	switch why := problemsOf(checks); {
	case why != "":
		l.hooks.Note(name, at, errors.New(why))
	case len(skipped) > 0 && len(skipped) == len(checks):
		l.hooks.NoteUnknown(name, at, "not checked: "+strings.Join(skipped, "; "))
	default:
		l.hooks.Note(name, at, nil)
	}
}

// Checks are how everything that the engine talks to did when it was last asked or used, by name.
type Checks struct {
	Hooks, Metrics, Receivers, Reports map[string]lastcheck.Check
}

// Checks asks nobody.
func (e *Engine) Checks() Checks {
	return Checks{Hooks: e.checks.hooks.All(), Metrics: e.outages.Checks(), Receivers: e.checks.receivers.All(), Reports: e.reports.Checks()}
}
