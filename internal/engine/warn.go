package engine

import (
	"github.com/pushback/pushback/internal/planning"
	"github.com/pushback/pushback/sources"
)

// Warn says what may be mistyped in a stored change, and in the event that reported it as its
// source sent it. It asks no metric store, and nothing before the rules in force are known.
func (e *Engine) Warn(ev sources.Event, c sources.Change) []planning.Warning {
	all := planning.WarnOfMapping(ev.Service, e.catalogue.Map(ev.Source, ev.Service))
	set, settled := e.rules.inForce()
	if !settled {
		return all
	}
	return append(all, planning.Warn(set, c, e.catalogue.Configured(c.Service), e.catalogue.InMemory())...)
}
