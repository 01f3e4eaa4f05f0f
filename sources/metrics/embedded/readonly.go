package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"sync"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// openReadOnly opens the database in c.Dir as it is now. Another process may hold it
// open and go on writing: nothing is changed, and what is written later is not seen.
//
// The write-ahead log is read once, here. tsdb's own read-only database reads it again at
// every query, which a backtest would do thousands of times.
func openReadOnly(name string, c Config, log *slog.Logger) (*Store, error) {
	db, err := tsdb.OpenDBReadOnly(c.Dir, os.TempDir(), log)
	if err != nil {
		return nil, fmt.Errorf("dir: opening the database: %w", err)
	}
	all, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dir: reading the database: %w", err), db.Close())
	}
	registry := client.NewRegistry()
	return &Store{
		name: name, config: c, log: log, registry: registry, queryable: sharedQuerier{all, new(sync.Mutex)}, engine: c.engine(log, registry),
		close: func() error { return errors.Join(all.Close(), db.Close()) },
	}, nil
}

// sharedQuerier lends the one querier to one query at a time: it collects the
// chunks of a series in place while it reads them. The engine borrows one a
// query and closes it at the end.
type sharedQuerier struct {
	querier storage.Querier
	inUse   *sync.Mutex
}

// Querier ignores the bounds: the engine takes of a series what it asked for.
func (s sharedQuerier) Querier(_, _ int64) (storage.Querier, error) {
	s.inUse.Lock()
	return lockedQuerier{s.querier, s.inUse}, nil
}

// lockedQuerier goes back to the snapshot instead of being closed.
type lockedQuerier struct {
	storage.Querier
	inUse *sync.Mutex
}

// Close gives the querier back.
func (b lockedQuerier) Close() error {
	b.inUse.Unlock()
	return nil
}
