package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/audit"
	"github.com/pushback/pushback/internal/replay"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// wantReplayed fails the test unless every verdict that the journal holds is equal when it is
// judged again. Every bench does this at its end, so that each scenario of these tests is
// judged again.
func (b *bench) wantReplayed() (verdicts int) {
	b.t.Helper()
	ctx := context.WithoutCancel(b.t.Context()) // it is over when the test has cleaned up
	byChange := map[string][]replay.Entry{}
	b.must(b.Store.Audit(ctx, time.Time{}, time.Time{}, func(e store.Entry) error {
		byChange[e.ChangeKey] = append(byChange[e.ChangeKey], replay.Entry{Seq: e.Seq, Actor: e.Actor, Action: e.Action, Detail: e.Detail})
		return nil
	}))
	for key, entries := range byChange {
		for _, r := range replay.Change(entries, func(hash string) (detector.Profile, error) { return b.Store.ProfileByHash(ctx, hash) }) {
			verdicts++
			if r.State != replay.Equal {
				b.t.Errorf("%s, entries %v: %s %s %+v", key, r.Seqs, r.State, r.Why, r.Differences)
			}
		}
	}
	return verdicts
}

// wantReplayedFromExport judges again from an export alone, which is read while the engine has
// the database open.
func (b *bench) wantReplayedFromExport(key string) (verdicts int) {
	b.t.Helper()
	var file bytes.Buffer
	beside, err := store.OpenReadOnly(b.t.Context(), cmp.Or(b.url, "sqlite:"+b.path))
	b.must(err)
	_, err = audit.Export(b.t.Context(), &file, beside, time.Time{}, time.Time{})
	b.must(errors.Join(err, beside.Close()))
	record, chain, err := audit.ReadChange(&file, key)
	b.must(err)
	b.must(chain.Broken())
	var entries []replay.Entry
	for _, e := range record.Entries {
		entries = append(entries, replay.Entry{Seq: e.Seq, Actor: e.Actor, Action: e.Action, Detail: e.Detail})
	}
	for _, r := range replay.Change(entries, record.Profile) {
		verdicts++
		if r.State != replay.Equal {
			b.t.Errorf("from the export: %s, entries %v: %s %s %+v", key, r.Seqs, r.State, r.Why, r.Differences)
		}
	}
	return verdicts
}

// mixedRule judges counts, a level, a controlled signal and an experiment's arms, on two
// horizons, and only tells.
const mixedRule = `team: shop
rules:
  - name: red
    watch: {service: "*", environment: production}
    settle: 15s
    bake: 5m
    every: 15s
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 0.5 points, min_events: 200, limit: 20%, lost: act}
      - {name: load, query: 'load{$match}', worse: either, min_effect: 5%}
      - {name: against, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 0.5 points, control: 'http_requests_total{job="search"}'}
    respond:
      - {at_least: suspect, tell: chat}
      - {at_least: likely, tell: pager}
      - {at_least: certain, tell: platform}
      - {at_least: certain, rollback: {hook: deployer, mode: MODE}}
      - {on: blind, tell: platform}
      - {on: signal_lost, tell: platform}
      - {on: healthy, tell: chat}
  - name: split
    watch: {service: cart, environment: production, kind: experiment}
    settle: 15s
    bake: 5m
    every: 15s
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', min_effect: 0.5 points, control: {series: 'http_requests_total{job="search"}', split: 50%}}
    respond:
      - {at_least: suspect, tell: chat}
`

// mixedRun ships changes of all kinds to services that behave in all ways, drawn from a seed.
// Profiles are stale, missing, fresh and replaced meanwhile.
func mixedRun(t *testing.T, seed uint64, url string) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 12))
	mode := []string{"observe", "ask", "act"}[r.IntN(3)]
	b := newBenchOn(t, url, strings.Replace(mixedRule, "MODE", mode, 1), scheduled)
	var keys []string
	for i := range 5 {
		if r.IntN(2) == 0 {
			b.must(b.keep("profiles"))
		}
		b.clock.add(time.Duration(r.IntN(50)) * time.Hour)
		keys = append(keys, b.shipAny(r, fmt.Sprintf("v%d", i+2)))
		for range 3 {
			b.pass(time.Duration(r.IntN(4)) * time.Minute)
			b.shop.fault = nil
			if r.IntN(3) == 0 {
				b.must(b.profiles.Relearn(t.Context(), b.clock.Now().Add(-4*time.Hour))) // when all have had their moment
			}
			if r.IntN(6) == 0 {
				b.shop.fault = errDown
			}
		}
		b.shop.fault = nil
		b.pass(8 * time.Minute)
		b.shop.next("cart", func(p *phase) { *p = phase{from: p.from, rate: 50, errors: 0.005} })
	}
	_, err := b.Store.Prune(t.Context(), store.Ages{Before: b.clock.Now().Add(time.Hour)})
	b.must(err)
	verdicts := 0
	for _, key := range keys {
		verdicts += b.wantReplayedFromExport(key)
	}
	if verdicts < len(keys) {
		t.Errorf("%d verdicts of %d changes", verdicts, len(keys))
	}
}

// shipAny ships a change of any kind, after which the service behaves in any way.
func (b *bench) shipAny(r *rand.Rand, version string) string {
	b.t.Helper()
	kind := []sources.Kind{sources.Deploy, sources.Deploy, sources.Config, sources.Experiment}[r.IntN(4)]
	if r.IntN(4) == 0 {
		b.deploy("c"+version, func(e *sources.Event) { e.Kind = sources.Config }) // may as well be the cause
	}
	status := []sources.Status{sources.Succeeded, sources.Succeeded, sources.Succeeded, sources.Failed, sources.Started}[r.IntN(5)]
	key := b.tell(version, status, func(e *sources.Event) { e.Kind = kind })
	switch r.IntN(6) {
	case 0:
		b.shop.lose("cart")
	case 1:
		b.shop.next("cart", func(p *phase) { p.rate = 0.1 })
	default:
		b.shop.errors("cart", []float64{0.005, 0.008, 0.02, 0.03, 0.5}[r.IntN(5)])
	}
	return key
}

// TestEveryVerdictOfAMixedRunIsJudgedAgain: from the database at the end of every bench, and
// from an export, after the retention has deleted what it may.
func TestEveryVerdictOfAMixedRunIsJudgedAgain(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			mixedRun(t, seed, "")
		})
	}
}

// TestProfilesWithoutAWatchAreJudgedAgain: a look may be judged by a profile that its watch
// is not pinned to, and each bench judges again at its end. One is a day old. The other was
// learned when the service had a shape, which it has no longer.
func TestProfilesWithoutAWatchAreJudgedAgain(t *testing.T) {
	t.Parallel()
	unpinned := func(b *bench, key string) {
		b.t.Helper()
		r, err := b.Store.LastRecord(t.Context(), b.watch(key).ID)
		b.must(err)
		if w := b.watch(key); len(w.Profiles) != 0 || r.Verdict.Signals[0].History == 0 {
			b.t.Errorf("pinned to %v, with a history of %d ticks", w.Profiles, r.Verdict.Signals[0].History)
		}
		if b.wantReplayed() == 0 {
			b.t.Error("nothing was judged")
		}
	}
	old := newBench(t, redRule, scheduled)
	old.must(old.keep("profiles"))
	old.clock.add(26 * time.Hour)
	key := old.bad("v2", nil)
	old.pass(8 * time.Minute)
	unpinned(old, key)

	b := newBench(t, longRule("5m"), scheduled)
	var good []string
	for _, version := range []string{"v2", "v3", "v4", "v5", "v6"} {
		good = append(good, b.warmingDeploy(version, 0.005))
	}
	b.clock.add(time.Hour)
	b.rule = longRule("0s")
	b.restart()
	b.must(b.keep("profiles"))
	for _, key := range good {
		b.must(b.Store.PutOutcome(t.Context(), store.Outcome{WatchID: key + ".red", ChangeKey: key, Fired: true, FalseAlarm: true}))
	}
	b.clock.add(2 * time.Minute) // looks ask for the shapes of a service once a minute
	key = b.warmingDeploy("v7", 0.005)
	unpinned(b, key)
}
