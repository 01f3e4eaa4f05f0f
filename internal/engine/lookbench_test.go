package engine

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/sources"
)

// fiveSignals is a rule as most teams have one.
const fiveSignals = `team: shop
rules:
  - name: red
    watch: {service: "*", environment: production}
    settle: 15s
    bake: 30m
    every: 30s
    history: 1h
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 1 points}
      - {name: latency, histogram: 'http_request_duration_seconds{$match}', slow: 300ms}
      - {name: queue, query: 'max(queue_depth{$match})'}
      - {name: sales, query: 'sum(rate(sales_total{$match}[$__rate_interval]))', worse: lower}
`

// scripted is a metric store of many services, in this process.
type scripted struct{ metricstore.Ranger }

func (scripted) MeasureResolution(context.Context) error { return nil }

// newCrowd is a bench with an open watch of each of so many services, fifteen minutes after
// their changes.
func newCrowd(t testing.TB, services int) *bench {
	t.Helper()
	b := newBench(t, fiveSignals, func(o *Options) {
		store := scripted{metricstore.Ranger{Store: metricstore.New(metricstore.Options{Services: services, Now: o.Now})}}
		o.Metrics = map[string]MetricStore{"": store, "prod": store}
		o.Catalogue = catalogue.Config{Name: "service"}
	})
	for n := range services {
		b.deploy(fmt.Sprintf("v2-%d", n), func(ev *sources.Event) { ev.Service = metricstore.ServiceName(n) })
	}
	b.look()
	b.clock.add(15 * time.Minute)
	b.look()
	return b
}

// lookTogether looks at everything that is due, at once, as the loop does, so that questions are
// merged.
func (b *bench) lookTogether() (looks int) {
	var all sync.WaitGroup
	due, _ := b.looks.Take(b.clock.Now())
	for _, w := range due {
		all.Go(func() { b.looks.Put(b.looker.look(b.t.Context(), w)) })
	}
	all.Wait()
	return len(due)
}

// BenchmarkLook is a round of looks at fifty watches of five signals, each on a real database
// and from fifteen to thirty minutes into the bake.
func BenchmarkLook(t *testing.B) {
	const services = 50
	b, rounds, looks := newCrowd(t, services), 0, 0
	t.ReportAllocs()
	for t.Loop() {
		if rounds++; rounds%25 == 0 {
			t.StopTimer()
			b = newCrowd(t, services)
			t.StartTimer()
		}
		b.clock.add(30 * time.Second)
		looks += b.lookTogether()
	}
	if looks != rounds*services {
		t.Fatalf("%d looks in %d rounds at %d watches", looks, rounds, services)
	}
	t.ReportMetric(float64(t.Elapsed().Nanoseconds())/float64(looks), "ns/look")
}
