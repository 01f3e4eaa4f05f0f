package ruletest

import (
	"fmt"
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
			t.Parallel()
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
		{"bad", "grade: certain, signals: {" + signal + ": certain}"},
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
}

// grow adds up what the requests that succeed and those that fail add to each series.
func grow(f frameworks.Framework, scenario string) (all []grown) {
	more := failing
	if scenario == "bad" {
		more = failingMore
	}
	add := func(of []frameworks.Series, before, after float64) {
		for _, s := range of {
			i := slices.IndexFunc(all, func(g grown) bool { return g.Metric == s.Metric && g.Labels == s.Labels })
			if i < 0 {
				i, all = len(all), append(all, grown{Series: s})
			}
			all[i].before += before * s.Grows
			all[i].after += after * s.Grows
		}
	}
	add(f.OK, requests, requests)
	add(f.Failed, failing, more)
	return all
}

// shape is eight hours before the release and two after it. A release that warms up takes five
// times as long for a minute, which is not judged.
func (g grown) shape(scenario string) string {
	switch {
	case g.Gauge:
		return fmt.Sprintf("values: %gx600", g.Grows)
	case scenario == "warm-up" && strings.HasSuffix(g.Metric, "_sum"):
		return fmt.Sprintf("increases: %gx479 %gx1 %gx120, noise: 5%%", g.before, 5*g.before, g.after)
	}
	return fmt.Sprintf("increases: %gx480 %gx120, noise: 5%%", g.before, g.after)
}
