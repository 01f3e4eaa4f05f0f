package engine

import (
	"context"

	"github.com/pushback/pushback/internal/store"
)

// NoteIncident keeps a stretch out of what profiles are learned from, in a
// person's name, and has those that cover it learned anew.
func (e *Engine) NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error) {
	i.Service, i.At = e.catalogue.Canonical(i.Service), e.Now()
	noted, err := e.Store.NoteIncident(ctx, i)
	if err == nil {
		e.profiles.IncidentsChanged()
	}
	return noted, err
}

// RemoveIncident takes an incident back. store.ErrNotFound: none of that id
// counts.
func (e *Engine) RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error) {
	i, err := e.Store.RemoveIncident(ctx, id, actor, e.Now())
	if err == nil {
		e.profiles.IncidentsChanged()
	}
	return i, err
}
