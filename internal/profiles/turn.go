package profiles

import (
	"context"
	"hash/fnv"
	"time"
)

// Looks come first. Whatever learns does so one after the other, and after each profile, or
// each service that a pass finds nothing to learn for, everybody rests for three times as long
// as that took: learning has a quarter of a processor at most, and of the time that a metric store answers
// one question after the other. Where looks need the processors, learning takes longer, and so rests longer.
//
// See adr/0103.
const (
	restFactor = 3
	maxRest    = 10 * time.Second // after a question that a slow store has hardly answered
)

// inTurn does one step of learning when it is its turn.
func (k *Keeper) inTurn(ctx context.Context, do func() error) error {
	select {
	case k.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-k.turn }()
	if rest := k.restUntil.Sub(k.Now()); rest > 0 {
		t := time.NewTimer(min(rest, maxRest))
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	began := k.Now()
	defer func() {
		ended := k.Now()
		k.restUntil = ended.Add(min(restFactor*ended.Sub(began), maxRest))
	}()
	return do()
}

// spreadOver is how long the scheduled pass takes: each service has its own moment in it. Two
// passes a day leave a profile no older than sixteen hours.
const spreadOver = 4 * time.Hour

// momentOf is when a rule's profiles for a service are learned, in a pass that was due at due. A
// pass that was never due waits for nothing.
func momentOf(binding string, due time.Time) time.Time {
	if due.IsZero() {
		return due
	}
	h := fnv.New32a()
	h.Write([]byte(binding))
	return due.Add(time.Duration(float64(h.Sum32()) / (1 << 32) * float64(spreadOver)))
}
