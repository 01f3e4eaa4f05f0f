package embedded

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"

	client "github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb"
)

// OpenReadOnly opens the database in c.Dir as it is at this moment, for a look
// into the past: another process may hold it open and go on writing. Nothing
// in it is changed, nothing written later is seen, and Run and Append fail.
//
// The write-ahead log is read once, here. tsdb's own read-only database reads
// it again at every query, which a backtest would do thousands of times.
func OpenReadOnly(name string, c Config, log *slog.Logger) (*Store, error) {
	c = c.withDefaults()
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("metric store %s: %w", name, err)
	}
	db, err := tsdb.OpenDBReadOnly(c.Dir, os.TempDir(), log)
	if err != nil {
		return nil, fmt.Errorf("metric store %s: opening the database: %w", name, err)
	}
	all, err := db.Querier(math.MinInt64, math.MaxInt64)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("metric store %s: reading the database: %w", name, err), db.Close())
	}
	registry := client.NewRegistry()
	return &Store{
		name: name, config: c, log: log, registry: registry, past: snapshot{unclosed{all}}, engine: c.engine(log, registry),
		close: func() error { return errors.Join(all.Close(), db.Close()) },
	}, nil
}

// snapshot gives the one querier to every query. A querier holds no state of
// its queries, so that many may use it at once; only the store closes it.
type snapshot struct{ all storage.Querier }

// Querier ignores the bounds: the engine takes of a series what it asked for.
func (s snapshot) Querier(_, _ int64) (storage.Querier, error) { return s.all, nil }

// unclosed stays open for the next query.
type unclosed struct{ storage.Querier }

// Close does nothing.
func (unclosed) Close() error { return nil }
