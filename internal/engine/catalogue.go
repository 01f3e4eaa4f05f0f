package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/rules"
)

// CatalogueConfig says how a change's service becomes labels in the metric
// store. The zero value takes the service's name for its job label.
type CatalogueConfig struct {
	Discover string            // an instant query; each result is one service
	Name     string            // the label that names the service; "job" where empty
	Match    []string          // the labels that become $match; Name alone where empty
	List     []rules.Service   // services known without asking
	Calls    CallsConfig       // which service calls which; zero: only Depends knows
	Aliases  map[string]string // repository, Argo application, flag tag → service
	Owners   map[string]rules.Service
	Depends  map[string][]string // service → the services it depends on
	Default  rules.Service       // owner and hook of services that name none
}

// catalogueAge is how long a discovered catalogue serves before it is asked
// for again; an unknown service asks at once, but not more often than
// catalogueRetry.
const (
	catalogueAge   = 5 * time.Minute
	catalogueRetry = 10 * time.Second
)

// Catalogue knows services. It is asked at every plan and resolve, so it
// keeps what it discovered.
type Catalogue struct {
	config CatalogueConfig
	store  Ranger
	mu     sync.Mutex
	found  map[string]rules.Service
	graph  callGraph
	asked  time.Time
}

// NewCatalogue knows the services of a configuration, and asks s for those it is
// to discover. Nothing is asked before the first service is wanted.
func NewCatalogue(c CatalogueConfig, s Ranger) *Catalogue {
	if c.Name == "" {
		c.Name = "job"
	}
	if len(c.Match) == 0 {
		c.Match = []string{c.Name}
	}
	return &Catalogue{config: c, store: s}
}

// Canonical gives the service that a tool's name for it stands for.
func (c *Catalogue) Canonical(name string) string {
	if service, ok := c.config.Aliases[name]; ok {
		return service
	}
	return name
}

// farthest is how many steps up the dependencies are still a possible cause.
const farthest = 3

// Upstream gives the service and all it depends on, with how many steps away
// each is.
func (c *Catalogue) Upstream(service string) map[string]int {
	distance := map[string]int{service: 0}
	edge := []string{service}
	for step := 1; step <= farthest; step++ {
		var next []string
		for _, from := range edge {
			for _, to := range c.config.Depends[from] {
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

// known is what is known of a service but for its neighbours. Its Match is empty where the
// catalogue discovers and the store has not (yet) shown it: then nothing is
// asked in its name, rather than something too wide.
func (c *Catalogue) known(ctx context.Context, name string, now time.Time) (rules.Service, error) {
	for _, s := range c.config.List {
		if s.Name == name {
			return c.complete(s), nil
		}
	}
	if c.config.Discover == "" {
		return c.complete(rules.Service{Name: name, Match: map[string]string{c.config.Name: name}}), nil
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

// Names are the services the catalogue can name: those that were listed and
// those it discovers.
func (c *Catalogue) Names(ctx context.Context, now time.Time) ([]string, error) {
	var names []string
	for _, s := range c.config.List {
		names = append(names, s.Name)
	}
	if c.config.Discover == "" {
		return names, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var err error
	if now.Sub(c.asked) >= catalogueAge {
		err = c.refresh(ctx, "", now)
	}
	return slices.Concat(names, slices.Sorted(maps.Keys(c.found))), err
}

// refresh asks the store again when what is known is old, or does not know
// the name. It must be called with mu held.
func (c *Catalogue) refresh(ctx context.Context, name string, now time.Time) error {
	age := now.Sub(c.asked)
	_, known := c.found[name]
	if age < catalogueRetry || known && age < catalogueAge {
		return nil
	}
	found, err := c.discover(ctx, now)
	if err != nil {
		return fmt.Errorf("discovering services: %w", err)
	}
	c.found, c.asked = found, now
	return nil
}

// discover maps each result's labels to a service. Where several results bear
// one name, it is matched by the labels they agree on: the discovery query
// has already said which of them belong together.
func (c *Catalogue) discover(ctx context.Context, now time.Time) (map[string]rules.Service, error) {
	series, err := c.store.Instant(ctx, c.config.Discover, now)
	if err != nil {
		return nil, err
	}
	found := map[string]rules.Service{}
	for _, s := range series {
		name := s.Labels[c.config.Name]
		if name == "" {
			continue
		}
		match := pick(s.Labels, c.config.Match)
		if old, ok := found[name]; ok {
			match = agreeing(old.Match, match)
		}
		found[name] = rules.Service{Name: name, Match: match}
	}
	return found, nil
}

// complete fills in owner and hook from the aliases file and the defaults.
func (c *Catalogue) complete(s rules.Service) rules.Service {
	for _, from := range []rules.Service{c.config.Owners[s.Name], c.config.Default} {
		s.Owner = firstOf(s.Owner, from.Owner)
		s.Chat = firstOf(s.Chat, from.Chat)
		s.Pager = firstOf(s.Pager, from.Pager)
		s.Hook = firstOf(s.Hook, from.Hook)
	}
	return s
}

func pick(labels map[string]string, names []string) map[string]string {
	picked := map[string]string{}
	for _, n := range names {
		if v := labels[n]; v != "" {
			picked[n] = v
		}
	}
	return picked
}

func agreeing(a, b map[string]string) map[string]string {
	same := maps.Clone(a)
	maps.DeleteFunc(same, func(k, v string) bool { return b[k] != v })
	return same
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
