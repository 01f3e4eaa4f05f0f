package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/internal/trust"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// A bench drives an engine step by step: with a real database, a clock that only the test
// moves, and metric stores, hooks and receivers that the test controls. One turn does what
// Run does in that time, always in the same order.
type bench struct {
	*Engine
	t       testing.TB
	path    string // of the SQLite file, and the folder of all files
	url     string // of the database; "": the SQLite file
	clock   *clock
	shop    *shop
	hook    *hook
	box     *mailbox
	grafana *board
	queue   *queue
	rule    string
	change  func(*Options)
	events  int
}

// redRule is what most scenarios run under. In five minutes of bake a tick is
// 15 s.
const redRule = `team: shop
rules:
  - name: red
    watch: {service: "*", environment: production}
    settle: 15s
    bake: 5m
    every: 15s
    signals:
      - name: errors
        counter: 'http_requests_total{$match}'
        bad: 'code=~"5.."'
        min_effect: 0.5 points
        min_events: 200
        limit: 20%
    respond:
      - {at_least: suspect, tell: chat}
      - {at_least: likely, tell: pager}
      - {at_least: certain, rollback: {hook: deployer, mode: act}}
      - {on: blind, tell: platform}
      - {on: signal_lost, tell: platform}
      - {on: healthy, tell: chat}
`

// mode is redRule with another mode of acting.
func mode(word string) string { return strings.Replace(redRule, "mode: act", "mode: "+word, 1) }

// began is when every scenario begins. The store has a day of quiet traffic
// before it.
var began = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

// newBench sets an engine up under a rule; change may alter its options.
func newBench(t testing.TB, rule string, change func(*Options)) *bench {
	t.Helper()
	return newBenchOn(t, "", rule, change)
}

// newBenchOn is newBench on the database of a URL.
func newBenchOn(t testing.TB, url, rule string, change func(*Options)) *bench {
	t.Helper()
	c := &clock{now: began}
	b := &bench{
		t: t, url: url, path: filepath.Join(t.TempDir(), "pushback.db"), clock: c, shop: newShop(c),
		hook: &hook{}, box: &mailbox{}, grafana: &board{}, rule: rule, change: change,
	}
	storetest.Create(t, b.path, store.Open)
	b.open()
	t.Cleanup(func() {
		b.wantReplayed()
		b.must(b.Store.Close())
	})
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// open starts an engine on the bench's database, as a process does.
func (b *bench) open() {
	b.t.Helper()
	st, err := store.Open(b.t.Context(), cmp.Or(b.url, "sqlite:"+b.path))
	b.must(err)
	world := rules.World{Hooks: []string{"deployer"}, Receivers: []string{"chat", "pager", "platform"}, Default: "prod"}
	o := Options{
		Store: st, Metrics: map[string]MetricStore{"": b.shop, "prod": b.shop}, World: world,
		Rules: func() (*rules.Set, []rules.Diagnostic) {
			return rules.Load(fstest.MapFS{"red.yml": {Data: []byte(b.rule)}}, world)
		},
		Hooks:   map[string]Hook{"deployer": {Hook: b.hook, Timeout: time.Minute}},
		Senders: map[string]notify.Sender{"chat": b.box.of("chat"), "pager": b.box.of("pager"), "platform": b.box.of("platform")},
		Grafana: b.grafana, FreezeFile: filepath.Join(filepath.Dir(b.path), "freeze"), Limits: rollback.DefaultLimits(),
		Trust: trust.Policy{New: rules.Act, Cap: rules.Act}, ExternalURL: "https://pushback.test",
		Log: slog.New(failedLooks{b.t}), Now: b.clock.Now,
	}
	if b.change != nil {
		b.change(&o)
	}
	b.Engine, err = New(o)
	b.must(err)
	if broken := b.rules.diagnostics(); len(broken) > 0 && b.rule != mistakenRule {
		b.t.Fatal(broken[0])
	}
	b.queue = &queue{clock: b.clock}
	b.jobs = b.queue
	b.must(b.recover(b.t.Context()))
	b.must(b.looks.Reload(b.t.Context()))
}

// restart simulates a kill -9 and the next start: jobs and caches of the process are gone,
// and the database is as it was.
func (b *bench) restart() {
	b.t.Helper()
	b.must(b.Store.Close())
	b.open()
}

// pass advances the clock, five seconds a turn.
func (b *bench) pass(d time.Duration) {
	b.t.Helper()
	for range int(d / (5 * time.Second)) {
		b.clock.add(5 * time.Second)
		b.turn()
	}
}

// until passes time until something holds, for at most half an hour.
func (b *bench) until(what string, holds func() bool) {
	b.t.Helper()
	for limit := b.clock.Now().Add(30 * time.Minute); !holds(); b.pass(5 * time.Second) {
		if b.clock.Now().After(limit) {
			b.t.Fatalf("half an hour without: %s", what)
		}
	}
}

// turn does what is due now: plans, looks, jobs.
func (b *bench) turn() {
	b.t.Helper()
	b.look()
	b.queue.run(b)
}

// look plans changes and looks at due watches, and runs no job.
func (b *bench) look() {
	b.t.Helper()
	ctx := b.t.Context()
	b.must(b.planner.PlanNew(ctx))
	due, _ := b.looks.Take(b.clock.Now())
	for _, w := range due {
		b.looks.Put(b.looker.look(ctx, w))
	}
}

// tell sends the engine an event of now, after alter has changed it.
func (b *bench) tell(id string, s sources.Status, alter func(*sources.Event)) string {
	b.t.Helper()
	b.events++
	ev := sources.Event{
		Source: "pipeline", EventID: fmt.Sprint(b.events), ChangeID: id, Status: s, At: b.clock.Now(),
		Service: "cart", Environment: "production", Kind: sources.Deploy, Version: id, Previous: "v1",
	}
	if alter != nil {
		alter(&ev)
	}
	a, err := take(b.t.Context(), b.Engine, ev)
	b.must(err)
	return a.Change.Key
}

// take hands an event to the engine as the server does.
func take(ctx context.Context, e *Engine, ev sources.Event) (store.Accepted, error) {
	admitted, err := sources.Admit(ev, e.catalogue.CanonicalEvent, e.Now())
	if err != nil {
		return store.Accepted{}, err
	}
	return e.Accept(ctx, admitted, []byte("{}"))
}

// deploy is a change that succeeds at once.
func (b *bench) deploy(version string, alter func(*sources.Event)) string {
	b.t.Helper()
	return b.tell(version, sources.Succeeded, alter)
}

// bad is a deploy that raises errors from 0.5 % to 3 %, until it is rolled
// back.
func (b *bench) bad(version string, alter func(*sources.Event)) string {
	b.t.Helper()
	key := b.deploy(version, alter)
	b.shop.errors("cart", 0.03)
	b.hook.works = func() { b.shop.errors("cart", 0.005) }
	return key
}

func (b *bench) watch(key string) watch.Watch {
	b.t.Helper()
	ws, err := b.Store.WatchesOf(b.t.Context(), key)
	b.must(err)
	if len(ws) == 0 {
		b.t.Fatalf("no watch of %s", key)
	}
	return ws[0]
}

// state is the order's state, "" where there is none.
func (b *bench) state(key string) rollback.State {
	b.t.Helper()
	o, err := b.Store.Order(b.t.Context(), key)
	if errors.Is(err, store.ErrNotFound) {
		return ""
	}
	b.must(err)
	return o.State
}

func (b *bench) ordered(key string, s rollback.State) func() bool {
	return func() bool { return b.state(key) == s }
}

// over reports whether there was an order and it has ended.
func (b *bench) over(key string) func() bool {
	return func() bool { s := b.state(key); return s != "" && s.Final() }
}

func (b *bench) wantState(key string, want rollback.State) {
	b.t.Helper()
	if got := b.state(key); got != want {
		o, _ := b.Store.Order(b.t.Context(), key)
		b.t.Errorf("order is %q (%s), want %q", got, o.Why, want)
	}
}

func (b *bench) wantWatch(key string, want watch.State) {
	b.t.Helper()
	if w := b.watch(key); w.State != want {
		b.t.Errorf("watch is %s (%s), want %s", w.State, w.Reason, want)
	}
}

func (b *bench) wantCalls(n int) {
	b.t.Helper()
	if got := len(b.hook.calls); got != n {
		b.t.Errorf("the hook was called %d times, want %d", got, n)
	}
}

// wantMessage fails the test unless a receiver got exactly one message with these words.
func (b *bench) wantMessage(receiver string, words ...string) notify.Message {
	b.t.Helper()
	var found []notify.Message
	for _, m := range b.box.got[receiver] {
		if text := flat(m); !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(text, w) }) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		b.t.Fatalf("%s got %d messages with %q, want one; all:\n%s", receiver, len(found), words, b.box.all(receiver))
	}
	return found[0]
}

// wantSilence fails the test if a receiver got a message with a word.
func (b *bench) wantSilence(receiver, word string) {
	b.t.Helper()
	if all := b.box.all(receiver); strings.Contains(all, word) {
		b.t.Errorf("%s got a message with %q:\n%s", receiver, word, all)
	}
}
