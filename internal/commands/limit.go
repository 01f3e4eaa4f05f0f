package commands

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/pushback/pushback/notify"
)

const (
	refill      = 6 * time.Second // after which a caller may give one more command
	burst       = 5
	maxCallers  = 1000
	forgetAfter = time.Minute // a bucket is full again by then
)

// limiter bounds how often one caller may give commands. Those who are not signed in share one bucket, because
// another name costs them nothing.
type limiter struct {
	now func() time.Time
	mu  sync.Mutex
	all map[string]*bucket
}

type bucket struct {
	*rate.Limiter
	used time.Time
}

func newLimiter(now func() time.Time) *limiter { return &limiter{now: now, all: map[string]*bucket{}} }

func (l *limiter) allow(c notify.Caller) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	key, now := c.Receiver+"\x00"+c.ID, l.now()
	b, known := l.all[key]
	if !known {
		if len(l.all) >= maxCallers {
			l.forget(now)
		}
		if len(l.all) >= maxCallers {
			return false
		}
		b = &bucket{Limiter: rate.NewLimiter(rate.Every(refill), burst)}
		l.all[key] = b
	}
	b.used = now
	return b.AllowN(now, 1)
}

func (l *limiter) forget(now time.Time) {
	for key, b := range l.all {
		if now.Sub(b.used) > forgetAfter {
			delete(l.all, key)
		}
	}
}
