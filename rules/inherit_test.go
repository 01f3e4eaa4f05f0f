package rules

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

const platformFile = `team: platform
defaults: {bake: 20m, runbook: "https://wiki/platform", respond: [{at_least: likely, tell: platform-chat}]}
rules:
  - name: red
    watch: {service: "*"}
    settle: 3m
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', limit: 5%}
      - {name: latency, histogram: 'http_request_duration_seconds{$match}', slow: 300ms}
`

func TestExtendsThenTeamDefaultsThenPushbacks(t *testing.T) {
	set, found := Load(fstest.MapFS{
		"platform.yml": {Data: []byte(platformFile)},
		"a.yml": {Data: []byte(`team: search
defaults: {bake: 1h, every: 30s}
rules:
  - {name: search, extends: red, watch: {service: search-*}, signals: [{name: latency, slow: 1s}, {name: hits, query: up}]}
`)},
		"b.yml": {Data: []byte("team: search\nrules: [{name: other, watch: {service: x}, signals: [{name: a, query: up}]}]")},
	}, testWorld)
	if len(found) > 0 {
		t.Fatal(found)
	}
	search, other, red := set.Rules()[0], set.Rules()[1], set.Rules()[2]
	var names []string
	for _, s := range search.Signals {
		names = append(names, s.Name)
	}
	if diff := cmp.Diff([]string{"latency", "hits", "errors"}, names); diff != "" {
		t.Error(diff)
	}
	slow := search.Signals[0]
	if slow.Slow != time.Second || slow.AnyOf[0].Histogram == "" || search.Signals[2].Limit == nil {
		t.Errorf("signals are not laid over each other: %+v", search.Signals)
	}
	// From the rule it extends: settle. From its own team: bake. Neither says tick.
	if search.Settle != 3*time.Minute || search.Bake != time.Hour || search.Every != 30*time.Second || search.Team != "search" {
		t.Errorf("%+v", search)
	}
	if len(search.Respond) != 0 || search.Runbook != "" {
		t.Errorf("another team's defaults came along: %+v", search)
	}
	if other.Bake != time.Hour || red.Bake != 20*time.Minute || red.Runbook != "https://wiki/platform" || len(red.Respond) != 1 {
		t.Errorf("defaults: %+v, %+v", other, red)
	}
	for _, r := range set.Rules() {
		if again, found := Parse(r.Text, testWorld); len(found) > 0 || again.Hash != r.Hash {
			t.Errorf("%s does not stand alone: %v\n%s", r.Name, found, r.Text)
		}
	}
}

func TestInheritedMistakesAreReportedOnce(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		var got []string
		for _, d := range load(text) {
			got = append(got, strings.TrimPrefix(d.String(), "rules.yml:"))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
	f("team: t\ndefaults: {bake: 1s, quiet: nights}\nrules:\n- {name: a, watch: {service: x}, signals: [{name: a, query: up}]}\n- {name: b, extends: a, watch: {service: y}}",
		"2:18: this must be from 10s to 1w [out-of-range]",
		`2:29: no window of pushback.yml is called "nights" (there are: christmas, friday) [unknown-window]`)
	f("team: t\nrules:\n- {name: a, watch: {service: x}, signals: [{name: a, query: up(}]}\n- {name: b, extends: a, watch: {service: y}}",
		"3:64: unclosed left parenthesis [bad-promql]")
	f("team: t\nrules:\n- {name: a, watch: {service: x}, signals: [{name: a, query: up}], every: 20m}\n- {name: b, extends: a, watch: {service: y}, bake: 10m}",
		"4:3: this must be from 1s to 10m [out-of-range]")
	f("team: t\nrules:\n- name: a\n  extends: b\n  watch: {service: ''}\n  signals:\n  - {name: e, limit: 1%}\n  - {name: f, query: up(}\n  - {name: g, season: month}",
		`4:12: no rule is called "b" (there is no other rule) [bad-extends]`,
		`5:20: an empty service would watch every service (write "*" if that is meant) [widening]`,
		"8:25: unclosed left parenthesis [bad-promql]",
		`9:23: unknown season "month" (there are: day, week) [unknown-word]`)
	f("team: t\nrules:\n- {name: a, extends: b, watch: {service: x}}\n- {name: b, extends: c, watch: {service: x}}\n- {name: c, extends: c, watch: {service: x}}",
		`3:22: "b" itself extends "c", and a rule can only extend one that extends no other (extend "c") [bad-extends]`,
		`4:22: "c" itself extends "c", and a rule can only extend one that extends no other (extend "c") [bad-extends]`,
		`5:22: a rule cannot extend itself [bad-extends]`)
}

func TestWatchedByTeamAndLabels(t *testing.T) {
	set := mustLoad(t, `{team: t, rules: [{name: a, watch: {service: '*', team: shop*, labels: {tier: web, ring: 'r[12]'}}, signals: [{name: a, query: up}]}]}`)
	f := func(owner string, labels map[string]string, want bool) {
		t.Helper()
		if got := len(set.For(sources.Change{Service: "cart", Labels: labels}, Service{Name: "cart", Owner: owner})) == 1; got != want {
			t.Errorf("%s %v: %v", owner, labels, got)
		}
	}
	f("shop", map[string]string{"tier": "web", "ring": "r1"}, true)
	f("shop-two", map[string]string{"tier": "web", "ring": "r2", "more": "x"}, true)
	f("shop", map[string]string{"tier": "web", "ring": "r3"}, false)
	f("shop", map[string]string{"tier": "web"}, false)
	f("search", map[string]string{"tier": "web", "ring": "r1"}, false)
	f("", map[string]string{"tier": "web", "ring": "r1"}, false)
}

func TestNarrowingKeysMayNotBeEmpty(t *testing.T) {
	for _, key := range []string{`team: ""`, `environment: ""`, `region: ""`, `labels: {}`, `labels: {a: ""}`, `kind: []`, `except: []`} {
		found := load("{team: t, rules: [{name: a, watch: {service: x, " + key + "}, signals: [{name: a, query: up}]}]}")
		if len(found) != 1 || found[0].Code != codeWidening {
			t.Errorf("%s: %v", key, found)
		}
	}
}

func TestQuietHoursHoldBackWhatCanWait(t *testing.T) {
	lines := "{at_least: suspect, tell: a}, {at_least: certain, tell: b}, {on: inconclusive, tell: c}, {on: blind, tell: d}, {on: signal_lost, tell: e}"
	f := func(m Moment, want ...int) {
		t.Helper()
		var got []int
		for _, a := range boundWith(t, lines, ", quiet: nights").Respond(m) {
			got = append(got, a.Line)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
	night := func(m Moment) Moment {
		return momentWith(m, func(m *Moment) { m.Freezes = map[string]bool{"nights": true} })
	}
	f(at(detector.Likely), 0)
	f(night(at(detector.Likely)))
	f(night(at(detector.Certain)), 1)
	f(night(momentWith(at(detector.None), func(m *Moment) { m.State, m.Final = watch.Inconclusive, true })))
	f(night(momentWith(at(detector.None), func(m *Moment) { m.State, m.Final = watch.Blind, true })), 3)
	f(night(momentWith(at(detector.None), func(m *Moment) { m.Verdict.Reason = detector.SignalLost })), 4)
}

func TestReasonsHavePoliciesAndLines(t *testing.T) {
	act := "{at_least: certain, rollback: {hook: undo, mode: act}}"
	f := func(policies string, m Moment, want Mode) {
		t.Helper()
		actions := boundWith(t, act, ", policies: "+policies).Respond(m)
		if len(actions) != 1 || actions[0].Rollback.Mode != want {
			t.Errorf("%s: %+v, want %v", policies, actions, want)
		}
	}
	confounded := momentWith(at(detector.Certain), func(m *Moment) { m.Verdict.Signals[0].Reason = detector.Confounded })
	quiet := momentWith(at(detector.Certain), func(m *Moment) {
		m.Verdict.Signals = append(m.Verdict.Signals, detector.Evidence{Signal: "z", Reason: detector.TooLittleTraffic})
	})
	f("{confounded: ask}", confounded, Ask)
	f("{confounded: observe, limit: act}", confounded, Observe)
	f("{confounded: ask}", at(detector.Certain), Act)
	f("{too_little_traffic: observe}", quiet, Act) // that signal says nothing against the change

	line := boundWith(t, "{on: confounded, tell: a}", "")
	if len(line.Respond(confounded)) != 0 {
		t.Error("answered before the end of the bake")
	}
	if len(line.Respond(momentWith(confounded, func(m *Moment) { m.Final = true }))) != 1 {
		t.Error("not answered at the end of the bake")
	}
}

func TestConditionsUseTheEvidence(t *testing.T) {
	m := momentWith(at(detector.Likely), func(m *Moment) {
		m.Verdict.Signals[0].Effect = detector.Effect{Forecast: 1, After: 3, Difference: 2, Ratio: 3}
		m.Verdict.Signals[0].Counts = &detector.Tally{TotalAfter: 500}
		m.Business = true
	})
	f := func(when string, want bool) {
		t.Helper()
		if flaws := conditionErrors(when, nil); len(flaws) > 0 {
			t.Fatalf("%s: %+v", when, flaws)
		}
		if got := len(boundWith(t, "{at_least: suspect, tell: a, when: '"+when+"'}", "").Respond(m)) == 1; got != want {
			t.Errorf("%s: %v", when, got)
		}
	}
	f(`signals.e.ratio > 2 && signals["e"].events >= 500`, true)
	f(`any(evidence, .grade == "likely" && .difference > 1)`, true)
	f(`count(evidence, .grade == "certain") > 0`, false)
	f(`signals.unheard.ratio > 2`, false)
	f(`business_hours()`, true)
	f(`!business_hours()`, false)
}
