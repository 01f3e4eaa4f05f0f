package argocd

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

const token = "eyJ-a-secret-token"

type object = map[string]any

// argo is a fake Argo CD with one application, cart. Its routes are those of the
// server's Swagger page, and it refuses what the server refuses.
type argo struct {
	app     object
	made    object // the request for the rollback
	patched string
	ends    object // the state of the operation after a rollback
}

const path = "/api/v1/applications/cart"

func (a *argo) fake(b hooktest.Behaviour) hooktest.Fake {
	return hooktest.Fake{
		Behaviour: b, Secret: token,
		Header: http.Header{"Accept": {"application/json"}, "Authorization": {"Bearer " + token}},
		Reads: hooktest.Routes{
			"GET " + path:                  func(hooktest.Request) any { return a.app },
			"GET /api/v1/session/userinfo": func(hooktest.Request) any { return object{"loggedIn": true, "username": "pushback"} },
		},
		Acts: hooktest.Routes{
			"POST " + path + "/rollback": func(r hooktest.Request) any { return a.rollback(r) },
			"PATCH " + path:              func(r hooktest.Request) any { return a.patch(r) },
		},
	}
}

// rollback refuses as server/application/application.go does.
func (a *argo) rollback(r hooktest.Request) any {
	var body struct {
		Name         string `json:"name"`
		ID           int64  `json:"id"`
		Prune        bool   `json:"prune"`
		DryRun       bool   `json:"dryRun"`
		AppNamespace string `json:"appNamespace"`
		Project      string `json:"project"`
	}
	r.Decode(&body)
	if a.app["spec"].(object)["syncPolicy"].(object)["automated"] != nil {
		return hooktest.Status{Code: 400, Body: object{"code": 9, "message": "rollback cannot be initiated when auto-sync is enabled"}}
	}
	a.made = object{"name": body.Name, "id": body.ID, "prune": body.Prune, "dry": body.DryRun}
	status := a.app["status"].(object)
	status["operationState"] = a.ends
	if a.ends["phase"] == "Succeeded" {
		for _, e := range status["history"].([]object) {
			if e["id"] == int(body.ID) {
				status["history"] = append(status["history"].([]object), object{"id": 9, "revision": e["revision"], "source": e["source"]})
				break
			}
		}
	}
	return a.app
}

func (a *argo) patch(r hooktest.Request) any {
	var body struct {
		Name      string `json:"name"`
		Patch     string `json:"patch"`
		PatchType string `json:"patchType"`
	}
	r.Decode(&body)
	a.patched = body.PatchType + " " + body.Patch
	a.app["spec"].(object)["syncPolicy"] = object{}
	return a.app
}

// cart is the application five minutes after v2 was synced.
func cart() *argo {
	return &argo{
		app: object{
			"metadata": object{"name": "cart"},
			"spec":     object{"syncPolicy": object{}},
			"status": object{
				"history": []object{
					{"id": 3, "revision": "v1", "source": object{"repoURL": "https://git.example/cart"}},
					{"id": 4, "revision": "v0", "source": object{}},
					{"id": 5, "revision": "v1", "source": object{"path": "prod"}},
					{"id": 6, "revision": "v2", "source": object{}},
				},
				"operationState": object{"phase": "Succeeded", "startedAt": "2026-11-20T12:00:00Z"},
				"health":         object{"status": "Healthy"},
			},
		},
		ends: object{"phase": "Succeeded", "startedAt": "2026-11-20T12:05:00Z"},
	}
}

func (a *argo) status(name string, v any) *argo {
	a.app["status"].(object)[name] = v
	return a
}

func (a *argo) automated(v any) *argo {
	a.app["spec"] = object{"syncPolicy": object{"automated": v}}
	return a
}

func hook(t *testing.T, url string, c Config) *Hook {
	t.Helper()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	c.URL, c.TokenFile, c.Timeout = url, file, patience(c)
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestContract(t *testing.T) {
	t.Parallel()
	hooktest.Run(t, hooktest.Traits{HTTP: true, ReadsFirst: true, Idempotent: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		a := cart()
		if b == hooktest.AlreadyLive {
			a.status("history", []object{{"id": 5, "revision": "v2"}, {"id": 6, "revision": "v1"}})
		}
		s := a.fake(b).Serve(t)
		return hooktest.Subject{Hook: hook(t, s.URL, Config{}), Calls: s.Calls, Secrets: []string{token}}
	})
}

func TestRollback(t *testing.T) {
	a := cart()
	s := a.fake(hooktest.Succeeds).Serve(t)
	receipt, err := hook(t, s.URL, Config{Application: "cart", Prune: true}).Do(t.Context(), hooktest.Warrant(t))
	if err != nil || receipt.Status != "rolled back" {
		t.Errorf("%v: %+v", err, receipt)
	}
	if diff := cmp.Diff(object{"name": "cart", "id": int64(5), "prune": true, "dry": false}, a.made); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	f := func(what string, a *argo, outcome, contains string) {
		t.Helper()
		s := a.fake(hooktest.Succeeds).Serve(t)
		c := Config{}
		if outcome == "unknown" {
			c.Timeout = time.Second
		}
		_, err := hook(t, s.URL, c).Do(t.Context(), hooktest.Warrant(t))
		hooktest.CheckOutcome(t, what, err, outcome, contains)
	}
	ends := func(phase, message string) *argo {
		a := cart()
		a.ends = object{"phase": phase, "message": message, "startedAt": "2026-11-20T12:05:00Z"}
		return a
	}
	f("a failed sync", ends("Failed", "one or more objects failed to apply"), "failed", "as Failed: one or more objects")
	f("an error", ends("Error", "ComparisonError\x1b[2J"), "failed", "as Error: ComparisonError[2J")
	f("a long sync", ends("Running", ""), "unknown", "had not ended in time")
	stale := cart()
	stale.ends = object{"phase": "Succeeded", "startedAt": "2026-11-20T12:00:00Z"}
	f("the last operation's state is not ours", stale, "unknown", "had not ended in time")

	f("auto-sync", cart().automated(object{}), "failed", "set disable_auto_sync, or revert in git")
	f("no such version", cart().status("history", []object{{"id": 1, "revision": "v0"}, {"id": 2, "revision": "v2"}}), "failed", `none of the 2 entries of the history has version "v1"`)
	f("no history", cart().status("history", nil), "failed", "no history")
	deleted := cart()
	deleted.app["metadata"] = object{"name": "cart", "deletionTimestamp": "2026-11-20T12:00:00Z"}
	f("deleted", deleted, "failed", "being deleted")
	busy := cart()
	busy.app["operation"] = object{"sync": object{"revision": "v1"}}
	f("a requested sync", busy, "not sent", "another operation is running")
	f("a running sync", cart().status("operationState", object{"phase": "Running", "operation": object{"sync": object{"revision": "v3"}}}), "not sent", "another operation is running")
}

// An operation to the target that an earlier attempt started is followed, and no
// second one is requested.
func TestOurOperationIsFollowed(t *testing.T) {
	t.Parallel()
	a := cart().status("operationState", object{"phase": "Running", "startedAt": "2026-11-20T12:04:00Z", "operation": object{"sync": object{"revision": "v1"}}})
	reads := 0
	fake := a.fake(hooktest.Succeeds)
	fake.Reads["GET "+path] = func(hooktest.Request) any {
		if reads++; reads > 1 {
			a.status("operationState", object{"phase": "Succeeded", "startedAt": "2026-11-20T12:04:00Z"})
		}
		return a.app
	}
	s := fake.Serve(t)
	if _, err := hook(t, s.URL, Config{}).Do(t.Context(), hooktest.Warrant(t)); err != nil || s.Calls() != 0 {
		t.Errorf("%d calls, %v", s.Calls(), err)
	}
}

func TestAutoSyncIsSwitchedOff(t *testing.T) {
	f := func(automated any, patched string, calls int) {
		t.Helper()
		a := cart().automated(automated)
		s := a.fake(hooktest.Succeeds).Serve(t)
		receipt, err := hook(t, s.URL, Config{DisableAutoSync: true}).Do(t.Context(), hooktest.Warrant(t))
		if a.patched != patched || s.Calls() != calls || strings.Contains(receipt.Output, "auto-sync off") != (calls == 2) {
			t.Errorf("%v: patched %q in %d calls, %v: %s", automated, a.patched, s.Calls(), err, receipt.Output)
		}
	}
	f(object{"prune": true}, `merge {"spec":{"syncPolicy":{"automated":null}}}`, 2)
	f(object{"enabled": true}, `merge {"spec":{"syncPolicy":{"automated":null}}}`, 2)
	f(object{"enabled": false}, "", 1)
	f(nil, "", 1)
}

func TestPreflight(t *testing.T) {
	f := func(what string, c Config, a *argo, wanted string) {
		t.Helper()
		s := a.fake(hooktest.Succeeds).Serve(t)
		bad := rollback.Problems(hook(t, s.URL, c).Preflight(t.Context(), hooktest.Warrant(t).Plan()))
		if (len(bad) == 0) != (wanted == "") || len(bad) > 0 && !strings.Contains(bad[0].String(), wanted) {
			t.Errorf("%s: %v, want %q", what, bad, wanted)
		}
	}
	off := Config{DisableAutoSync: true}
	f("all well", Config{}, cart(), "")
	f("auto-sync", Config{}, cart().automated(object{}), "auto-sync is on")
	f("auto-sync that may be switched off", off, cart().automated(object{}), "")
	owned := cart().automated(object{})
	owned.app["metadata"] = object{"ownerReferences": []object{{"kind": "ApplicationSet", "name": "shop"}}}
	skipped := func(what string, a *argo, wanted string) {
		t.Helper()
		checks := hook(t, a.fake(hooktest.Succeeds).Serve(t).URL, off).Preflight(t.Context(), hooktest.Warrant(t).Plan())
		if len(rollback.Problems(checks)) != 0 || !strings.Contains(checks[1].Skipped, wanted) {
			t.Errorf("%s: %v, want %q", what, checks, wanted)
		}
	}
	skipped("an ApplicationSet", owned, "ApplicationSet shop would switch it on again")
	tracked := cart().automated(object{})
	tracked.app["metadata"] = object{"annotations": object{"argocd.argoproj.io/tracking-id": "root:argoproj.io/Application:argocd/cart"}}
	skipped("an app of apps", tracked, "another application (root:")
	f("no entry", Config{}, cart().status("history", []object{{"id": 1}}), "none of the 1 entries")
	f("an invalid name", Config{Application: "$change/$service"}, cart(), "not a valid name in Argo CD")
}

func TestPreflightKnowsTheToken(t *testing.T) {
	fake := cart().fake(hooktest.Succeeds)
	fake.Reads["GET /api/v1/session/userinfo"] = func(hooktest.Request) any { return object{"loggedIn": false} }
	bad := rollback.Problems(hook(t, fake.Serve(t).URL, Config{}).Preflight(t.Context(), rollback.Plan{}))
	if len(bad) != 1 || !strings.Contains(bad[0].Problem, "does not know the token") {
		t.Errorf("got %v", bad)
	}
}

func TestEntryIs(t *testing.T) {
	f := func(text string, version string, want bool) {
		t.Helper()
		var e entry
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			t.Fatal(err)
		}
		if e.hasVersion(version) != want {
			t.Errorf("%s is %s: %v", text, version, !want)
		}
	}
	f(`{"revision": "ea8759964626a583667a2bfd08f334ec2070040a"}`, "ea87599", true)
	f(`{"revisions": ["a", "1.4.0"]}`, "1.4.0", true)
	f(`{"source": {"targetRevision": "1.4.0"}}`, "1.4.0", true)
	f(`{"sources": [{}, {"targetRevision": "1.4.0"}]}`, "1.4.0", true)
	f(`{"source": {"kustomize": {"images": ["shop/cart=registry:5000/cart:v1"]}}}`, "v1", true)
	f(`{"source": {"helm": {"parameters": [{"name": "image.tag", "value": "v1"}]}}}`, "v1", true)
	f(`{"source": {"helm": {"parameters": [{"name": "replicas", "value": "v1"}]}}}`, "v1", false)
	f(`{"revision": ""}`, "", false)
}

func TestVerify(t *testing.T) {
	f := func(what string, a *argo, settled bool, running string) {
		t.Helper()
		s := a.fake(hooktest.Succeeds).Serve(t)
		got, err := hook(t, s.URL, Config{}).Verify(t.Context(), hooktest.Warrant(t).Plan())
		if err != nil || got.TargetRuns != settled || got.Version != running {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	back := []object{{"id": 6, "revision": "v2"}, {"id": 7, "revision": "v1"}}
	f("v2 runs", cart(), false, "v2")
	f("v1 runs", cart().status("history", back), true, "v1")
	f("v1 and not well", cart().status("history", back).status("health", object{"status": "Degraded"}), false, "v1")
	f("v1 and syncing", cart().status("history", back).status("operationState", object{"phase": "Running"}), false, "v1")
}

func TestDryRun(t *testing.T) {
	a := cart().automated(object{})
	s := a.fake(hooktest.Succeeds).Serve(t)
	got, err := hook(t, s.URL, Config{DisableAutoSync: true}).DryRun(t.Context(), hooktest.Warrant(t).Plan())
	want := []string{
		`PATCH ` + s.URL + path + ` {"spec":{"syncPolicy":{"automated":null}}}`,
		`POST ` + s.URL + path + `/rollback {"name":"cart","id":5,"prune":false,"dryRun":false}`,
		"follow the operation until it ends",
	}
	if diff := cmp.Diff(want, got.Steps); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// patience is a timeout that no machine exceeds, unless a test sets a shorter one.
func patience(c Config) time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return 20 * time.Second
}
