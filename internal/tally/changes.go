package tally

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/verdict"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// MostPlaces bounds the series: services and environments beyond are counted as "other".
const MostPlaces = 2000

// Changes counts watched changes. A nil one counts nothing. It is safe for concurrent use.
type Changes struct {
	set   *metrics.Set
	mu    sync.Mutex
	known map[place]bool
}

type place struct{ service, environment string }

var others = place{"other", "other"}

// NewChanges counts into set.
func NewChanges(set *metrics.Set) *Changes { return &Changes{set: set, known: map[place]bool{}} }

// of is where a change is counted. What was unknown is there from now on, with all its series at zero.
func (c *Changes) of(change sources.Change) place {
	at := place{change.Service, change.Environment}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[at] {
		return at
	}
	if len(c.known) >= MostPlaces {
		at = others
	}
	c.known[at] = true
	for _, s := range watch.FinalStates {
		c.ended(at, string(s))
	}
	c.rolledBack(at)
	c.seconds(at)
	return at
}

func (c *Changes) ended(at place, state string) *metrics.Counter {
	return c.set.GetOrCreateCounter(fmt.Sprintf("pushback_changes_total{service=%q,environment=%q,verdict=%q}", at.service, at.environment, state))
}

func (c *Changes) rolledBack(at place) *metrics.Counter {
	return c.set.GetOrCreateCounter(fmt.Sprintf("pushback_rollbacks_total{service=%q,environment=%q}", at.service, at.environment))
}

func (c *Changes) seconds(at place) *metrics.FloatCounter {
	return c.set.GetOrCreateFloatCounter(fmt.Sprintf("pushback_rollback_seconds_total{service=%q,environment=%q}", at.service, at.environment))
}

// Began has the series of a change's service appear. Its watches take minutes, so that a scrape comes before an end.
func (c *Changes) Began(change sources.Change) {
	if c != nil {
		c.of(change)
	}
}

// Ended counts a change whose last watch has ended, by what its watches come to.
func (c *Changes) Ended(change sources.Change, state string) {
	if c != nil {
		c.ended(c.of(change), state).Inc()
	}
}

// Watches are read when one of them ends.
type Watches interface {
	WatchesOf(ctx context.Context, changeKey string) ([]watch.Watch, error)
}

// WatchEnded counts a change whose last watch has ended. Recovery watches are about its rollback.
func (c *Changes) WatchEnded(ctx context.Context, from Watches, change store.Change, log *slog.Logger) {
	if c == nil {
		return
	}
	all, err := from.WatchesOf(ctx, change.Key)
	if err != nil {
		log.Warn("cannot read the watches of a change that ended; it is not counted in pushback_changes_total", "change", change.Key, "error", err)
		return
	}
	all = slices.DeleteFunc(all, func(w watch.Watch) bool { return !w.After.IsZero() })
	if len(all) > 0 && !slices.ContainsFunc(all, func(w watch.Watch) bool { return w.State.Open() }) {
		c.Ended(change.Change, verdict.State(change, all))
	}
}

// RolledBack counts a rollback that was done, and how long the change had been in production.
func (c *Changes) RolledBack(change sources.Change, took time.Duration) {
	if c == nil {
		return
	}
	at := c.of(change)
	c.rolledBack(at).Inc()
	c.seconds(at).Add(max(took, 0).Seconds())
}
