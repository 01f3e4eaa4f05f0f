package server

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/rollback"
)

// notedAlarms are Rules that note which changes a false alarm, or a missed regression, is reported of.
type notedAlarms struct {
	Rules
	of, missed []string
}

func (n *notedAlarms) Missed(_ context.Context, key string, _ api.Missed) error {
	n.missed = append(n.missed, key)
	return nil
}

func (n *notedAlarms) FalseAlarm(_ context.Context, key string, _ api.FalseAlarm) error {
	n.of = append(n.of, key)
	return nil
}

// jam reports changes of another team's service whose ids and versions are the given words.
func (p *testServer) jam(words ...string) {
	p.t.Helper()
	for _, word := range words {
		for _, body := range []string{
			strings.Replace(event(word), `"cart"`, `"billing"`, 1),
			strings.NewReplacer(`"service":"cart"`, `"service":"ledger"`, `"1.4.2"`, `"`+word+`"`).Replace(event("other-" + word)),
		} {
			status, answer, _ := p.ask(http.MethodPost, "/v1/events", body, "Content-Type", "application/json", "Authorization", "Bearer "+token)
			if status != http.StatusCreated {
				p.t.Fatalf("%s: %d %s", body, status, answer)
			}
		}
	}
}

// Whatever another team's tool calls its changes, a key is the change that has it: it can be
// read and decided about.
func TestNobodyTakesAKey(t *testing.T) {
	decided := `{"actor":"amy","why":"w"}`
	signed := []string{"Authorization", "Bearer " + token}
	for _, verb := range []string{"approve", "reject"} {
		for _, page := range []bool{false, true} {
			p := listen(t, nil)
			key := p.mustStore(bad)
			p.jam(key, key[:8], key[:25], strings.ToUpper(key))
			if page {
				form := url.Values{"actor": {"amy"}, "why": {"w"}}.Encode()
				if status, body, _ := p.ask(http.MethodPost, "/changes/"+key+"/"+verb, form, append(signed, "Content-Type", "application/x-www-form-urlencoded")...); status != 303 {
					t.Errorf("%s: %d %s", verb, status, body)
				}
			} else if o := post[api.Order](p, "/v1/orders/"+key[:8]+"/"+verb, decided, 200); o.Key != key {
				t.Errorf("%s of %s", verb, o.Key)
			}
			if o, err := p.store.Order(t.Context(), key); err != nil || o.State == rollback.Proposed {
				t.Errorf("%s (page %v) left it %s: %v", verb, page, o.State, err)
			}
		}
	}
	rules := &notedAlarms{}
	p := listen(t, func(o *Options) { o.Rules = rules })
	key := p.mustStore(bad)
	p.jam(key, key[:8], key[:25], strings.ToUpper(key))
	for _, name := range []string{key, key[:8]} {
		p.show("/changes/"+name, 200, "cart", "1.4.2")
		if e := get[api.Explanation](p, "/v1/changes/"+name); e.Change.Key != key {
			t.Errorf("%q explains %s", name, e.Change.Key)
		}
		if r := get[api.Records](p, "/v1/changes/"+name+"/records"); r.Key != key || len(r.Watches) != 1 {
			t.Errorf("records of %q: %+v", name, r)
		}
		if o := get[api.Order](p, "/v1/orders/"+name); o.Key != key {
			t.Errorf("%q is the order of %s", name, o.Key)
		}
		if g := get[api.Gate](p, "/v1/gate/cart?fix="+name); !g.Open {
			t.Errorf("the fix of %q: %+v", name, g)
		}
		post[any](p, "/v1/changes/"+name+"/clear", decided, map[string]int{key: 200, key[:8]: 409}[name])
		p.ask(http.MethodPost, "/v1/changes/"+name+"/missed", decided, append(signed, "Content-Type", "application/json")...)
		p.ask(http.MethodPost, "/v1/changes/"+name+"/false-alarm", decided, append(signed, "Content-Type", "application/json")...)
	}
	if !slices.Equal(rules.of, []string{key, key}) || !slices.Equal(rules.missed, rules.of) {
		t.Errorf("false alarms of %v, missed %v", rules.of, rules.missed)
	}
}

// Nothing is decided about a change by what a tool calls it, and a fix counts only changes of
// its own service.
func TestDecisionsGoByKeys(t *testing.T) {
	p := listen(t, func(o *Options) { o.Rules = &notedAlarms{} })
	key := p.mustStore(bad)
	p.jam("cart/1.4.2")
	for _, name := range []string{"1.4.2", "cart%2F1.4.2"} {
		for _, path := range []string{"/v1/orders/" + name + "/approve", "/v1/orders/" + name + "/reject", "/v1/changes/" + name + "/clear", "/v1/changes/" + name + "/false-alarm", "/v1/changes/" + name + "/missed"} {
			if problem := post[api.Problem](p, path, `{"actor":"amy"}`, 404); !strings.Contains(problem.Hint, "key") {
				t.Errorf("%s: %+v", path, problem)
			}
		}
		if g := get[api.Gate](p, "/v1/gate/cart?fix="+name); !g.Open {
			t.Errorf("the fix of %s: %+v", name, g)
		}
	}
	if o, err := p.store.Order(t.Context(), key); err != nil || o.State != rollback.Proposed {
		t.Errorf("%+v, %v", o, err)
	}
	if status, body, _ := p.ask(http.MethodGet, "/v1/gate/cart?fix=other-cart%2F1.4.2", ""); status != 404 {
		t.Errorf("a fix of another service's change: %d %s", status, body)
	}
}
