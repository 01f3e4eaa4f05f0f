package engine

import "sync"

// listeners hear the key of every change that moved. A slow one loses news
// rather than holding up a look: it is a page, and it can reload.
type listeners struct {
	mu   sync.Mutex
	next int
	all  map[int]chan string
}

func newListeners() *listeners { return &listeners{all: map[int]chan string{}} }

// Subscribe gives a channel of change keys and the way to stop listening.
func (e *Engine) Subscribe() (<-chan string, func()) { return e.listeners.add() }

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

func (l *listeners) tell(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.all {
		select {
		case c <- key:
		default:
		}
	}
}
