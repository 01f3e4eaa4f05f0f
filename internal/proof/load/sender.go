package load

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/proof/program"
)

// probeEvery is how often an event begins a watch whose first look is timed.
const probeEvery = 100 * time.Millisecond

// mostTimes is how much longer than meant events are sent to a program that cannot take them.
const mostTimes = 4

// sender is the deploy tools.
type sender struct {
	Options
	program.Sender
	took time.Duration

	mu      sync.Mutex
	waits   []time.Duration
	refused int
	probes  map[string]time.Time // service → when its event was answered
}

func newSender(o Options, address string) *sender {
	s := &sender{Options: o, probes: map[string]time.Time{}}
	s.Sender = program.Sender{
		Address: address, Source: "load", Rate: o.Rate, Total: int64(o.For.Seconds() * float64(o.Rate)),
		Connections: o.Connections, Limit: mostTimes * o.For, Service: s.service, Answered: s.note,
	}
	return s
}

func (s *sender) run(ctx context.Context) (err error) {
	s.took, err = s.Run(ctx)
	return err
}

// service is what event n is about: a new watched service for each probe, and otherwise
// one of the services in turn.
func (s *sender) service(n int64) string {
	every := max(1, int64(s.Options.Rate)*int64(probeEvery)/int64(time.Second))
	if n%every == every/2 {
		return fmt.Sprintf("watched-probe-%d", n/every)
	}
	one := n % int64(s.Services)
	if one%100 < int64(s.Watched) {
		return fmt.Sprintf("watched-%d", one)
	}
	return fmt.Sprintf("service-%d", one)
}

// note keeps how long an answer took.
func (s *sender) note(n int64, status int, sent, answered time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if status/100 != 2 {
		s.refused++
		return
	}
	s.waits = append(s.waits, answered.Sub(sent))
	if service := s.service(n); isProbe(service) {
		s.probes[service] = answered
	}
}

func (s *sender) answers() (accepted, refused int, q program.Quantiles) {
	return len(s.waits), s.refused, program.QuantilesOf(s.waits)
}
