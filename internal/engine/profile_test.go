package engine

import (
	"bytes"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// keep runs the task of a name, as the scheduler does.
func (b *bench) keep(name string) error {
	b.t.Helper()
	for _, a := range b.scheduler.tasks() {
		if a.name == name {
			return b.scheduler.runDue(b.t.Context(), a)
		}
	}
	b.t.Fatalf("no appointment %q", name)
	return nil
}

// histories are the ranges of a day and more that the store was asked for.
func (b *bench) histories() int {
	n := 0
	for q, times := range b.shop.asked {
		if q.window.To.Sub(q.window.From) > 5*time.Hour {
			n += times
		}
	}
	return n
}

func scheduled(o *Options) {
	o.Profiles = rules.Schedule{Cron: "0 2,14 * * *"}
	o.Catalogue.List = []rules.Service{{Name: "cart", Match: map[string]string{"job": "cart"}}, {Name: "search", Match: map[string]string{"job": "search"}}}
}

func TestProfilesAreThereBeforeTheChange(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.must(b.keep("profiles"))
	asked := b.histories()
	if asked != 2 {
		t.Errorf("%d histories fetched for a signal of two services, want 2", asked)
	}
	key := b.deploy("v2", nil)
	b.pass(2 * time.Minute)
	if w := b.watch(key); len(w.Profiles) != 1 {
		t.Errorf("the watch is judged by %v", w.Profiles)
	}
	if n := b.histories(); n != asked {
		t.Errorf("%d histories were fetched for the change", n-asked)
	}
	if b.profiles.Pending() != 0 {
		t.Error("a lesson was asked for")
	}
}

func TestChangeDoesNotWaitForItsProfile(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, nil)
	key := b.deploy("v2", nil)
	b.pass(time.Minute)
	if n := b.profiles.Pending(); n != 1 {
		t.Fatalf("%d lessons asked for, want one", n)
	}
	b.wantEvidence(key, "has not been learned yet")
	b.must(b.profiles.LearnPending(t.Context()))
	b.pass(30 * time.Second)
	if w := b.watch(key); len(w.Profiles) != 1 {
		t.Errorf("the watch does not take up its profile: %v", w.Profiles)
	}
}

func TestStaleProfileServesUntilAFreshOneIsThere(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.must(b.keep("profiles"))
	b.clock.add(26 * time.Hour)
	key := b.deploy("v2", nil)
	b.pass(2 * time.Minute)
	b.wantEvidence(key, "was learned 26 h before the change")
	if w := b.watch(key); len(w.Profiles) != 0 {
		t.Errorf("the watch holds on to a stale profile: %v", w.Profiles)
	}
	b.must(b.profiles.LearnPending(t.Context()))
	b.pass(30 * time.Second)
	if w := b.watch(key); len(w.Profiles) != 1 {
		t.Errorf("the watch does not take up the fresh profile: %v", w.Profiles)
	}
}

// wantEvidence fails the test unless the last record of a change's watch has these words.
func (b *bench) wantEvidence(key, words string) {
	b.t.Helper()
	if notes := b.evidence(key); !strings.Contains(notes, words) {
		b.t.Errorf("the evidence says %q, nothing of %q", notes, words)
	}
}

// evidence is the notes of the last record of a change's watch.
func (b *bench) evidence(key string) string {
	b.t.Helper()
	records, err := b.Store.Records(b.t.Context(), b.watch(key).ID)
	b.must(err)
	if len(records) == 0 {
		b.t.Fatal("no record")
	}
	var notes []string
	for _, e := range records[len(records)-1].Verdict.Signals {
		notes = append(notes, e.Notes...)
	}
	return strings.Join(notes, " ")
}

func TestScheduleCatchesUp(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled) // it is 10:00
	learned := func(want int, when string) {
		t.Helper()
		before := b.histories()
		b.must(b.keep("profiles"))
		if got := b.histories() - before; got != want {
			t.Errorf("%s: %d histories fetched, want %d", when, got, want)
		}
	}
	learned(2, "the first start")
	learned(0, "a moment later")
	b.clock.add(3 * time.Hour)
	b.restart()
	learned(0, "after a restart, with nothing missed")
	spread := func(when string) {
		t.Helper()
		before := b.histories()
		b.must(b.keep("profiles"))
		if got := b.histories() - before; got == 2 {
			t.Errorf("%s: all is learned at once", when)
		}
		b.clock.add(4 * time.Hour)
		b.must(b.keep("profiles"))
		if got := b.histories() - before; got != 2 {
			t.Errorf("%s: %d histories fetched four hours later, want 2", when, got)
		}
	}
	b.clock.add(49 * time.Hour) // 14:00
	b.restart()
	spread("after four runs were missed")
	learned(0, "which are made up for once")
	b.clock.add(8 * time.Hour) // 02:00
	spread("when it is time")

	b.clock.add(13 * time.Hour)
	b.shop.fault = errDown
	if b.keep("profiles") == nil {
		t.Error("a run without a metric store succeeded")
	}
	b.shop.fault = nil
	learned(0, "at once after a failure")
	b.clock.add(taskRetry)
	learned(2, "a while after a failure")
}

// A query that fails for one service does not fail the whole run.
func TestOneFailingQueryIsNoOutage(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.shop.heavy = "search"
	b.must(b.keep("profiles"))
	if last, err := b.Store.LastRun(t.Context(), "profiles"); err != nil || !last.Equal(began) {
		t.Errorf("the run counts from %s, %v", last, err)
	}
	if n := b.histories(); n != 1 {
		t.Errorf("%d histories fetched, want that of the service that answers", n)
	}
	if !b.profiles.NeedsLearning(b.rules.set().Rules()[0]) {
		t.Error("the rule is taken for taught")
	}
}

// A run that was interrupted continues with what is left.
func TestInterruptedRunGoesOn(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.must(b.keep("profiles"))
	b.clock.add(4 * time.Hour) // 14:00
	before, first := b.histories(), 0
	for ; first == 0; first = b.histories() - before {
		b.clock.add(time.Minute)
		b.must(b.keep("profiles"))
	}
	if first != 1 {
		t.Fatalf("%d histories fetched at the first moment, want that of one service", first)
	}
	b.restart()
	b.must(b.keep("profiles"))
	if got := b.histories() - before; got != 1 {
		t.Errorf("%d histories fetched twice", got-1)
	}
	b.clock.add(4 * time.Hour)
	b.must(b.keep("profiles"))
	if got := b.histories() - before; got != 2 {
		t.Errorf("%d histories fetched in all, want those of both services", got)
	}
}

func TestChangedRuleIsLearnedAtOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	taught := func(want int, when string) {
		t.Helper()
		before := b.histories()
		b.must(b.profiles.LearnChangedRules(t.Context()))
		if got := b.histories() - before; got != want {
			t.Errorf("%s: %d histories fetched, want %d", when, got, want)
		}
	}
	taught(2, "at the start")
	b.profiles.RulesChanged()
	<-b.profiles.Changed()
	b.rule = strings.Replace(redRule, "5..", "5.+", 1)
	if broken := b.Reload(t.Context()); len(broken) != 0 {
		t.Fatal(broken)
	}
	<-b.profiles.Changed()
	taught(2, "another query")
	b.Reload(t.Context())
	taught(0, "the same rules again")
	b.rule = strings.Replace(b.rule, "limit: 20%", "limit: 30%", 1)
	b.Reload(t.Context())
	taught(0, "another limit, of the same query")
}

// Rules with equal queries for one change ask them once a look.
func TestWatchesShareTheirQueries(t *testing.T) {
	t.Parallel()
	twice := strings.Replace(redRule, "    respond:", "    respond: &r", 1)
	rule := twice[strings.Index(twice, "  - name: red"):]
	second := strings.Replace(strings.Replace(rule, "name: red", "name: blue", 1), "respond: &r", "respond:", 1)
	b := newBench(t, redRule+second, scheduled)
	b.must(b.keep("profiles"))
	clear(b.shop.asked)
	key := b.deploy("v2", nil)
	b.pass(3 * time.Minute)
	ws, err := b.Store.WatchesOf(t.Context(), key)
	b.must(err)
	if len(ws) != 2 {
		t.Fatalf("%d watches", len(ws))
	}
	looks := 0
	for q, times := range b.shop.asked {
		if times != 1 {
			t.Errorf("%s from %s to %s was asked %d times", q.expr, q.window.From, q.window.To, times)
		}
		if q.window.From.Equal(b.clock.Now().Add(-3*time.Minute)) && !strings.Contains(q.expr, "code=~") {
			looks++
		}
	}
	// 15 s to settle, and a look every 15 s from then on.
	if looks < 10 || looks > 12 {
		t.Errorf("%d questions for the total after the change, want one a look", looks)
	}
}

func TestProfileMetrics(t *testing.T) {
	t.Parallel()
	set := metrics.NewSet()
	b := newBench(t, redRule, func(o *Options) { scheduled(o); o.Telemetry = NewTelemetry(set) })
	b.must(b.keep("profiles"))
	b.clock.add(time.Hour)
	b.shop.fault = errDown
	b.clock.add(24 * time.Hour)
	b.shop.fault = nil
	b.deploy("v2", nil)
	b.pass(time.Minute) // a change asks for a fresh profile
	b.shop.fault = errDown
	if b.profiles.LearnPending(t.Context()) == nil {
		t.Error("a profile was learned from a store that is down")
	}
	b.clock.add(-24*time.Hour - time.Minute)
	var page bytes.Buffer
	set.WritePrometheus(&page)
	for _, line := range []string{
		"pushback_profiles_wanted 2", "pushback_profiles_missing 0", "pushback_profile_oldest_age_seconds 3600",
		`pushback_profiles_total{result="learned"} 2`, `pushback_profiles_total{result="failed"} 1`,
		fmt.Sprintf(`pushback_schedule_last_run_timestamp_seconds{schedule="profiles"} %d`, began.Unix()),
	} {
		if !strings.Contains(page.String(), line+"\n") {
			t.Errorf("no %q in\n%s", line, page.String())
		}
	}
}

func TestCandidates(t *testing.T) {
	t.Parallel()
	b := newBench(t, redRule, scheduled)
	b.deploy("v2", func(ev *sources.Event) { ev.Service, ev.Environment = "old", "staging" })
	for _, flag := range []string{"a", "e"} {
		b.deploy("v2", func(ev *sources.Event) {
			ev.Service, ev.Environment, ev.Kind, ev.Group = "old", "staging", sources.Flag, flag
		})
	}
	candidates, err := b.profiles.Candidates(t.Context(), b.rules.set().Rules())
	b.must(err)
	got, flags := map[string]bool{}, 0
	for _, s := range candidates {
		if s.Kind == sources.Flag {
			flags++
		}
		got[s.Service+" in "+s.Environment] = true
	}
	want := map[string]bool{"old in staging": true, "cart in production": true, "search in production": true}
	if !maps.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if flags != 1 {
		t.Errorf("%d candidates for two flags of one service: both have the same profiles", flags)
	}
}
