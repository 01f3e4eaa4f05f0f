package engine

import "sync"

// listeners are sent the key of every change that moved. A slow listener misses keys
// instead of delaying a look: it is a page, and can reload.
type listeners struct {
	mu   sync.Mutex
	next int
	all  map[int]chan string
}

func newListeners() *listeners { return &listeners{all: map[int]chan string{}} }

// Subscribe returns a channel of the keys of changes that moved, and a function that ends
// it.
func (c *core) Subscribe() (<-chan string, func()) { return c.listeners.add() }

func (l *listeners) add() (<-chan string, func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := l.next
	l.next++
	c := make(chan string, 16)
	l.all[id] = c
	return c, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.all, id)
	}
}

func (l *listeners) publish(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.all {
		select {
		case c <- key:
		default:
		}
	}
}
