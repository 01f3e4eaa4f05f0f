package profiles

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

var began = time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)

// bindOf is the first rule of a text, bound to a change of cart.
func bindOf(t *testing.T, text string) rules.Bound {
	t.Helper()
	set, broken := rules.Load(fstest.MapFS{"r.yml": {Data: []byte(text)}}, rules.World{})
	if len(broken) > 0 {
		t.Fatal(broken[0])
	}
	return rules.Bind(set.Rules()[0], sources.Change{Service: "cart", Version: futureVersion}, rules.Service{Name: "cart", Match: map[string]string{"job": "cart"}})
}

const aSignal = `team: shop
rules:
  - name: r
    watch: {service: "*"}
    signals: [%s]
`

// Where the store picks the bound of slow, it may pick another at noon.
func TestBoundsOfTheDay(t *testing.T) {
	t.Parallel()
	f := func(signal string, want int) {
		t.Helper()
		if got := len(resolveTimes(bindOf(t, fmt.Sprintf(aSignal, signal)), began)); got != want {
			t.Errorf("%s is resolved at %d moments, want %d", signal, got, want)
		}
	}
	f(`{name: latency, histogram: 'request_duration_seconds{$match}'}`, 3)
	f(`{name: latency, histogram: 'request_duration_seconds{$match}', slow: 300ms}`, 1)
	f(`{name: queue, query: 'queue_length{$match}', kind: gauge}`, 1)
}

// A query that names the version has no past of its own yet.
func TestNothingIsLearnedOfAVersionToCome(t *testing.T) {
	t.Parallel()
	f := func(query string, want bool) {
		t.Helper()
		b := bindOf(t, fmt.Sprintf(aSignal, `{name: queue, kind: gauge, query: '`+query+`'}`))
		inputs, err := b.Inputs(rules.Resolved{Resolution: 15 * time.Second})
		if err != nil || len(inputs) != 1 {
			t.Fatal(inputs, err)
		}
		if got := dependsOnVersion(inputs[0]); got != want {
			t.Errorf("%s: %v", query, got)
		}
	}
	f(`queue_length{$match}`, false)
	f(`queue_length{$match,version="$version"}`, true)
	f(`queue_length{$match,version=~"$version"}`, true)
}
