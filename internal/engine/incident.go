package engine

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// NoteIncident keeps a stretch out of what profiles are learned from, in a
// person's name, and has those that cover it learned anew.
func (e *Engine) NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error) {
	i.Service, i.At = e.catalogue.Canonical(i.Service), e.Now()
	noted, err := e.Store.NoteIncident(ctx, i)
	if err == nil {
		e.profiles.incidentsChanged()
	}
	return noted, err
}

// RemoveIncident takes an incident back. store.ErrNotFound: none of that id
// counts.
func (e *Engine) RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error) {
	i, err := e.Store.RemoveIncident(ctx, id, actor, e.Now())
	if err == nil {
		e.profiles.incidentsChanged()
	}
	return i, err
}

// incidentsChanged has every rule looked through for profiles that are
// outdated; the others stay.
func (k *profileKeeper) incidentsChanged() {
	k.mu.Lock()
	clear(k.taught)
	k.mu.Unlock()
	k.rulesEdited()
}

// outdated says whether an incident that a lesson's history reaches was noted,
// or taken back, after something was learned from it.
func (k *profileKeeper) outdated(ctx context.Context, l lesson, learned time.Time) (bool, error) {
	changed, err := k.engine.Store.IncidentsChanged(ctx, l.service, l.environment, l.end.Add(-l.span), l.end)
	return learned.Before(changed), err
}
