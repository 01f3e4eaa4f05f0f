package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/backtest"
	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/metrics"
)

// past holds what a backtest has opened. Everything is opened read-only, because a
// daemon may be running on the same files.
type past struct {
	options   backtest.Options
	canonical func(service string) string // the catalogue's name of a service that a tool may call otherwise
	names     func(ctx context.Context, now time.Time) ([]string, error)
	aside     []backtest.Moment // changes that are not replayed, and that placebos keep away from
	closers   []io.Closer
}

// openPast opens the metric stores that the rules and the catalogue read.
func openPast(ctx context.Context, c config.Config, set *rules.Set) (*past, error) {
	p := &past{options: backtest.Options{
		Rules: set, Stores: map[string]gather.Ranger{}, Default: c.DefaultMetrics, Now: time.Now(),
	}}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	stores, mistakes := daemon.Adapters().MetricStores(c, storesOf(c, set), metrics.ReadOnly, log)
	if len(mistakes) > 0 {
		return nil, wrongConfig(mistakes)
	}
	for name, s := range stores {
		p.closers = append(p.closers, s)
		p.options.Stores[name] = s
	}
	var discovery catalogue.Querier // nil where nothing is discovered
	if s, ok := stores[c.DefaultMetrics]; ok {
		discovery = s
	}
	known := catalogue.New(daemon.CatalogueConfig(c.Services), discovery)
	p.options.Service, p.canonical, p.names = known.Service, known.Canonical, known.Names
	return p, nil
}

// storesOf names the metric stores to open, each once.
func storesOf(c config.Config, set *rules.Set) []string {
	var all []string
	if c.Services.Discover != "" {
		all = append(all, c.DefaultMetrics)
	}
	for _, r := range set.Rules() {
		if name := cmp.Or(r.Store, c.DefaultMetrics); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

func (p *past) close() error {
	var errs []error
	for _, c := range slices.Backward(p.closers) {
		errs = append(errs, c.Close())
	}
	return errors.Join(errs...)
}

// fromStore returns the complete changes of Pushback's database, oldest first, with
// their keys as IDs. It also makes the replays leave the times that bad changes
// affected out of every history, and learn from the good ones, as the daemon does.
func (p *past) fromStore(ctx context.Context, c config.Config, now time.Time) ([]backtest.Moment, error) {
	url, err := c.StoreURL()
	if err != nil {
		return nil, err
	}
	st, err := store.OpenReadOnly(ctx, url)
	if err != nil {
		return nil, fmt.Errorf("opening Pushback's database: %w", err)
	}
	p.closers = append(p.closers, st)
	p.options.Mask, p.options.Good = st.MaskedWindows, st.GoodChanges
	p.options.Pace = paceOf(ctx, st, p.options.Rules, now)
	recorded, err := st.Changes(ctx, store.ChangeFilter{Limit: mostChanges})
	if err != nil {
		return nil, err
	}
	var moments []backtest.Moment
	for _, c := range slices.Backward(recorded) {
		m := backtest.Moment{Change: c.Change}
		m.ID = c.Key
		if c.Status == sources.Started || c.FinishedAt.After(now) || c.RollbackOf != "" {
			p.aside = append(p.aside, m)
			continue
		}
		moments = append(moments, m)
	}
	return moments, nil
}

// paceOf is how many changes per second each rule watches, as the daemon measures it.
// Where that cannot be read it is 0, and the thresholds stay the defaults.
func paceOf(ctx context.Context, st *store.Store, set *rules.Set, now time.Time) backtest.Pace {
	paces := map[string]float64{}
	for _, r := range set.Rules() {
		if pace, err := trust.Pace(ctx, st, r.Name, now); err == nil {
			paces[r.Name] = pace
		}
	}
	return func(r rules.Rule) float64 { return paces[r.Name] }
}

// mostChanges bounds how many changes are read from the database, newest first.
const mostChanges = 100_000
