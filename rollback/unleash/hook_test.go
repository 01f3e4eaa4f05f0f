package unleash

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
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/flag"
)

const (
	token = "user:a-secret-token"
	path  = "/api/admin/projects/shop/features/new-cart/environments/production"
)

type object = map[string]any

// leash is a fake Unleash with one flag, new-cart, in production. It has the routes of the
// Admin API and the fields of featureEnvironmentSchema.
type leash struct {
	flag object
	acts []string
}

func gradual(id, rollout string) object {
	return object{"id": id, "name": "flexibleRollout", "parameters": object{"rollout": rollout, "stickiness": "userId", "groupId": "new-cart"}}
}

func cart(enabled bool, strategies ...object) *leash {
	return &leash{flag: object{"name": "production", "featureName": "new-cart", "enabled": enabled, "strategies": strategies}}
}

func (l *leash) fake(b hooktest.Behaviour) hooktest.Fake {
	turn := func(word string, on bool) func(hooktest.Request) any {
		return func(r hooktest.Request) any {
			if got := r.Header.Get("Content-Type"); got != "application/json" {
				return hooktest.Status{Code: http.StatusUnsupportedMediaType, Body: object{"message": got}}
			}
			l.flag["enabled"] = on
			l.acts = append(l.acts, strings.TrimSpace(word+" "+string(r.Body)))
			return nil
		}
	}
	return hooktest.Fake{
		Behaviour: b, Secret: token, Header: http.Header{"Authorization": {token}, "Accept": {"application/json"}},
		Reads: hooktest.Routes{
			"GET " + path:                           func(hooktest.Request) any { return l.flag },
			"GET /api/admin/projects/shop/features": func(hooktest.Request) any { return object{"features": []any{}} },
		},
		Acts: hooktest.Routes{
			"POST " + path + "/off": turn("off", false),
			"POST " + path + "/on":  turn("on", true),
			"PATCH " + path + "/strategies/s1": func(r hooktest.Request) any {
				var body []struct {
					Op    string `json:"op"`
					Path  string `json:"path"`
					Value string `json:"value"`
				}
				r.Decode(&body)
				l.acts = append(l.acts, body[0].Op+" "+body[0].Path+" "+body[0].Value)
				return gradual("s1", body[0].Value)
			},
		},
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
		s := cart(b != hooktest.AlreadyLive, gradual("s1", "50")).fake(b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s.URL, Config{}), Calls: s.Calls, Secrets: []string{token}}
	})
}

func TestBack(t *testing.T) {
	f := func(what string, l *leash, to flag.To, target, fails string, acts ...string) {
		t.Helper()
		h := hook(t, l.fake(hooktest.Succeeds).Serve(t).URL, Config{To: to})
		plan := hooktest.Warrant(t).Plan()
		plan.Target = target
		action, err := h.inspect(t.Context(), plan)
		if (err == nil) != (fails == "") || err != nil && !strings.Contains(err.Error(), fails) {
			t.Errorf("%s to %s: %v, want %q", what, target, err, fails)
		}
		for _, step := range action.steps {
			if _, err := h.api.Act(t.Context(), step, nil); err != nil {
				t.Error(err)
			}
		}
		if diff := cmp.Diff(acts, l.acts); diff != "" {
			t.Errorf("%s to %s (-want +got):\n%s", what, target, diff)
		}
	}
	half := func() *leash { return cart(true, gradual("s1", "50"), object{"id": "x", "name": "default"}) }
	f("half", half(), flag.ToOff, "10%", "", "off")
	f("half", half(), flag.ToPrevious, "off", "", "off")
	f("half", half(), flag.ToPrevious, "10%", "", "replace /parameters/rollout 10")
	f("half", half(), flag.ToPrevious, "50%", "")
	f("half", half(), flag.ToPrevious, "on", "")
	f("half", half(), flag.ToPrevious, "12.5%", "whole percents")
	f("half", half(), flag.ToPrevious, "blue", `cannot serve the variation "blue"`)
	f("half", half(), flag.ToPrevious, "", "must be off, on")
	f("off", cart(false, gradual("s1", "50")), flag.ToPrevious, "25%", "", "replace /parameters/rollout 25", "on")
	f("off", cart(false, gradual("s1", "50")), flag.ToPrevious, "on", "", "on")
	f("off", cart(false), flag.ToOff, "x", "")
	f("no rollout", cart(true), flag.ToPrevious, "25%", "this flag has 0")
	f("two rollouts", cart(true, gradual("s1", "50"), gradual("s2", "5")), flag.ToPrevious, "25%", "this flag has 2")
	f("a hostile share", cart(true, gradual("s1", "many")), flag.ToPrevious, "25%", "share of its rollout is invalid")
	f("a hostile id", cart(true, gradual("../x", "50")), flag.ToPrevious, "25%", "of its rollout is invalid")
	disabled := gradual("s2", "5")
	disabled["disabled"] = true
	f("one of two disabled", cart(true, disabled, gradual("s1", "50")), flag.ToPrevious, "25%", "", "replace /parameters/rollout 25")
}

// If the share is set and the flag cannot be turned on, the rollback is half done.
func TestHalfDone(t *testing.T) {
	l := cart(false, gradual("s1", "50"))
	fake := l.fake(hooktest.Succeeds)
	fake.Acts["POST "+path+"/on"] = func(hooktest.Request) any { return hooktest.Status{Code: http.StatusForbidden} }
	h := hook(t, fake.Serve(t).URL, Config{To: flag.ToPrevious})
	plan := hooktest.Warrant(t).Plan()
	plan.Target = "25%"
	action, err := h.inspect(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	var log call.Log
	err = h.carryOut(t.Context(), action, &log)
	hooktest.CheckOutcome(t, "no right to turn it on", err, "failed", "1 of 2 steps are done")
}

func TestDo(t *testing.T) {
	l := cart(true, gradual("s1", "50"))
	receipt, err := hook(t, l.fake(hooktest.Succeeds).Serve(t).URL, Config{}).Do(t.Context(), hooktest.Warrant(t))
	if err != nil || receipt.Status != "flag new-cart in production to off" || cmp.Diff([]string{"off"}, l.acts) != "" {
		t.Errorf("%v, %+v, %v", err, receipt, l.acts)
	}
}

func TestVerifyAndDryRun(t *testing.T) {
	f := func(l *leash, settled bool, running, step string) {
		t.Helper()
		h := hook(t, l.fake(hooktest.Succeeds).Serve(t).URL, Config{})
		got, err := h.Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || got.Version != running {
			t.Errorf("%+v, %v; want %q", got, err, running)
		}
		preview, err := h.DryRun(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || preview.AlreadyLive != settled || !strings.HasSuffix(strings.Join(preview.Steps, ""), step) {
			t.Errorf("%+v, %v; want %q", preview, err, step)
		}
	}
	f(cart(true, gradual("s1", "50")), false, "50%", path+"/off")
	f(cart(true), false, "on", path+"/off")
	f(cart(false), true, "off", "")
}

func TestPreflight(t *testing.T) {
	f := func(what string, c Config, p rollback.Plan, status int, wanted string) {
		t.Helper()
		fake := cart(true).fake(hooktest.Succeeds)
		for route := range fake.Reads {
			fake.Reads[route] = func(hooktest.Request) any { return hooktest.Status{Code: status, Body: object{}} }
		}
		bad := rollback.Problems(hook(t, fake.Serve(t).URL, c).Preflight(t.Context(), p))
		if (len(bad) == 0) != (wanted == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	plan, fixed := hooktest.Warrant(t).Plan(), Config{Place: flag.Place{Environment: "production"}}
	f("a flag that follows", Config{}, rollback.Plan{}, 200, "")
	f("a fixed flag", fixed, rollback.Plan{}, 200, "")
	f("a bad token", Config{}, rollback.Plan{}, 401, "Unleash accepts the token: asking Unleash: it answered 401")
	f("no such flag", fixed, plan, 404, "404 Not Found")
}

func TestNewRefuses(t *testing.T) {
	for want, c := range map[string]Config{
		"url is missing": {}, "write off, or previous": {To: "on"}, "negative": {Timeout: -1}, "whole text": {Place: flag.Place{Flag: "x$group"}}, "token_file is missing": {URL: "http://x"},
	} {
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", c, err, want)
		}
	}
}
