package profiles

import (
	"sync"
	"time"
)

// cache keeps what looks ask for again and again. It has as many entries as the open watches
// need: one is dropped when it was not kept for long enough, and when there is no room for
// another, any one goes. Evicting the oldest would be wrong here: looks go around, and each
// would find that its entry has just been evicted for the one before.
type cache[V any] struct {
	keep  time.Duration // how long an entry is kept
	renew bool          // counted from when it was last asked for, not from when it was put
	room  int           // in bytes; 0: as much as it takes

	mu      sync.Mutex
	entries map[string]cached[V]
	used    int
	swept   time.Time
}

type cached[V any] struct {
	value V
	size  int
	until time.Time
}

// get returns what is kept under key at a moment.
func (c *cache[V]) get(key string, now time.Time) (v V, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.entries[key]
	if !ok || now.After(e.until) {
		return v, false
	}
	if c.renew {
		e.until = now.Add(c.keep)
		c.entries[key] = e
	}
	return e.value, true
}

// put keeps a value of so many bytes.
func (c *cache[V]) put(key string, v V, size int, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.add(key, v, size, now)
}

// putNew keeps a value, and reports whether there was none.
func (c *cache[V]) putNew(key string, v V, size int, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, ok := c.entries[key]; ok && !now.After(e.until) {
		return false
	}
	c.add(key, v, size, now)
	return true
}

func (c *cache[V]) add(key string, v V, size int, now time.Time) {
	if c.entries == nil {
		c.entries = map[string]cached[V]{}
	}
	c.sweep(now)
	c.delete(key)
	for other := range c.entries {
		if c.room == 0 || c.used+size <= c.room {
			break
		}
		c.delete(other)
	}
	c.entries[key] = cached[V]{v, size, now.Add(c.keep)}
	c.used += size
}

// drop forgets what is kept under key.
func (c *cache[V]) drop(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delete(key)
}

// sweep drops what was kept for long enough, and looks for it no more often than that.
func (c *cache[V]) sweep(now time.Time) {
	if now.Sub(c.swept).Abs() < c.keep {
		return
	}
	c.swept = now
	for key, e := range c.entries {
		if now.After(e.until) {
			c.delete(key)
		}
	}
}

func (c *cache[V]) delete(key string) {
	c.used -= c.entries[key].size
	delete(c.entries, key)
}
