package reliability

import (
	"math"
	"sync"
	"time"
)

// The traffic of every service: perSecond requests a second, of which one in
// quiet fails, and one in bad while the service is bad.
const (
	perSecond = 40
	quiet     = 200
	bad       = 2
)

// shop is the truth: what every service's counters stand at, at any moment.
// The metric store tells of it, and the invariants are held against it.
type shop struct {
	born time.Time
	mu   sync.Mutex
	ill  map[string]illness
}

// illness is when a service is bad; until may be zero.
type illness struct{ from, until time.Time }

func newShop(born time.Time) *shop { return &shop{born: born, ill: map[string]illness{}} }

// breaks makes a service bad from a moment on.
func (s *shop) breaks(service string, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ill[service] = illness{from: from}
}

// heals makes it good again.
func (s *shop) heals(service string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.ill[service]; ok && i.until.IsZero() {
		s.ill[service] = illness{i.from, at}
	}
}

// counts are the requests served and failed so far; zero before the service
// was born.
func (s *shop) counts(service string, at time.Time) (good, failed float64) {
	s.mu.Lock()
	i := s.ill[service]
	s.mu.Unlock()
	all := served(at.Sub(s.born))
	ill := 0.0
	if !i.from.IsZero() && at.After(i.from) {
		if i.until.IsZero() || at.Before(i.until) {
			i.until = at
		}
		ill = served(i.until.Sub(s.born)) - served(i.from.Sub(s.born))
	}
	failed = math.Floor((all-ill)/quiet) + math.Floor(ill/bad)
	return all - failed, failed
}

func served(d time.Duration) float64 { return math.Floor(max(d.Seconds(), 0) * perSecond) }
