package catalogue

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Config says how a change's service becomes labels in the metric
// store. The zero value takes the service's name for its job label.
type Config struct {
	Discover string               // an instant query; each result is one service
	Name     string               // the label that names the service; "job" where empty
	Match    []string             // the labels that become $match; Name alone where empty
	List     []rules.Service      // services known without asking
	Probed   []string             // services of probes, which are known without asking too
	Calls    Calls                // which service calls which; zero: only Depends knows
	Aliases  map[string]string    // repository, Argo application, flag tag → service
	Patterns map[string][]Pattern // by source: how names of services follow from the tool's
	Owners   map[string]rules.Service
	Depends  map[string][]string // service → the services it depends on
	Default  rules.Service       // owner and hook of services that name none
}

// DefaultReceiver is who is notified where nobody else is: the operators' pager, else
// their chat; "" where neither is configured.
func (c Config) DefaultReceiver() string { return cmp.Or(c.Default.Pager, c.Default.Chat) }

// A discovered catalogue is used for refreshAfter before the store is asked
// again. An unknown service is asked for at once, but at most once per
// retryAfter.
const (
	refreshAfter = 5 * time.Minute
	retryAfter   = 10 * time.Second
)

// Querier is what the catalogue needs of a metric store: instant queries.
type Querier interface {
	Instant(ctx context.Context, expr string, at time.Time) ([]sources.Series, error)
}

// Catalogue knows services. It is asked at every plan and look, so it caches
// what it discovered.
type Catalogue struct {
	current atomic.Pointer[settings]
	store   Querier
	mu      sync.Mutex
	found   map[string]rules.Service
	graph   callGraph
	asked   time.Time
}

// settings is a configuration in force, with its list by name.
type settings struct {
	Config
	listed map[string]rules.Service
}

// New returns the catalogue of a configuration. It asks s for the services that
// it is to discover, and not before the first service is wanted.
func New(c Config, s Querier) *Catalogue {
	catalogue := &Catalogue{store: s}
	catalogue.Replace(c)
	return catalogue
}

// Replace takes another configuration while the catalogue is in use. What was
// discovered is forgotten.
func (c *Catalogue) Replace(to Config) {
	if to.Name == "" {
		to.Name = "job"
	}
	if len(to.Match) == 0 {
		to.Match = []string{to.Name}
	}
	listed := map[string]rules.Service{}
	for _, s := range slices.Backward(to.List) {
		listed[s.Name] = s // of several, the first
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.graph.mu.Lock()
	defer c.graph.mu.Unlock()
	c.current.Store(&settings{to, listed})
	c.found, c.asked, c.graph.calls = nil, time.Time{}, nil
}

func (c *Catalogue) config() *settings { return c.current.Load() }

// maxUpstream is how many dependency steps away a service can still be the cause.
const maxUpstream = 3

// Upstream returns the service and all it depends on, with the distance of each
// in steps.
func (c *Catalogue) Upstream(service string) map[string]int {
	distance := map[string]int{service: 0}
	edge := []string{service}
	for step := 1; step <= maxUpstream; step++ {
		var next []string
		for _, from := range edge {
			for _, to := range c.config().Depends[from] {
				if _, seen := distance[to]; !seen {
					distance[to] = step
					next = append(next, to)
				}
			}
		}
		edge = next
	}
	return distance
}

// Configured returns what pushback.yml says of a service, and so who answers for it. It
// asks no metric store, so a store that hangs delays neither intake nor planning.
func (c *Catalogue) Configured(name string) rules.Service {
	s := c.config().listed[name]
	s.Name = name
	return c.complete(s)
}

// Owner is the team that answers for a service; "" where pushback.yml names none.
func (c *Catalogue) Owner(service string) string { return c.Configured(service).Owner }

// known returns a service without its neighbours. Its Match is empty where the
// catalogue discovers services and the store has not shown this one yet: an empty
// Match selects nothing, where a guess might select too much.
func (c *Catalogue) known(ctx context.Context, name string, now time.Time) (rules.Service, error) {
	if s, ok := c.config().listed[name]; ok {
		return c.complete(s), nil
	}
	if c.config().Discover == "" {
		return c.complete(rules.Service{Name: name, Match: map[string]string{c.config().Name: name}}), nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.refresh(ctx, name, now)
	s, ok := c.found[name]
	if !ok {
		s = rules.Service{Name: name}
	}
	return c.complete(s), err
}

// named are the services that are known without asking: those that are listed, and those of
// probes.
func (c Config) named() []string {
	var names []string
	for _, s := range c.List {
		names = append(names, s.Name)
	}
	for _, probed := range c.Probed {
		if !slices.Contains(names, probed) {
			names = append(names, probed)
		}
	}
	return names
}

// Names returns the services that are listed and those that are discovered.
func (c *Catalogue) Names(ctx context.Context, now time.Time) ([]string, error) {
	names := c.config().named()
	if c.config().Discover == "" {
		return names, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if now.Sub(c.asked) >= refreshAfter {
		err = c.refresh(ctx, "", now)
	}
	for _, found := range slices.Sorted(maps.Keys(c.found)) {
		if !slices.Contains(c.config().Probed, found) {
			names = append(names, found)
		}
	}
	return names, err
}

// InMemory returns the services that are listed or probed and those that were discovered last,
// without asking the store and without waiting. It is nil where nobody can tell which services
// there are: no service is listed, or the store was not asked yet or is being asked.
func (c *Catalogue) InMemory() []string {
	if c.config().Discover == "" {
		if len(c.config().List) == 0 {
			return nil
		}
		return c.config().named()
	}
	if !c.mu.TryLock() {
		return nil
	}
	defer c.mu.Unlock()
	if c.asked.IsZero() {
		return nil
	}
	return slices.Concat(c.config().named(), slices.Sorted(maps.Keys(c.found)))
}

// refresh asks the store again when what is cached is old or lacks the name. The
// caller holds mu.
func (c *Catalogue) refresh(ctx context.Context, name string, now time.Time) error {
	age := now.Sub(c.asked)
	_, known := c.found[name]
	if age < retryAfter || known && age < refreshAfter {
		return nil
	}
	found, err := c.discover(ctx, now)
	if err != nil {
		return fmt.Errorf("discovering services: %w", err)
	}
	c.found, c.asked = found, now
	return nil
}

// discover maps each result's labels to a service. Where several results have
// one name, the service is matched by the labels that are equal in all of them:
// the discovery query has already said which results belong together.
func (c *Catalogue) discover(ctx context.Context, now time.Time) (map[string]rules.Service, error) {
	series, err := c.store.Instant(ctx, c.config().Discover, now)
	if err != nil {
		return nil, err
	}
	found := map[string]rules.Service{}
	for _, s := range series {
		name := s.Labels[c.config().Name]
		if name == "" {
			continue
		}
		match := labelsNamed(s.Labels, c.config().Match)
		if old, ok := found[name]; ok {
			match = sharedLabels(old.Match, match)
		}
		found[name] = rules.Service{Name: name, Match: match}
	}
	return found, nil
}

// complete fills in owner, receivers and hook from the aliases file and the
// defaults.
func (c *Catalogue) complete(s rules.Service) rules.Service {
	for _, from := range []rules.Service{c.config().Owners[s.Name], c.config().Default} {
		s.Owner = cmp.Or(s.Owner, from.Owner)
		s.Chat = cmp.Or(s.Chat, from.Chat)
		s.Pager = cmp.Or(s.Pager, from.Pager)
		s.Hook = cmp.Or(s.Hook, from.Hook)
	}
	s.Default = c.DefaultReceiver()
	return s
}

func labelsNamed(labels map[string]string, names []string) map[string]string {
	picked := map[string]string{}
	for _, n := range names {
		if v := labels[n]; v != "" {
			picked[n] = v
		}
	}
	return picked
}

func sharedLabels(a, b map[string]string) map[string]string {
	same := maps.Clone(a)
	maps.DeleteFunc(same, func(k, v string) bool { return b[k] != v })
	return same
}

// DefaultReceiver is the operators' default receiver; see Config.DefaultReceiver.
func (c *Catalogue) DefaultReceiver() string { return c.config().DefaultReceiver() }

// ReceiverOf returns where a team reads what is not urgent: the chat, else the
// pager, of a service it owns, else of the default service; "" where there is none.
func (c *Catalogue) ReceiverOf(team string) string {
	services := slices.Clone(c.config().List)
	for name, s := range c.config().Owners {
		s.Name = name
		services = append(services, s)
	}
	slices.SortFunc(services, func(a, b rules.Service) int { return strings.Compare(a.Name, b.Name) })
	for _, s := range services {
		if to := cmp.Or(s.Chat, s.Pager); team != "" && s.Owner == team && to != "" {
			return to
		}
	}
	return cmp.Or(c.config().Default.Chat, c.config().Default.Pager)
}
