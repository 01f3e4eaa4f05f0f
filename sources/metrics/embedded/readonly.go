package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"sync"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// openReadOnly opens the database in c.Dir as it is now. Another process may have it
// open and write to it; what it writes later is not read.
//
// openReadOnly reads the write-ahead log once. tsdb's own read-only database reads it
// again at every query, and a backtest makes thousands of queries.
func openReadOnly(name string, c Config, log *slog.Logger) (*Store, error) {
	db, err := tsdb.OpenDBReadOnly(c.Dir, os.TempDir(), log)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dir: there is no database yet, because pushback serve creates it: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("dir: cannot open the database: %w", err)
	}
	querier, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("dir: cannot read the database: %w", err), db.Close())
	}
	registry := client.NewRegistry()
	return &Store{
		name: name, config: c, log: log, registry: registry, queryable: sharedQuerier{querier, new(sync.Mutex)}, engine: c.engine(log, registry),
		close: func() error { return errors.Join(querier.Close(), db.Close()) },
	}, nil
}

// sharedQuerier lets one query at a time use the one querier, which cannot serve two:
// it changes its own state while it reads the chunks of a series.
type sharedQuerier struct {
	querier storage.Querier
	inUse   *sync.Mutex
}

// Querier waits until no other query uses the querier. It ignores the bounds, because
// the engine selects samples by time itself.
func (s sharedQuerier) Querier(_, _ int64) (storage.Querier, error) {
	s.inUse.Lock()
	return lockedQuerier{s.querier, s.inUse}, nil
}

// lockedQuerier is the shared querier during one query. Close does not close it.
type lockedQuerier struct {
	storage.Querier
	inUse *sync.Mutex
}

// Close lets the next query use the querier.
func (q lockedQuerier) Close() error {
	q.inUse.Unlock()
	return nil
}
