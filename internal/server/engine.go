package server

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/gate"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// Engine does what requests ask for. The errors of Approve and Reject wrap
// store.ErrNotFound if there is no such order, and store.ErrConflict if it is decided
// already.
type Engine interface {
	Accept(ctx context.Context, ev sources.Admitted, raw []byte) (store.Accepted, error)
	Approve(ctx context.Context, key, actor, why string) error
	Reject(ctx context.Context, key, actor, why string) error
	CheckLink(ctx context.Context, key, token string) error // wraps rollback.ErrInvalidLink if the token is not valid
	Gatekeeper
}

// Gatekeeper answers deploy tools that ask whether to deploy, and sets and ends
// holds and incidents. The errors of Release, Clear, Propose, RemoveIncident and EndIncident wrap the same
// as those of Approve.
type Gatekeeper interface {
	Gate(ctx context.Context, service, environment string, fixes []string) (rollback.Gate, error)
	Hold(ctx context.Context, h store.Hold) (held store.Hold, set bool, err error)
	Release(ctx context.Context, id, actor string) (store.Hold, error)
	Clear(ctx context.Context, key, actor, why string) error
	Propose(ctx context.Context, key, actor, why string) (gate.Proposal, error)
	NoteIncident(ctx context.Context, i store.Incident) (store.Incident, error)
	RemoveIncident(ctx context.Context, id, actor string) (store.Incident, error)
	EndIncident(ctx context.Context, id, actor string, end time.Time) (store.Incident, error)
}

// Store is what the server reads of the store. The server writes nothing itself but
// sessions and named tokens.
type Store interface {
	Changes
	Watches
	Orders
	History
	Sessions
	NamedTokens
	Replicas(ctx context.Context) ([]store.Replica, error)
	OpenProtections(ctx context.Context) ([]store.Protection, error)
	Sizes(ctx context.Context) (store.Sizes, error)
	Places
}

// Changes reads changes.
type Changes interface {
	Changes(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	SearchChanges(ctx context.Context, f store.ChangeFilter) (store.Found, error)
	MarksSince(ctx context.Context, since time.Time, limit int) ([]store.Mark, error)
	ChangedServices(ctx context.Context, limit int) ([]string, error)
	ChangedEnvironments(ctx context.Context, limit int) ([]string, error)
	OpenChanges(ctx context.Context, f store.ChangeFilter) ([]store.Change, error)
	FindChanges(ctx context.Context, reference string) ([]store.Change, error)
	ChangesOfVersion(ctx context.Context, f store.VersionFilter) ([]store.Change, error)
	FindByKey(ctx context.Context, reference string) ([]store.Change, error) // finds nothing by a tool's words
}

// Watches reads the watches of a change and their looks.
type Watches interface {
	CountOpenWatches(ctx context.Context) (int, error)
	Shared() bool
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
	WatchesOfEach(ctx context.Context, changeKeys []string) (map[string][]watch.Watch, error)
	Records(ctx context.Context, watchID string) ([]store.Record, error)
	LastRecord(ctx context.Context, watchID string) (store.Record, error)
}

// Orders reads orders, holds and incidents.
type Orders interface {
	Order(ctx context.Context, key string) (rollback.Order, error)
	OrderStates(ctx context.Context, keys []string) (map[string]rollback.State, error)
	Orders(ctx context.Context, states []rollback.State, limit int) ([]rollback.Order, error)
	Holds(ctx context.Context, now time.Time) ([]store.Hold, error)
	Incidents(ctx context.Context) ([]store.Incident, error)
}

// History reads the messages and the journal of a change.
type History interface {
	OutgoingOf(ctx context.Context, changeKey string) ([]store.Outgoing, error)
	Journal(ctx context.Context, changeKey string) ([]store.Entry, error)
}
