package gather

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// limited is a store that cannot evaluate expressions with one of some texts, and has data
// for those with another.
type limited struct {
	working
	refuses, has, fails string
}

func (l limited) Instant(_ context.Context, expr string, _ time.Time) ([]sources.Series, error) {
	switch {
	case l.fails != "" && strings.Contains(expr, l.fails):
		return nil, &sources.Fault{Kind: sources.SourceError, Store: "s", Err: errors.New("connection refused")}
	case l.refuses != "" && strings.Contains(expr, l.refuses):
		return nil, &sources.Fault{Kind: sources.SourceError, Store: "s", Err: errors.New("unknown function"), Refused: true}
	case l.has != "" && strings.Contains(expr, l.has):
		return []sources.Series{{Labels: map[string]string{"route": "/cart"}, Samples: []sources.Sample{{T: 0, V: 1}}}}, nil
	}
	return nil, nil
}

func TestAnAlternativeThatCannotBeEvaluatedHasNoData(t *testing.T) {
	const errorsBy = `{name: errors, any_of: [{kind: ratio, query: 'histogram_fraction(0, 1, a{$match})'}, {kind: ratio, query: 'b{$match}'}, {kind: ratio, query: 'c{$match}'}]}`
	f := func(name, signal string, store limited, want int, fault string) {
		t.Helper()
		set, found := rules.Load(fstest.MapFS{"r.yml": {Data: []byte("{team: t, rules: [{name: r, watch: {service: '*'}, signals: [" + signal + "]}]}")}}, rules.World{})
		if len(found) > 0 {
			t.Fatal(found)
		}
		b := set.For(sources.Change{Service: "cart"}, rules.Service{Name: "cart", Match: map[string]string{"job": "cart"}})[0]
		got, err := Choose(t.Context(), store, b, time.Unix(0, 0))
		if fault != "" {
			if err == nil || !strings.Contains(err.Error(), fault) {
				t.Errorf("%s: %v, want %q", name, err, fault)
			}
			return
		}
		choice, known := got.Signals["errors"]
		if err != nil || known != (want >= 0) || known && choice.Index != want {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	f("the next is tried", errorsBy, limited{refuses: "histogram_", has: "b{"}, 1, "")
	f("the first refused, the last has data", errorsBy, limited{refuses: "histogram_", has: "c{"}, 2, "")
	f("no other has data", errorsBy, limited{refuses: "histogram_"}, -1, "")
	f("none can be evaluated", errorsBy, limited{refuses: "{"}, -1, "signal errors: s: source_error: unknown function")
	f("the store is down", errorsBy, limited{fails: "b{", has: "c{"}, -1, "connection refused")
	const parts = `{name: errors, by: route, histogram: 'a{$match}', slow: 1s}`
	f("a store without native histograms has parts", parts, limited{refuses: "histogram_", has: "a_"}, 0, "")
	f("parts that cannot be asked for are no parts unsaid", parts, limited{refuses: "sum by (route)", has: "a_"}, -1, "signal errors")
}
