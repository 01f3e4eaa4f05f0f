package server

import (
	"context"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
)

// Places reads what the pages of orders, holds, incidents and the audit show.
type Places interface {
	FindOrders(ctx context.Context, f store.OrderFilter) ([]rollback.Order, error)
	PastHolds(ctx context.Context, now, before time.Time, limit int) ([]store.Hold, error)
	OpenIncidents(ctx context.Context) ([]store.Incident, error)
	PastIncidents(ctx context.Context, before time.Time, limit int) ([]store.Incident, error)
	Incident(ctx context.Context, id string) (store.Incident, error)
	ChangesBetween(ctx context.Context, service, environment string, from, to time.Time, limit int) ([]store.Change, error)
	FindJournal(ctx context.Context, f store.JournalFilter) ([]store.FoundEntry, error)
	JournalChecks(ctx context.Context) (map[string]store.JournalCheck, error)
	Audit(ctx context.Context, from, to time.Time, each func(store.Entry) error) error
	PackedProfile(ctx context.Context, hash string) ([]byte, error)
	LastSent(ctx context.Context, receivers []string) (map[string]time.Time, error)
}
