package scale

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/proof/metricstore"
	"github.com/pushback/pushback/internal/proof/program"
)

// Viewing is what it costs that so many people have one page open while a deploy is watched.
type Viewing struct {
	Page    string
	Dialect string
	Viewers int
	Sample  Sample // while they look
	Seen    Seen   // by all of them
}

const (
	viewEvery   = 10 * time.Second // between looks at the change that people watch
	viewSignals = 20               // of it
	viewed      = 0                // number of its service
	others      = 329              // changes of other services in the last day, of which some are watched
	leastView   = 70 * time.Second // that a measurement takes: the first page asks every minute even where nothing moves
	openWithin  = 20 * time.Second // in which people open their pages
)

// viewRules is the rule for the change that people watch: its page has 20 signals with up to 960 ticks since the change.
func viewRules() string {
	var b strings.Builder
	fmt.Fprintf(&b, `team: shop
rules:
  - name: live
    watch: {service: "%s", environment: production}
    settle: 15s
    bake: 4h
    tick: 15s
    every: %s
    before: 200
    history: 1h
    respond:
      - {at_least: likely, tell: chat}
      - {at_least: certain, rollback: {hook: hook, mode: ask}}
    signals:
      - {name: latency, histogram: 'http_request_duration_seconds{$match}', slow: 300ms}
`, metricstore.ServiceName(viewed), viewEvery)
	for n := range viewSignals - 3 {
		fmt.Fprintf(&b, "      - {name: queue-%d, query: 'max(queue_depth{$match}) * %d'}\n", n, n+1)
	}
	// The last one, so that it moves to the first place when it gets worse: the page is another one then.
	b.WriteString("      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~\"5..\"', min_effect: 1 points, limit: 20%}\n")
	return b.String()
}

// wallSettings are the main signals of the first page.
const wallSettings = `wall:
  - {name: Orders, query: 'sum(rate(sales_total[$__rate_interval]))', unit: orders/s}
  - {name: Requests, query: 'sum(rate(http_requests_total[$__rate_interval]))', unit: requests/s}
`

// runViewing measures the program with nobody looking, with people who look at the page of a change, with people who look at
// the first page, and with people who look at the change while it goes bad.
func runViewing(ctx context.Context, o Options) (all []Viewing, err error) {
	o.For = max(o.For, leastView)
	w, err := newViewedWorld(ctx, o)
	if err != nil {
		return nil, err
	}
	defer w.close()
	key, err := w.openViewed(ctx)
	if err != nil {
		return nil, err
	}
	change := page{name: "a change", path: "/changes/" + key, stream: "/v1/stream?change=" + key}
	first := page{name: "the first page", path: "/", stream: "/v1/stream?looks=no", every: time.Minute, also: w.keepDeploying}
	worse := change
	worse.name, worse.also = "a change that goes bad", func(context.Context) error { w.store.BreakDown(viewed, time.Now()); return nil }
	for _, v := range []struct {
		page
		viewers int
	}{{page{name: "nobody"}, 0}, {change, o.Viewers}, {first, o.Viewers}, {worse, o.Viewers}} {
		o.say("%d people look at %s", v.viewers, v.name)
		seen, err := w.view(ctx, v.page, v.viewers)
		if err != nil {
			return all, fmt.Errorf("%d people look at %s: %w", v.viewers, v.name, err)
		}
		o.say("%.2f cores (%.2f beside); %s", seen.Sample.Cores, seen.Sample.Beside, seen.Seen)
		all = append(all, seen)
	}
	return all, nil
}

// keepDeploying reports a change of another service every viewEvery, as long as the measurement takes.
func (w *world) keepDeploying(ctx context.Context) error {
	for n := range int(w.For / viewEvery) {
		if err := w.deploy(ctx, viewed+1+n, 1, openRate, 0); err != nil {
			return err
		}
		if err := pause(ctx, viewEvery); err != nil {
			return err
		}
	}
	return nil
}

func newViewedWorld(ctx context.Context, o Options) (*world, error) {
	return newWorldOf(ctx, o, Viewers, others+1, viewedFiles)
}

// viewedFiles is files with the main signals of the first page, and with a rule of its own for the change that people look at.
func viewedFiles(metrics, outlets string) map[string]string {
	all := files(metrics, outlets)
	all["rules/live.yml"] = viewRules()
	all["pushback.yml"] += wallSettings
	all["rules/red.yml"] = strings.ReplaceAll(all["rules/red.yml"], `{service: "service-*0",`, fmt.Sprintf(`{service: "service-*0", except: [%s],`, metricstore.ServiceName(viewed)))
	return all
}

// openViewed reports the change that people will look at, and others before it, and waits for its first looks.
func (w *world) openViewed(ctx context.Context) (key string, err error) {
	if err := w.begin(ctx); err != nil {
		return "", err
	}
	if err := w.deploy(ctx, viewed+1, others, openRate, 20*time.Hour); err != nil {
		return "", err
	}
	if err := w.deploy(ctx, viewed, 1, openRate, 3*time.Hour+50*time.Minute); err != nil {
		return "", err
	}
	var found struct {
		Changes []struct {
			Key     string
			Signals []struct{ After []float64 }
		}
	}
	ok, err := w.await(ctx, openLimit, func(m program.Metrics) bool {
		if m.Sum("pushback_looks_total") < others {
			return false // what comes of so many changes at once is no part of what viewers cost
		}
		err := w.Get(ctx, "/v1/watched?service="+metricstore.ServiceName(viewed), &found)
		return err == nil && len(found.Changes) == 1 && len(found.Changes[0].Signals) == viewSignals
	})
	if err == nil && !ok {
		err = fmt.Errorf("the change was not looked at with %d signals within %s: %+v", viewSignals, openLimit, found)
	}
	if err != nil {
		return "", err
	}
	return found.Changes[0].Key, nil
}

// view has people open a page, and measures when all of them have.
func (w *world) view(ctx context.Context, p page, viewers int) (v Viewing, err error) {
	v = Viewing{Page: p.name, Dialect: w.Dialect(), Viewers: viewers}
	looking, leave := context.WithCancel(ctx)
	defer leave()
	var all errgroup.Group
	counted := new(counters)
	opened := make(chan struct{}, viewers)
	for n := range viewers {
		one, err := w.newViewer(ctx, p, counted)
		if err != nil {
			return v, err
		}
		all.Go(func() error {
			if err := pause(looking, openWithin*time.Duration(n)/time.Duration(viewers)); err != nil {
				return unlessOver(looking, err)
			}
			return one.look(looking, opened)
		})
	}
	for range viewers {
		select {
		case <-opened:
		case <-time.After(openLimit):
			leave()
			return v, fmt.Errorf("not every page was open after %s: %w", openLimit, all.Wait())
		}
	}
	before := counted.now()
	v.Sample, err = w.sample(ctx, func(ctx context.Context) error {
		also, ctx := errgroup.WithContext(ctx)
		if p.also != nil {
			also.Go(func() error { return p.also(ctx) })
		}
		also.Go(func() error { return w.nothing(ctx) })
		return also.Wait()
	})
	v.Seen = counted.now().since(before)
	leave()
	if failed := all.Wait(); err == nil {
		err = failed
	}
	return v, err
}
