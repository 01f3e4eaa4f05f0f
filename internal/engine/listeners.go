package engine

import "sync"

// listeners are sent the key of every change that moved, and the path of a page whose state moved that is no change's. A slow listener misses keys
// instead of delaying a look: it is a page, and can reload.
type listeners struct {
	mu   sync.Mutex
	next int
	all  map[int]listener
}

type listener struct {
	keys  chan string
	wants func(key string, look bool) bool
}

func newListeners() *listeners { return &listeners{all: map[int]listener{}} }

// Subscribe returns a channel of the keys of changes that moved and that wants takes, and a
// function that ends it. A look that is nothing else moves only numbers.
func (c *core) Subscribe(wants func(key string, look bool) bool) (<-chan string, func()) {
	return c.listeners.add(wants)
}

func (l *listeners) add(wants func(key string, look bool) bool) (<-chan string, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.next
	l.next++
	c := make(chan string, 16)
	l.all[id] = listener{c, wants}
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, id)
	}
}

func (l *listeners) publish(key string) { l.send(key, false) }

func (l *listeners) send(key string, look bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, one := range l.all {
		if !one.wants(key, look) {
			continue
		}
		select {
		case one.keys <- key:
		default:
		}
	}
}
