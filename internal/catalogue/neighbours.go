package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/rules"
)

// Calls says how the store tells which service calls which: each result of an
// instant query is one edge, and its value is how busy that edge is.
type Calls struct {
	Query  string
	Caller string // the label that names who calls
	Callee string // the label that names who is called
}

// maxNeighbours bounds how many services are judged together, the busiest first.
const maxNeighbours = 50

// edge is one service calling another.
type edge struct{ caller, callee string }

// callGraph caches the edges that the store reported.
type callGraph struct {
	mu    sync.Mutex
	calls map[edge]float64
	asked time.Time
}

// Service returns a service, with its callers and callees where the catalogue
// knows of calls. An unknown service has an empty Match; the error is the
// store's.
func (c *Catalogue) Service(ctx context.Context, name string, now time.Time) (rules.Service, error) {
	s, err := c.known(ctx, name, now)
	if err != nil || c.config().Calls.Query == "" && len(c.config().Depends) == 0 {
		return s, err
	}
	calls, err := c.callsAt(ctx, now)
	if err != nil {
		return s, fmt.Errorf("asking which service calls which: %w", err)
	}
	s.Callers = c.selectable(ctx, neighboursOf(calls, name, func(e edge) (string, string) { return e.callee, e.caller }), now)
	s.Callees = c.selectable(ctx, neighboursOf(calls, name, func(e edge) (string, string) { return e.caller, e.callee }), now)
	return s, nil
}

// callsAt asks the store again when what is cached is old. A dependency that the
// operators declared is an edge without traffic.
func (c *Catalogue) callsAt(ctx context.Context, now time.Time) (map[edge]float64, error) {
	c.graph.mu.Lock()
	defer c.graph.mu.Unlock()
	if c.graph.calls != nil && now.Sub(c.graph.asked) < refreshAfter {
		return c.graph.calls, nil
	}
	calls := map[edge]float64{}
	for caller, callees := range c.config().Depends {
		for _, callee := range callees {
			calls[edge{caller, callee}] = 0
		}
	}
	if c.config().Calls.Query != "" {
		series, err := c.store.Instant(ctx, c.config().Calls.Query, now)
		if err != nil {
			return nil, err
		}
		for _, s := range series {
			e := edge{c.Canonical(s.Labels[c.config().Calls.Caller]), c.Canonical(s.Labels[c.config().Calls.Callee])}
			if e.caller != "" && e.callee != "" && len(s.Samples) > 0 {
				calls[e] += s.Samples[len(s.Samples)-1].V
			}
		}
	}
	c.graph.calls, c.graph.asked = calls, now
	return calls, nil
}

// neighboursOf returns the services at the other end of a service's edges, the
// busiest first. A service is no neighbour of itself.
func neighboursOf(calls map[edge]float64, name string, ends func(edge) (near, far string)) []string {
	busy := map[string]float64{}
	for e, n := range calls {
		if near, far := ends(e); near == name && far != name {
			busy[far] += n
		}
	}
	names := slices.Collect(maps.Keys(busy))
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(cmp.Compare(busy[b], busy[a]), cmp.Compare(a, b)) })
	return names[:min(len(names), maxNeighbours)]
}

// selectable returns the labels of these services, the busiest first, as far as
// one selector over all of them selects no other known service. A service that
// would widen the selector to another one is left out.
//
// See adr/0018.
func (c *Catalogue) selectable(ctx context.Context, names []string, now time.Time) []map[string]string {
	var all []map[string]string
	wanted := map[string]bool{}
	for _, name := range names {
		wanted[name] = true
	}
	for _, name := range names {
		s, err := c.known(ctx, name, now)
		if err != nil || len(s.Match) == 0 {
			continue
		}
		if wider := append(slices.Clone(all), s.Match); !c.selectsOthers(rules.Pool(wider), wanted) {
			all = wider
		}
	}
	return all
}

// selectsOthers reports whether a pool selects a service that is not among these.
func (c *Catalogue) selectsOthers(pool map[string][]string, among map[string]bool) bool {
	if len(pool) == 0 {
		return true
	}
	for _, s := range c.config().List {
		if !among[s.Name] && rules.Covers(pool, s.Match) {
			return true
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for name, s := range c.found {
		if !among[name] && rules.Covers(pool, s.Match) {
			return true
		}
	}
	return false
}
