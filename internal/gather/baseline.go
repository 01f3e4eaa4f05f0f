package gather

import (
	"sync"

	"github.com/pushback/pushback/detector"
)

// maxBaselines bounds the cache, which is emptied when it is full.
const maxBaselines = 16_384

// baselineCache caches what was fetched of before windows. A before window does not
// change any more, so that a look only asks for the time after the change.
type baselineCache struct {
	mu     sync.Mutex
	cached map[string]detector.Raw
}

func newBaselineCache() *baselineCache { return &baselineCache{cached: map[string]detector.Raw{}} }

// get returns what is cached under key, or fetches it. An answer without series, or
// without its control, is not cached, because the store may still get them.
func (c *baselineCache) get(key string, fetch func() (detector.Raw, error)) (detector.Raw, error) {
	c.mu.Lock()
	raw, ok := c.cached[key]
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
	if len(c.cached) >= maxBaselines {
		clear(c.cached)
	}
	c.cached[key] = raw
	return raw, nil
}
