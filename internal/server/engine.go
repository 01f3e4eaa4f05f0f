package server

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Engine is what the server may ask to be done. Approve and Reject answer
// with an error that wraps store.ErrNotFound where there is no such order, and
// store.ErrConflict where it has moved on.
type Engine interface {
	Accept(ctx context.Context, ev sources.Admitted, raw []byte) (store.Accepted, error)
	Approve(ctx context.Context, key, actor string) error
	Reject(ctx context.Context, key, actor, why string) error
	Admits(ctx context.Context, key, token string) error // wraps rollback.ErrLink where the link does not lead on
	Gatekeeper
}

// Gatekeeper answers deploy tools, and lets people stop them and say what was
// not the usual. Release, Clear and RemoveIncident answer with errors as
// Approve does.
type Gatekeeper interface {
	Gate(ctx context.Context, service, environment string, fixes []string) (rollback.Gate, error)
	Hold(ctx context.Context, h store.Hold) (held store.Hold, set bool, err error)
	Release(ctx context.Context, id, actor string) (store.Hold, error)
	Clear(ctx context.Context, key, actor, why string) error
	NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error)
	RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error)
}

// Store is what the server reads, by subject. It writes nothing itself.
type Store interface {
	Changes
	Watches
	Orders
	Told
}

// Changes finds changes.
type Changes interface {
	Changes(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	FindChanges(ctx context.Context, idOrKey string) ([]store.Change, error)
}

// Watches reads how a change was judged.
type Watches interface {
	OpenWatches(ctx context.Context) ([]watch.Watch, error)
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
	Records(ctx context.Context, watchID string) ([]store.Record, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
}

// Orders reads what was, or may be, rolled back.
type Orders interface {
	Order(ctx context.Context, key string) (rollback.Order, error)
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
	Incidents(ctx context.Context) ([]store.Incident, error)
}

// Told reads what was said and decided about a change.
type Told interface {
	OutgoingOf(ctx context.Context, changeKey string) ([]store.Outgoing, error)
	Journal(ctx context.Context, changeKey string) ([]store.Entry, error)
}
