package scale

import (
	"context"
	"fmt"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
)

const (
	broken      = 20 // services whose change is bad
	breachLimit = 3 * time.Minute
)

// Breach is how soon bad changes were rolled back.
type Breach struct {
	Broken int
	Called int               // the hook, for so many of them
	First  program.Quantiles // from the store's first answer that showed it to the call of the hook
	Last   program.Quantiles // from the store's last answer before the call: the deciding sample
}

// String is for people who wait.
func (b Breach) String() string {
	return fmt.Sprintf("the hook was called for %d of %d bad changes; after the first answer that showed it %s ms, after the deciding one %s ms",
		b.Called, b.Broken, b.First, b.Last)
}

// breach ships a bad change of services that nothing else is known of, and waits for the calls
// of the hook.
func (w *world) breach(ctx context.Context, first int) (Breach, error) {
	if err := w.deploy(ctx, first, broken, openRate, 0); err != nil {
		return Breach{}, err
	}
	for n := range broken {
		w.store.BreakDown(first+n, time.Now())
	}
	end := time.Now().Add(breachLimit)
	for time.Now().Before(end) && w.outlets.called(first, broken) < broken {
		if err := pause(ctx, time.Second); err != nil {
			return Breach{}, err
		}
	}
	return w.outlets.breach(first, broken), nil
}

// call is a call of the hook, and what the store had shown of the service until then.
type call struct {
	at    time.Time
	shown metricstore.Shown
}

func (o *outlets) called(first, n int) (calls int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for service := range n {
		if _, ok := o.calls[metricstore.ServiceName(first+service)]; ok {
			calls++
		}
	}
	return calls
}

func (o *outlets) breach(first, n int) Breach {
	o.mu.Lock()
	defer o.mu.Unlock()
	var afterFirst, afterLast []time.Duration
	for service := range n {
		if c, ok := o.calls[metricstore.ServiceName(first+service)]; ok {
			afterFirst, afterLast = append(afterFirst, c.at.Sub(c.shown.First)), append(afterLast, c.at.Sub(c.shown.Last))
		}
	}
	return Breach{Broken: n, Called: len(afterFirst), First: program.QuantilesOf(afterFirst), Last: program.QuantilesOf(afterLast)}
}
