package engine

import (
	"sync"

	"github.com/pushback/pushback/detector"
)

// beforesKept bounds the memory of the cache; beyond it, it starts afresh.
const beforesKept = 16_384

// beforeCache keeps what was fetched of the time before a change. It does not
// change any more, so a look asks for the time after alone.
type beforeCache struct {
	mu   sync.Mutex
	kept map[string]detector.Raw
}

func newBeforeCache() *beforeCache { return &beforeCache{kept: map[string]detector.Raw{}} }

// get gives what is kept under key, or fetches and keeps it. An answer with
// no series at all, or without its control, is not kept: the store may yet come
// to know them.
func (c *beforeCache) get(key string, fetch func() (detector.Raw, error)) (detector.Raw, error) {
	c.mu.Lock()
	raw, ok := c.kept[key]
	c.mu.Unlock()
	if ok {
		return raw, nil
	}
	raw, err := fetch()
	if err != nil || len(raw.Value) == 0 || raw.Fault != "" {
		return raw, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.kept) >= beforesKept {
		clear(c.kept)
	}
	c.kept[key] = raw
	return raw, nil
}
