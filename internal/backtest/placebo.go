package backtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// least is the stretch that placebos are drawn from where the changes
// themselves lie closer together.
const least = 7 * 24 * time.Hour

// draws is how often a placebo is tried before there is taken to be no room.
const draws = 1000

// Placebos gives n moments at which nothing was changed. Each takes its
// service, environment and kind from a change drawn at random, so that busy
// services are as frequent as among the changes, and its time evenly from what
// that service's changes span, or from the week before the last of them where
// that is longer: services come and go, and so do their series. Of the same
// service, nothing of avoid lies within apart of one: changes that
// are not replayed disturb as well. The same arguments give the same placebos.
func Placebos(changes, avoid []Moment, n int, apart time.Duration, seed uint64) ([]Moment, error) {
	if n == 0 {
		return nil, nil
	}
	if len(changes) == 0 {
		return nil, fmt.Errorf("there are no changes to take services for placebos from")
	}
	d := newDrawer(changes, avoid, apart, seed)
	placebos := make([]Moment, n)
	for i := range placebos {
		p, ok := d.draw()
		if !ok {
			return nil, fmt.Errorf("drew %d of %d placebos: no more room %s away from every change of a service", i, n, apart)
		}
		placebos[i] = p
	}
	return placebos, nil
}

// drawer draws placebos.
type drawer struct {
	changes []Moment
	spans   map[string]sources.Window // by service
	times   map[string][]time.Time    // by service, what to avoid, ascending
	apart   time.Duration
	chance  *rand.Rand
}

func newDrawer(changes, avoid []Moment, apart time.Duration, seed uint64) *drawer {
	d := &drawer{
		changes: changes, spans: spans(changes), times: map[string][]time.Time{},
		apart: apart, chance: rand.New(rand.NewPCG(seed, 0)),
	}
	rollout := time.Duration(0)
	for _, c := range avoid {
		d.times[c.Service] = append(d.times[c.Service], c.StartedAt)
		rollout = max(rollout, c.FinishedAt.Sub(c.StartedAt))
	}
	d.apart += rollout
	for _, ts := range d.times {
		slices.SortFunc(ts, time.Time.Compare)
	}
	return d
}

// draw names a placebo by what it is, so that its lines can be found again.
func (d *drawer) draw() (Moment, bool) {
	for range draws {
		like := d.changes[d.chance.IntN(len(d.changes))]
		span := d.spans[like.Service]
		seconds := int64(span.To.Sub(span.From) / time.Second)
		at := span.From.Add(time.Duration(d.chance.Int64N(seconds+1)) * time.Second).Truncate(time.Second)
		if !d.free(like.Service, at) {
			continue
		}
		id := fmt.Sprintf("placebo:%s:%s", like.Service, at.Format(time.RFC3339))
		return Moment{Placebo: true, Change: sources.Change{
			ID: id, Service: like.Service, Environment: like.Environment, Region: like.Region, Kind: like.Kind,
			Status: sources.Succeeded, StartedAt: at, FinishedAt: at,
		}}, true
	}
	return Moment{}, false
}

// free says whether no change of the service is near.
func (d *drawer) free(service string, at time.Time) bool {
	ts := d.times[service]
	next, _ := slices.BinarySearchFunc(ts, at.Add(-d.apart), time.Time.Compare)
	return next == len(ts) || ts[next].After(at.Add(d.apart))
}

// spans are the times that each service's changes span, a week at least.
func spans(changes []Moment) map[string]sources.Window {
	all := map[string]sources.Window{}
	for _, c := range changes {
		w, ok := all[c.Service]
		if !ok || c.StartedAt.Before(w.From) {
			w.From = c.StartedAt
		}
		if c.StartedAt.After(w.To) {
			w.To = c.StartedAt
		}
		all[c.Service] = w
	}
	for service, w := range all {
		if w.To.Sub(w.From) < least {
			w.From = w.To.Add(-least)
			all[service] = w
		}
	}
	return all
}
