package rules

import (
	"errors"
	"testing"

	"github.com/pushback/pushback/sources"
)

func TestARuleJudgesTheNeighbours(t *testing.T) {
	f := func(services, signal, want string) {
		t.Helper()
		text := "{team: t, rules: [{name: r, watch: {service: '*'}, judge: {services: " + services + "}, signals: [" + signal + "]}]}"
		svc := Service{
			Name: "cart", Match: map[string]string{"job": "cart"},
			Callers: []map[string]string{{"job": "web", "ns": "edge"}, {"job": "a.b", "ns": "edge", "zone": "1"}},
			Callees: []map[string]string{{"job": "db"}},
		}
		b := mustLoad(t, text).For(sources.Change{Service: "cart"}, svc)[0]
		inputs, err := b.Inputs(Resolved{})
		if err != nil || inputs[0].Value.Expr != want {
			t.Errorf("%s: %v, %v", services, inputs, err)
		}
	}
	counter := `{name: e, counter: 'req{$match,upstream="$service"}', bad: 'code=~"5.."'}`
	f("callers", counter, `req{job=~"a\\.b|web",ns="edge",upstream="cart"}`)
	f("callees", counter, `req{job="db",upstream="cart"}`)
	f("own", counter, `req{job="cart",upstream="cart"}`)
	f("callers", `{name: q, query: 'sum(up{$match})'}`, `sum(up{job=~"a\\.b|web",ns="edge"})`)
}

func TestWithoutNeighboursNobodyIsJudged(t *testing.T) {
	b := bound(t, "{name: q, query: 'sum(up{$match})'}", ", judge: {services: callers}")
	if _, err := b.Inputs(Resolved{}); !errors.Is(err, ErrNoMatch) {
		t.Errorf("%v", err)
	}
	// Neighbours that have no label in common are not selected by none.
	b.service.Callers = []map[string]string{{"job": "a"}, {"ns": "b"}}
	if inputs, err := b.Inputs(Resolved{}); !errors.Is(err, ErrNoMatch) {
		t.Errorf("%v, %v", inputs, err)
	}
}

func TestJudgeIsReadStrictly(t *testing.T) {
	for text, code := range map[string]string{
		"watch: {service: x}, judge: {services: caller}": codeUnknownWord,
		"scope: site, judge: {services: callers}":        codeSignalForm,
	} {
		found := load("{team: t, rules: [{name: r, " + text + ", signals: [{name: e, query: up}]}]}")
		if len(found) != 1 || found[0].Code != code {
			t.Errorf("%s: %v", text, found)
		}
	}
}
