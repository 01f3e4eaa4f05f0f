package metricstore

import (
	"sync"
	"sync/atomic"
	"time"
)

// breakdowns are the services that fail, and when people were first told so.
type breakdowns struct {
	any   atomic.Bool
	mu    sync.RWMutex
	since map[int]int64 // by service, Unix milliseconds
	shown map[int]Shown
}

// Shown is when the store answered about a service that has broken down.
type Shown struct {
	First time.Time // the first answer with a sample from after the breakdown
	Last  time.Time // the last such answer until now
}

// BreakDown has a service fail brokenFailures of its requests from a moment on.
func (s *Store) BreakDown(service int, at time.Time) {
	s.broken.mu.Lock()
	defer s.broken.mu.Unlock()
	s.broken.since[service] = at.UnixMilli()
	s.broken.any.Store(true)
}

// Shown is when a service's breakdown could be seen; zero where nobody has asked.
func (s *Store) Shown(service int) Shown {
	s.broken.mu.RLock()
	defer s.broken.mu.RUnlock()
	return s.broken.shown[service]
}

// ShownOf is Shown by the service's name.
func (s *Store) ShownOf(name string) Shown { return s.Shown(s.serviceNumber(name)) }

// brokeAt is when a service broke down, and 0 while it works.
func (s *Store) brokeAt(service int) int64 {
	if !s.broken.any.Load() {
		return 0
	}
	s.broken.mu.RLock()
	defer s.broken.mu.RUnlock()
	return s.broken.since[service]
}

// seen collects the breakdowns that one answer shows.
type seen struct {
	store    *Store
	services map[int]bool
}

func (s *Store) newSeen() *seen { return &seen{store: s, services: map[int]bool{}} }

// note takes the series of an answer that reaches to a moment.
func (e *seen) note(found []series, to int64) {
	if !e.store.broken.any.Load() {
		return
	}
	for _, x := range found {
		if x.metric.name != "http_requests_total" || x.variant != codeFailed {
			continue
		}
		broke := e.store.brokeAt(x.service)
		if _, last := x.bounds(to-lookback, to); broke > 0 && last > e.store.scrapeBefore(x.service, x.instance, broke) {
			e.services[x.service] = true
		}
	}
}

// answered notes when the answer was written.
func (e *seen) answered(now time.Time) {
	if len(e.services) == 0 {
		return
	}
	e.store.broken.mu.Lock()
	defer e.store.broken.mu.Unlock()
	for service := range e.services {
		shown := e.store.broken.shown[service]
		if shown.First.IsZero() {
			shown.First = now
		}
		shown.Last = now
		e.store.broken.shown[service] = shown
	}
}
