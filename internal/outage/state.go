package outage

import (
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// blindAfter is how long a store must fail before people are notified. A single
// time-out is not worth a message.
const blindAfter = 30 * time.Second

// outage is one stretch in which a metric store could not be read.
type outage struct {
	Since time.Time
	Fault string
	Looks bool // looks noticed it, and they ask for more than the monitor does
}

// state is what the monitor remembers of each metric store, by name.
type state struct {
	mu       sync.Mutex
	outages  map[string]outage
	answered map[string]bool // stores that have answered since the start
	measured map[string]bool // stores whose scrape interval was measured
}

func newState() *state {
	return &state{outages: map[string]outage{}, answered: map[string]bool{}, measured: map[string]bool{}}
}

func (s *state) fail(name string, err error, asked time.Time, look bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.outages[name]
	if !ok {
		o.Since = asked
	}
	o.Fault, o.Looks = err.Error(), o.Looks || look
	s.outages[name] = o
}

// onlyLooksCanTell reports whether looks failed on the store. Such a store may answer
// the monitor's small question and still not answer looks.
func (s *state) onlyLooksCanTell(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.outages[name].Looks
}

// recover ends an outage. It reports whether the journal must be asked: there was an
// outage, or an earlier run may have left one open.
func (s *state) recover(name string) (news bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, was := s.outages[name]
	news = was || !s.answered[name]
	s.answered[name] = true
	delete(s.outages, name)
	return news
}

func (s *state) isMeasured(name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.measured[name]
}

func (s *state) setMeasured(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.measured[name] = true
}

// longest is the longest outage of the stores that these inputs come from, or of any
// store where there are no inputs.
func (s *state) longest(inputs []watch.Input) (name string, longest outage, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, o := range s.outages {
		asked := len(inputs) == 0 || slices.ContainsFunc(inputs, func(in watch.Input) bool { return in.Store == n })
		if asked && (!ok || o.Since.Before(longest.Since)) {
			name, longest, ok = n, o, true
		}
	}
	return name, longest, ok
}

// faults are the stores that cannot be read, with why.
func (s *state) faults() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := map[string]string{}
	for name, o := range s.outages {
		all[name] = o.Fault
	}
	return all
}

// kindOf is the kind of a store's failure. An error that is no Fault counts as a
// failure of the source.
func kindOf(err error) sources.FaultKind {
	var f *sources.Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return sources.SourceError
}
