package gather

import (
	"sync"
	"unique"

	"github.com/pushback/pushback/sources"
)

// mostSplits is how many expressions' splits are kept, twice: those in use, and those that were
// in use before the last time that there were as many. Thirty thousand watches of five signals
// ask eight expressions each; with less room than they need, a quarter would be parsed at each look.
const mostSplits = 1 << 18

// splitCache keeps the splits of the expressions that watches ask again at each look.
type splitCache struct {
	language    sources.Merging
	mu          sync.Mutex
	recent, old map[string][]shaped
}

// shaped is a split whose shape, which many services have, is kept once.
type shaped struct {
	split sources.Split // without its shape
	shape unique.Handle[string]
}

func newSplitCache(l sources.Merging) *splitCache {
	return &splitCache{language: l, recent: map[string][]shaped{}}
}

func (c *splitCache) of(expr string) []shaped {
	c.mu.Lock()
	all, ok := c.recent[expr]
	if !ok {
		if all, ok = c.old[expr]; ok {
			c.keep(expr, all)
		}
	}
	c.mu.Unlock()
	if ok {
		return all
	}
	for _, s := range c.language.Splits(expr) {
		shape := unique.Make(s.Shape)
		s.Shape = ""
		all = append(all, shaped{s, shape})
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keep(expr, all)
	return all
}

func (c *splitCache) keep(expr string, all []shaped) {
	if len(c.recent) >= mostSplits {
		c.old, c.recent = c.recent, map[string][]shaped{}
	}
	c.recent[expr] = all
}
