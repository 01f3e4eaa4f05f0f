package demo

import (
	"errors"
	"net/http"
	"sync"
	"time"
)

// sample notes how long a handler takes over each request.
type sample struct {
	next http.Handler
	mu   sync.Mutex
	took []time.Duration
}

func newSample(next http.Handler) *sample { return &sample{next: next} }

// ServeHTTP serves as the handler does.
func (s *sample) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	begun := time.Now()
	s.next.ServeHTTP(w, r)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.took = append(s.took, time.Since(begun))
}

func (s *sample) all() ([]time.Duration, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.took) == 0 {
		return nil, errors.New("the shop answered nobody while it was measured")
	}
	return s.took, nil
}
