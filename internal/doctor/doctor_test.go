package doctor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/readiness"
	"github.com/pushback/pushback/internal/survey"
	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// check compares the status of a check, and looks for words in its reason and its next step.
func check(t *testing.T, c Check, status Status, words ...string) {
	t.Helper()
	if c.Status != status {
		t.Errorf("%s: %s, want %s", c.Status, c.Reason, status)
	}
	for _, w := range words {
		if !strings.Contains(c.Reason+"\n"+c.Next, w) {
			t.Errorf("%q, next %q: lacks %q", c.Reason, c.Next, w)
		}
	}
}

// only is the one check that has these words.
func only(t *testing.T, all []Check, words string) Check {
	t.Helper()
	found := slices.DeleteFunc(slices.Clone(all), func(c Check) bool { return !strings.Contains(c.Reason, words) })
	if len(found) != 1 {
		t.Fatalf("%d checks say %q: %+v", len(found), words, all)
	}
	return found[0]
}

func TestSteps(t *testing.T) {
	r := NewReport([]Check{
		Of(Config, "", OK, "", "fine"),
		Of(HistoryArea, "a", Warn, "do a", "a; more"),
		{Area: HistoryArea, Status: Warn, Reason: "soon", Next: "wait", waits: true},
		Of(Daemon, "", NotChecked, "do b", "b"),
		Of(DiskArea, "", Fail, "do c", "c"),
		Of(Store, "", Warn, "do c", "said already"),
	})
	var order []string
	for _, s := range r.Next {
		order = append(order, s.Why+": "+s.Do)
	}
	want := []string{"c: do c", "a: do a", "b: do b", "soon: wait"}
	if !slices.Equal(order, want) {
		t.Errorf("steps %q, want %q", order, want)
	}
	if !r.Failed() || r.Summary() != "1 ok, 3 to look at, 1 failing, 1 not checked" {
		t.Error(r.Summary())
	}
	if NewReport(nil).Failed() {
		t.Error("nothing fails")
	}
}

func TestClock(t *testing.T) {
	f := func(skew, uncertain time.Duration, status Status, words ...string) {
		t.Helper()
		check(t, Clock("metrics.prod", skew, uncertain), status, append(words, "metrics.prod")...)
	}
	f(0, time.Second, OK, "agrees")
	f(5*time.Second, time.Second, OK)
	f(6*time.Second, time.Second, Warn, "6s ahead of", "set-ntp")
	f(-time.Minute, time.Second, Warn, "1m0s behind")
	f(-time.Hour, time.Second, Fail, "1h0m0s behind", "wrong time")
	f(-time.Hour, time.Hour, OK) // the answer took two hours, so that nothing is known
}

func TestLooks(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	due := func(ago time.Duration) watch.Watch { return watch.Watch{Every: 15 * time.Second, Next: now.Add(-ago)} }
	check(t, Looks(nil, true, now, "serve"), OK)
	check(t, Looks([]watch.Watch{due(-time.Minute), due(70 * time.Second)}, true, now, "serve"), OK, "2 watches open")
	check(t, Looks([]watch.Watch{due(0), due(80 * time.Second)}, true, now, "serve"), Fail, "1 watch are late, by up to 1m20s", "pushback status")
	check(t, Looks([]watch.Watch{due(time.Hour)}, false, now, "serve it"), Fail, "no daemon runs", "serve it")
}

func TestDisk(t *testing.T) {
	check(t, Disk("data", 50e9, 100e9, 1e6, 0), OK, "50 GB free of 100 GB", "1.0 MB")
	check(t, Disk("data", 50e9, 100e9, 1e6, 1e9), OK, "grows by 1000.0 MB a day")
	check(t, Disk("data", 50e9, 100e9, 1e6, 2e9), Warn, "full in 25 days", "retention")
	check(t, Disk("data", 900e6, 100e9, 0, 0), Warn)
	check(t, Disk("data", 90e6, 100e9, 0, 1), Fail, "df -h data")
}

func TestEnvironment(t *testing.T) {
	known := []string{"PUSHBACK_SERVER", "PUSHBACK_CONFIG"}
	all := Environment([]string{"HOME=/", "PUSHBACK_SERVER=x", "PUSHBACK_SERVRE=x", "PUSHBACK_URL=a-secret", "PUSHBACK_EMPTY=", "PUSHBACK"}, known)
	if len(all) != 2 {
		t.Fatalf("%+v", all)
	}
	check(t, all[0], Warn, "did you mean PUSHBACK_SERVER?", "unset PUSHBACK_SERVRE")
	check(t, all[1], Warn, "the variables are PUSHBACK_SERVER, PUSHBACK_CONFIG")
	if strings.Contains(all[1].Reason, "a-secret") {
		t.Error("the value is shown")
	}
}

func series(labels ...string) sources.Series {
	s := sources.Series{Labels: map[string]string{}}
	for i := 0; i < len(labels); i += 2 {
		s.Labels[labels[i]] = labels[i+1]
	}
	return s
}

func TestCatalogue(t *testing.T) {
	c := catalogue.Config{Discover: "group by (job, ns) (up)", Name: "job", Match: []string{"job", "ns"}}
	all := Catalogue(c, []sources.Series{series("job", "a", "ns", "x"), series("job", "b", "ns", "x")}, "pushback.yml")
	check(t, only(t, all, "found"), OK, "2 services found, each by job, ns")
	all = Catalogue(c, []sources.Series{series("job", "a", "ns", "x"), series("job", "a", "ns", "y"), series("job", "b"), series("app", "c")}, "pushback.yml")
	check(t, only(t, all, "without the label \"job\""), Warn, "1 result", "one of app")
	check(t, only(t, all, "label ns"), Warn, "missing for b", "group by (job, ns) (up)")
	check(t, only(t, all, "differ"), Warn, "a is found by several results")
	check(t, only(t, Catalogue(c, nil, "pushback.yml"), "finds no service"), Fail, "group by (job, ns)")
	check(t, only(t, Catalogue(catalogue.Config{Name: "job"}, nil, "pushback.yml"), "no service is listed"), Warn, "services: {discover:", "pushback.yml")
	listed := catalogue.Config{List: []rules.Service{{Name: "a"}, {Name: "a"}, {Name: "a"}, {Name: "b"}}}
	check(t, only(t, Catalogue(listed, nil, "pushback.yml"), "several times"), Warn, "remove the second a")
}

// load loads one rule file.
func load(t *testing.T, text string) *rules.Set {
	t.Helper()
	set, found := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(text)}}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	return set
}

const red = `team: shop
rules:
  - {name: red, watch: {service: "shop-*", environment: production}, signals: [{name: q, query: "q{$match}"}], respond: [{at_least: likely, tell: [$owner.chat, ops]}]}
  - {name: idle, watch: {service: pay, except: [x]}, signals: [{name: q, query: "q{$match}"}]}
  - {name: site, scope: site, signals: [{name: q, query: "q"}]}
`

func TestRules(t *testing.T) {
	all := Rules(load(t, red), []rules.Service{{Name: "shop-cart"}}, "rules")
	if len(all) != 1 {
		t.Fatalf("%+v", all)
	}
	check(t, all[0], Warn, "rule idle watches none of the 1 service", "it watches pay except x", "rules/r.yml:4", "shop-cart")
}

func TestReceivers(t *testing.T) {
	set := load(t, red)
	f := func(named []string, fallback, chat string) []Check {
		return Receivers(named, nil, fallback, set, []rules.Service{{Name: "shop-cart", Chat: chat}}, "pushback.yml")
	}
	check(t, only(t, f(nil, "", ""), "no receiver is configured"), Warn, "receivers: {team:")
	all := f([]string{"ops", "pager", "team", "unused"}, "pager", "team")
	check(t, only(t, all, "unused"), Warn, "nobody is told through receivers.unused")
	if len(all) != 1 {
		t.Errorf("%+v", all)
	}
	mail := Receivers([]string{"mail", "pager"}, []string{"mail"}, "pager", set, []rules.Service{{Name: "shop-cart", Chat: "pager"}}, "pushback.yml")
	if text := fmt.Sprint(mail); strings.Contains(text, "receivers.mail") {
		t.Errorf("one that gets a digest is told: %s", text)
	}
	check(t, only(t, f([]string{"ops"}, "", ""), "no default receiver"), Warn, "services: {default: {pager: ops}}")
	quiet := Receivers([]string{"ops"}, nil, "ops", &rules.Set{}, nil, "pushback.yml")
	check(t, only(t, quiet, "no rule tells anybody"), Warn)
}

func TestCoverage(t *testing.T) {
	all := []survey.Coverage{
		{Service: "a", Covered: []survey.RuleCoverage{{Rule: "red", Signals: []string{"errors"}, Without: []string{"latency"}}}},
		{Service: "b", Why: "no rule watches a service of this name"},
		{Service: "c", Why: "red: it is down", Missing: []survey.Gap{{Rule: "red", Failed: true}}},
	}
	checks := Coverage(all, 5)
	check(t, only(t, checks, "no rule has data for b"), Warn, "coverage --unseen")
	check(t, only(t, checks, "no rule has data for c"), Fail)
	check(t, only(t, checks, "red latency"), Warn, "for a")
	check(t, only(t, checks, "1 of 3"), OK)
	check(t, only(t, checks, "2 services more"), NotChecked)
}

func TestHistory(t *testing.T) {
	now := time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)
	s := func(service, signal string, state detector.ReadyState, in time.Duration) readiness.Signal {
		r := readiness.Signal{Rule: "red", Service: service, Signal: signal, Readiness: detector.Readiness{State: state}}
		if state == detector.ReadyLater {
			r.From = now.Add(in)
		}
		return r
	}
	all := History([]readiness.Signal{
		s("cart", "errors", detector.ReadyNow, 0), s("pay", "errors", detector.ReadyNow, 0),
		s("cart", "latency.mean", detector.ReadyLater, 40*time.Minute), s("pay", "latency.mean", detector.ReadyNow, 0),
		s("cart", "queue", detector.ReadyLater, 23*time.Hour), s("cart", "still", detector.ReadyStill, 0),
		s("cart", "gappy", detector.ReadyGappy, 0), s("cart", "gone", detector.ReadyEmpty, 0),
		s("cart", "second", detector.ReadyLater, 40*time.Minute+time.Second),
	}, now)
	check(t, only(t, all, "red errors"), OK, "red errors can be judged at once")
	check(t, only(t, all, "latency.mean"), Warn, "at once for pay; can be judged from 09:40 on for cart", "wait until 09:40")
	check(t, only(t, all, "queue"), Warn, "from Mon 08:00 on")
	check(t, only(t, all, "still"), OK, "suspect at most")
	check(t, only(t, all, "gappy"), Warn, "fewer than half")
	check(t, only(t, all, "gone"), Warn, "no data now")
	check(t, only(t, all, "second"), Warn, "from 09:41 on")
	never := s("cart", "queue", detector.ReadyNow, 0)
	never.Never = "too short"
	check(t, History([]readiness.Signal{never}, now)[0], Warn, "too short", "history: 14d")
}

// A rule that says act does nothing until it has earned it, and nothing else says so at the start.
func TestObserving(t *testing.T) {
	const text = "team: shop\nrules:\n  - {name: red, watch: {service: cart}, signals: [{name: s, query: x, limit: 1}], respond: [{at_least: certain, rollback: {hook: back, mode: act}}]}\n" +
		"  - {name: told, watch: {service: cart}, signals: [{name: s, query: x, limit: 1}], respond: [{at_least: certain, tell: chat}]}\n"
	set, found := rules.Load(fstest.MapFS{"a.yml": {Data: []byte(text)}}, rules.World{})
	if set == nil {
		t.Fatal(found)
	}
	all := Observing(set, nil, "pushback.yml")
	if len(all) != 1 || all[0].Status != Warn || !strings.Contains(all[0].Reason, "red only observe") || !strings.Contains(all[0].Next, "new_rules: as_written} in pushback.yml") {
		t.Errorf("%+v", all)
	}
	if all := Observing(set, map[string]bool{"red": true}, "pushback.yml"); len(all) != 0 {
		t.Errorf("it has earned it: %+v", all)
	}
}
