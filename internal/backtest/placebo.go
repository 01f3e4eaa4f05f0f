package backtest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
)

// minPlaceboSpan is the shortest period that placebos are drawn from, if a service's
// changes span less.
const minPlaceboSpan = 7 * 24 * time.Hour

// maxDraws is how often a placebo is drawn before Placebos gives up.
const maxDraws = 1000

// Placebos returns n moments at which nothing was changed. Each takes its service,
// environment and kind from a change drawn at random, so that services are as
// frequent as among the changes. Its time is uniform over the period that the
// service's changes span, because services come and go; if that is less than a week,
// over the week before the last of them. No placebo is within distance of a moment
// in avoid of the same service: changes that are not replayed disturb as well. The
// same arguments give the same placebos.
func Placebos(changes, avoid []Moment, n int, distance time.Duration, seed uint64) ([]Moment, error) {
	if n == 0 {
		return nil, nil
	}
	if len(changes) == 0 {
		return nil, fmt.Errorf("there are no changes to take the services of placebos from")
	}
	d := newDrawer(changes, avoid, distance, seed)
	placebos := make([]Moment, n)
	for i := range placebos {
		p, ok := d.draw()
		if !ok {
			return nil, fmt.Errorf("could draw only %d of %d placebos %s away from every change of their service: ask for fewer, or give changes of a longer time", i, n, distance)
		}
		placebos[i] = p
	}
	return placebos, nil
}

// drawer draws placebos.
type drawer struct {
	changes  []Moment
	spans    map[string]sources.Window // by service
	times    map[string][]time.Time    // by service, what to avoid, ascending
	distance time.Duration
	chance   *rand.Rand
}

func newDrawer(changes, avoid []Moment, distance time.Duration, seed uint64) *drawer {
	d := &drawer{
		changes: changes, spans: spans(changes), times: map[string][]time.Time{},
		distance: distance, chance: rand.New(rand.NewPCG(seed, 0)),
	}
	rollout := time.Duration(0)
	for _, c := range avoid {
		d.times[c.Service] = append(d.times[c.Service], c.StartedAt)
		rollout = max(rollout, c.FinishedAt.Sub(c.StartedAt))
	}
	d.distance += rollout
	for _, ts := range d.times {
		slices.SortFunc(ts, time.Time.Compare)
	}
	return d
}

// draw draws one placebo. Its id names its service and time, so that its lines can be
// found again.
func (d *drawer) draw() (Moment, bool) {
	for range maxDraws {
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

// free says whether no change of the service is within the distance.
func (d *drawer) free(service string, at time.Time) bool {
	ts := d.times[service]
	next, _ := slices.BinarySearchFunc(ts, at.Add(-d.distance), time.Time.Compare)
	return next == len(ts) || ts[next].After(at.Add(d.distance))
}

// spans returns the period that each service's changes span, at least minPlaceboSpan.
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
		if w.To.Sub(w.From) < minPlaceboSpan {
			w.From = w.To.Add(-minPlaceboSpan)
			all[service] = w
		}
	}
	return all
}
