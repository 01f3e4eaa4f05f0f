package reliability

import (
	"math"
	"slices"
	"sync"
	"time"
)

// The traffic of every service: perSecond requests per second, of which one in
// goodFailsOneIn fails, and one in badFailsOneIn while the service is bad.
const (
	perSecond      = 40
	goodFailsOneIn = 200
	badFailsOneIn  = 2
)

// shopPast is how long ago a shop is born when it is made: watches need something before a change.
const shopPast = 3 * time.Minute

// shop computes the counters of every service at any moment. The metric store answers
// from it.
type shop struct {
	born       time.Time
	mu         sync.Mutex
	badPeriods map[string][]badPeriod
}

// badPeriod is when a service is bad; until is zero while it still is.
type badPeriod struct{ from, until time.Time }

func newShop(born time.Time) *shop { return &shop{born: born, badPeriods: map[string][]badPeriod{}} }

// setBad makes a service bad from a moment on.
func (s *shop) setBad(service string, from time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.open(service); ok {
		s.badPeriods[service][i].from = from
		return
	}
	s.badPeriods[service] = append(s.badPeriods[service], badPeriod{from: from})
}

// setGood makes it good again.
func (s *shop) setGood(service string, at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i, ok := s.open(service); ok {
		s.badPeriods[service][i].until = at
	}
}

// open is the period in which a service is bad and still is.
func (s *shop) open(service string) (last int, ok bool) {
	last = len(s.badPeriods[service]) - 1
	return last, last >= 0 && s.badPeriods[service][last].until.IsZero()
}

// counts are the requests that succeeded and failed so far; zero before born.
func (s *shop) counts(service string, at time.Time) (good, failed float64) {
	s.mu.Lock()
	periods := slices.Clone(s.badPeriods[service])
	s.mu.Unlock()
	all := served(at.Sub(s.born))
	ill := 0.0
	for _, p := range periods {
		if !at.After(p.from) {
			continue
		}
		if p.until.IsZero() || at.Before(p.until) {
			p.until = at
		}
		ill += served(p.until.Sub(s.born)) - served(p.from.Sub(s.born))
	}
	failed = math.Floor((all-ill)/goodFailsOneIn) + math.Floor(ill/badFailsOneIn)
	return all - failed, failed
}

func served(d time.Duration) float64 { return math.Floor(max(d.Seconds(), 0) * perSecond) }
