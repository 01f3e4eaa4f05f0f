package demo

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// latencyMeter records how long a handler takes for each request.
type latencyMeter struct {
	next http.Handler
	mu   sync.Mutex
	took []time.Duration
}

func newLatencyMeter(next http.Handler) *latencyMeter { return &latencyMeter{next: next} }

// ServeHTTP passes the request to the handler, and records the time it takes.
func (m *latencyMeter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	m.next.ServeHTTP(w, r)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.took = append(m.took, time.Since(begun))
}

func (m *latencyMeter) latencies() ([]time.Duration, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.took) == 0 {
		return nil, errors.New("the shop answered no request while it was measured")
	}
	return m.took, nil
}
