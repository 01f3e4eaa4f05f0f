package ruletest

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/proof/frameworks"
	"github.com/pushback/pushback/rules"
)

// What the tests of frameworks send: requests a minute, and how many of them fail before and
// after a bad release.
const (
	requests    = 600.0
	failing     = 0.6
	failingMore = 30.0
)

// TestFrameworks judges a good release, a bad one and one that is slow while it warms up, under
// the names of every framework.
func TestFrameworks(t *testing.T) {
	all, err := frameworks.All()
	if err != nil || len(all) < 41 {
		t.Fatalf("%d frameworks, %v", len(all), err)
	}
	set, found := rules.Load(rules.Library(), rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, f := range all {
		if f.Rule == frameworks.Guess {
			continue
		}
		t.Run(f.Name, func(t *testing.T) {
			s, found := Parse("framework_test.yml", []byte(suiteOf(f)))
			if len(found) > 0 {
				t.Fatal(found)
			}
			passes(t, s, set)
		})
	}
}

func suiteOf(f frameworks.Framework) string {
	signal := "errors"
	if f.Rule == "queue-consumer" {
		signal = "failed"
	}
	var b strings.Builder
	fmt.Fprint(&b, "interval: 1m\ntests:\n")
	for _, c := range []struct{ name, expect string }{
		{"good", "state: healthy, grade: none"},
		{"bad", "grade: " + f.Finds + ", signals: {" + signal + ": " + f.Finds + "}"},
		{"warm-up", "state: healthy, grade: none"},
	} {
		fmt.Fprintf(&b, "  - name: %s\n    input_series:\n", c.name)
		for _, series := range grow(f, c.name) {
			fmt.Fprintf(&b, "      - {series: '%s', %s}\n", series.With(`job="cart"`), series.shape(c.name))
		}
		fmt.Fprintf(&b, "    change: {service: cart, at: 8h}\n    expect:\n      - {rule: %s, %s}\n", f.Rule, c.expect)
	}
	return b.String()
}

// grown is a series, and by how much it grows in a minute before and after the release.
type grown struct {
	frameworks.Series
	before, after float64
	failed        bool // only requests that fail make it grow
}

// grow adds up what the requests that succeed and those that fail add to each series.
func grow(f frameworks.Framework, scenario string) (all []grown) {
	more := failing
	if scenario == "bad" {
		more = failingMore
	}
	add := func(of []frameworks.Series, failed bool, before, after float64) {
		for _, s := range of {
			i := slices.IndexFunc(all, func(g grown) bool { return g.Metric == s.Metric && g.Labels == s.Labels })
			if i < 0 {
				i, all = len(all), append(all, grown{Series: s, failed: failed})
			}
			all[i].before += before * s.Grows
			all[i].after += after * s.Grows
		}
	}
	add(f.OK, false, requests, requests)
	add(f.Failed, true, failing, more)
	return all
}

// shape is eight hours before the release and two after it. A release that warms up takes five
// times as long for a minute, which is not judged.
func (g grown) shape(scenario string) string {
	switch {
	case g.Gauge && g.failed:
		return fmt.Sprintf("values: %gx480 %gx120, noise: 5%%", g.before, g.after)
	case g.Gauge:
		return fmt.Sprintf("values: %gx600, noise: 5%%", g.Grows)
	case scenario == "warm-up" && strings.HasSuffix(g.Metric, "_sum"):
		return fmt.Sprintf("increases: %gx479 %gx1 %gx120, noise: 5%%", g.before, 5*g.before, g.after)
	}
	return fmt.Sprintf("increases: %gx480 %gx120, noise: 5%%", g.before, g.after)
}

// TestEveryConventionIsTried: by a framework here or by a test of the library.
func TestEveryConventionIsTried(t *testing.T) {
	all, err := frameworks.All()
	if err != nil {
		t.Fatal(err)
	}
	tried := map[string]bool{}
	for _, f := range all {
		for _, s := range slices.Concat(f.OK, f.Failed) {
			tried[s.Metric] = true
		}
	}
	tests, err := fs.Glob(rules.Library(), "*_test.yml")
	if err != nil || len(tests) == 0 {
		t.Fatalf("%d tests, %v", len(tests), err)
	}
	var library strings.Builder
	for _, name := range tests {
		text, err := fs.ReadFile(rules.Library(), name)
		if err != nil {
			t.Fatal(err)
		}
		library.Write(text)
	}
	for _, c := range rules.Conventions() {
		if !slices.ContainsFunc(c.Metrics, func(m string) bool { return tried[m] || strings.Contains(library.String(), m+"{") }) {
			t.Errorf("no test has metrics of %s/%s (%s)", c.Set, c.Name, c.Metrics[0])
		}
	}
}
