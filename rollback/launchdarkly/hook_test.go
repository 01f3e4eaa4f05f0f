package launchdarkly

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
	"github.com/pushback/pushback/rollback/internal/flag"
)

const (
	token = "api-a-token-of-launchdarkly"
	path  = "/api/v2/flags/shop/new-cart"
)

type object = map[string]any

// dark is a fake LaunchDarkly with one flag, new-cart, in production. Its routes and fields
// are those of the API documentation.
type dark struct {
	flag     object
	approval bool
	patched  object
}

func ramped(weight int) object {
	return object{"rollout": object{
		"contextKind": "device", "bucketBy": "key",
		"variations": []object{{"variation": 0, "weight": weight}, {"variation": 1, "weight": 100000 - weight}},
	}}
}

// cart is a flag with two variations, each served to one half.
func cart() *dark {
	return &dark{flag: object{
		"key": "new-cart", "kind": "boolean",
		"variations":   []object{{"_id": "id-true", "value": true, "name": "new"}, {"_id": "id-false", "value": false}},
		"environments": object{"production": object{"on": true, "offVariation": 1, "fallthrough": ramped(50000)}},
	}}
}

func (d *dark) environment() object { return d.flag["environments"].(object)["production"].(object) }

func (d *dark) set(field string, v any) *dark {
	d.environment()[field] = v
	return d
}

func (d *dark) fake(b hooktest.Behaviour) hooktest.Fake {
	return hooktest.Fake{
		Behaviour: b, Secret: token,
		Header: http.Header{"Authorization": {token}, "Ld-Api-Version": {"20240415"}, "Accept": {"application/json"}},
		Reads: hooktest.Routes{
			"GET " + path + "?env=production":                   func(hooktest.Request) any { return d.flag },
			"GET /api/v2/caller-identity":                       func(hooktest.Request) any { return object{"tokenName": "pushback"} },
			"GET /api/v2/projects/shop/environments/production": func(hooktest.Request) any { return object{"approvalSettings": object{"required": d.approval}} },
		},
		Acts: hooktest.Routes{"PATCH " + path: func(r hooktest.Request) any {
			if got := r.Header.Get("Content-Type"); got != "application/json; domain-model=launchdarkly.semanticpatch" {
				return hooktest.Status{Code: http.StatusUnsupportedMediaType, Body: object{"message": got}}
			}
			var body struct {
				Environment  string `json:"environmentKey"`
				Comment      string `json:"comment"`
				Instructions []struct {
					Kind               string         `json:"kind"`
					VariationID        string         `json:"variationId"`
					RolloutWeights     map[string]int `json:"rolloutWeights"`
					RolloutContextKind string         `json:"rolloutContextKind"`
					RolloutBucketBy    string         `json:"rolloutBucketBy"`
				} `json:"instructions"`
			}
			r.Decode(&body)
			var steps []string
			for _, i := range body.Instructions {
				switch i.Kind {
				case "turnFlagOff":
					d.set("on", false)
				case "turnFlagOn":
					d.set("on", true)
				}
				steps = append(steps, strings.TrimSpace(strings.Join([]string{i.Kind, i.VariationID, i.RolloutContextKind, i.RolloutBucketBy}, " ")))
			}
			d.patched = object{"environment": body.Environment, "instructions": steps, "comment": body.Comment}
			if len(body.Instructions) > 0 {
				d.patched["weights"] = body.Instructions[0].RolloutWeights
			}
			return d.flag
		}},
	}
}

func hook(t *testing.T, url string, c Config) *Hook {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	c.URL, c.TokenFile, c.Timeout, c.Place.Project = url, file, 20*time.Second, "shop"
	if c.Place.Flag == "" {
		c.Place.Flag = "new-cart"
	}
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContract(t *testing.T) {
	hooktest.Run(t, hooktest.Traits{HTTP: true, ReadsFirst: true, Idempotent: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		d := cart()
		if b == hooktest.AlreadyLive {
			d.set("on", false)
		}
		s := d.fake(b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s.URL, Config{}), Calls: s.Calls, Secrets: []string{token}}
	})
}

func TestOff(t *testing.T) {
	d := cart()
	s := d.fake(hooktest.Succeeds).Serve(t)
	receipt, err := hook(t, s.URL, Config{}).Do(t.Context(), hooktest.Warrant(t))
	want := object{
		"environment": "production", "instructions": []string{"turnFlagOff"}, "weights": map[string]int(nil),
		"comment": "Pushback: new-cart back to off, order " + hooktest.Order().Key,
	}
	if diff := cmp.Diff(want, d.patched); diff != "" || err != nil || receipt.Status != "flag new-cart in production is off" {
		t.Errorf("%v, %+v (-want +got):\n%s", err, receipt, diff)
	}
}

func TestBack(t *testing.T) {
	f := func(what string, d *dark, target, want string, weights map[string]int) {
		t.Helper()
		h := hook(t, d.fake(hooktest.Succeeds).Serve(t).URL, Config{To: flag.ToPrevious})
		plan := hooktest.Warrant(t).Plan()
		plan.Target = target
		action, err := h.inspect(t.Context(), plan)
		got := ""
		for _, i := range action.steps {
			got += strings.TrimSpace(strings.Join([]string{i.Kind, i.VariationID, i.ContextKind, i.BucketBy}, " ")) + ";"
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s to %q: %q, want %q", what, target, got, want)
		}
		if diff := cmp.Diff(weights, func() map[string]int {
			if len(action.steps) == 0 {
				return nil
			}
			return action.steps[0].Weights
		}()); diff != "" {
			t.Errorf("%s to %q (-want +got):\n%s", what, target, diff)
		}
	}
	const update = "updateFallthroughVariationOrRollout"
	f("half", cart(), "10%", update+"  device key;", map[string]int{"id-true": 10000, "id-false": 90000})
	f("half", cart(), "50%", "", nil)
	f("half", cart(), "on", "", nil)
	f("half", cart(), "off", "turnFlagOff;", nil)
	f("half", cart(), "new", update+" id-true;", nil)
	f("half", cart(), "false", update+" id-false;", nil)
	f("half", cart(), "old", `no variation "old"`, nil)
	f("half", cart(), "101%", "a share is a number", nil)
	f("off", cart().set("on", false), "on", "turnFlagOn;", nil)
	f("off", cart().set("on", false), "50%", "turnFlagOn;", nil)
	f("off", cart().set("on", false), "5%", update+"  device key;turnFlagOn;", map[string]int{"id-true": 5000, "id-false": 95000})
	f("everybody", cart().set("fallthrough", object{"variation": 0}), "100%", "", nil)
	f("everybody", cart().set("fallthrough", object{"variation": 0}), "20%", update+";", map[string]int{"id-true": 20000, "id-false": 80000})
	f("hostile", cart().set("offVariation", 7), "20%", "with two variations", nil)
	three := cart()
	three.flag["variations"] = []object{{"_id": "a"}, {"_id": "b"}, {"_id": "c"}}
	f("three", three, "20%", "this flag has 3", nil)
}

func TestServing(t *testing.T) {
	f := func(d *dark, settled bool, running string) {
		t.Helper()
		got, err := hook(t, d.fake(hooktest.Succeeds).Serve(t).URL, Config{}).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || got.Version != running {
			t.Errorf("%+v, %v; want %q", got, err, running)
		}
	}
	f(cart(), false, "50%")
	f(cart().set("on", false), true, "off")
	f(cart().set("fallthrough", object{"variation": 1}), false, "false")
	f(cart().set("fallthrough", object{"variation": 0}), false, "new")
	f(cart().set("fallthrough", object{"variation": 9}), false, "0%")
	f(cart().set("fallthrough", object{}), false, "on")
}

func TestPreflight(t *testing.T) {
	plan := hooktest.Warrant(t).Plan()
	f := func(what string, d *dark, wanted string) {
		t.Helper()
		bad := rollback.Problems(hook(t, d.fake(hooktest.Succeeds).Serve(t).URL, Config{}).Preflight(t.Context(), plan))
		if (len(bad) == 0) != (wanted == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	archived, approved, elsewhere := cart(), cart(), cart()
	archived.flag["archived"], approved.approval = true, true
	elsewhere.flag["environments"] = object{"test": object{}}
	f("all well", cart(), "")
	f("archived", archived, "is archived")
	f("another environment", elsewhere, "does not exist in this environment")
	checks := hook(t, approved.fake(hooktest.Succeeds).Serve(t).URL, Config{}).Preflight(t.Context(), plan)
	if len(rollback.Problems(checks)) != 0 || !strings.Contains(checks[1].String(), "unless the token's role may bypass") {
		t.Errorf("approvals: %v", checks)
	}
}

func TestHostileNames(t *testing.T) {
	h := hook(t, "http://127.0.0.1:1", Config{Place: flag.Place{Flag: "$group"}})
	for _, group := range []string{"", "../x", "a/b", "a?b", "a b"} {
		plan := hooktest.Warrant(t).Plan()
		plan.Change.Group = group
		if _, err := h.config.Place.Resolve(plan, tool); err == nil {
			t.Errorf("%q is accepted as a flag", group)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		"write off, or previous": {To: "on"}, "negative": {Timeout: -1}, "whole text": {Place: flag.Place{Flag: "x$group"}}, "token_file is missing": {},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}
