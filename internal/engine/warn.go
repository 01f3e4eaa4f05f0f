package engine

import (
	"github.com/pushback/pushback/internal/planning"
	"github.com/pushback/pushback/sources"
)

// Warn says what may be mistyped in a stored change. It asks no metric store, and nothing
// before the rules in force are known.
func (e *Engine) Warn(c sources.Change) []planning.Warning {
	set, settled := e.rules.inForce()
	if !settled {
		return nil
	}
	return planning.Warn(set, c, e.catalogue.Configured(c.Service), e.catalogue.InMemory())
}

// Services are the services of the catalogue, as far as they are known without asking a
// metric store.
func (e *Engine) Services() []string { return e.catalogue.InMemory() }
