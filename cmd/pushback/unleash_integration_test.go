//go:build integration && unleash

package main_test

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/sources"
)

// flagRule acts on flags as rule does on deploys.
func flagRule(hook string) string {
	return strings.Replace(rule(hook), `environment: production}`, `environment: production, kind: flag}`, 1)
}

// TestUnleash turns flags of a real Unleash on and up. Its webhook reports them to the built program,
// which sees the errors in a real Prometheus and sets the flags back.
func TestUnleash(t *testing.T) {
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	port, err := servertest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	flags := func(u *servertest.UnleashServer) {
		u.Flag("fast-cart", "50", "team:shop", "service:cart")
		u.Flag("new-search", "10", "service:search")
		u.Turn("new-search", "on")
	}
	u := servertest.Unleash(t, flags,
		servertest.Webhook{URL: "http://127.0.0.1:" + port + "/hooks/unleash", Authorization: secret},
		servertest.Webhook{URL: "http://127.0.0.1:" + port + "/hooks/templated", Authorization: "Bearer " + secret, Body: `{"event": {{{eventJson}}}, "of": "{{event.featureName}}"}`},
	)
	services := map[string]*target{"cart": newTarget(t), "search": newTarget(t)}
	store, tool := metricStore(t, servertest.Prometheus, services["cart"], services["search"]), newDeployTool(t, nil)
	text := settings(store, tool, services)
	text = strings.Replace(text, "hooks:\n", "hooks:\n"+
		"  flags: {kind: unleash, url: \""+u.URL+"\", token_file: unleash-token, project: $label.project}\n"+
		"  ramps: {kind: unleash, url: \""+u.URL+"\", token_file: unleash-token, to: previous}\n", 1) +
		"sources:\n  unleash: {kind: unleash, secret_files: [secret], services: [cart]}\n" +
		"  templated: {kind: unleash, secret_files: [secret], services: [search]}\n"
	p := serveAt(t, "127.0.0.1:"+port, text, map[string]string{
		"rules/red.yml":  strings.Replace(flagRule("flags"), `service: "*"`, "service: cart", 1),
		"rules/ramp.yml": strings.Replace(strings.Replace(flagRule("ramps"), `service: "*"`, "service: search", 1), "name: red", "name: ramp", 1),
		"unleash-token":  servertest.UnleashToken,
	})
	together(t,
		part{"turned on, and off again", func(t *testing.T) { turnedOn(t, u, p, services["cart"]) }},
		part{"ramped up, and back", func(t *testing.T) { rampedUp(t, u, p, services["search"]) }},
	)
}

// turnedOn turns a flag of cart on, which is bad, and waits until it is off.
func turnedOn(t *testing.T, u *servertest.UnleashServer, p *process, service *target) {
	u.Turn("fast-cart", "on")
	change := p.awaitFlag(t, "cart", "on")
	if change.Previous != "off" || change.Group != "fast-cart" || change.Kind != sources.Flag || change.Actor == "" {
		t.Errorf("the change is %+v", change)
	}
	service.fails.Store(bad)
	e := p.await(change.Key, "a rollback", time.Minute, ordered("done"))
	if e.Order.Target != "off" {
		t.Errorf("rolled back to %q", e.Order.Target)
	}
	if on, _ := u.Serves("fast-cart"); on {
		t.Error("the flag is on in Unleash")
	}
	p.awaitEcho(t, "cart", "off")
}

// rampedUp raises the share of a flag of search that is on, and waits until the share is what it was.
func rampedUp(t *testing.T, u *servertest.UnleashServer, p *process, service *target) {
	u.Ramp("new-search", "50")
	change := p.awaitFlag(t, "search", "50%")
	if change.Previous != "10%" || change.Group != "new-search" {
		t.Errorf("the change is %+v", change)
	}
	service.fails.Store(bad)
	e := p.await(change.Key, "a rollback", time.Minute, ordered("done"))
	if e.Order.Target != "10%" {
		t.Errorf("rolled back to %q", e.Order.Target)
	}
	if on, rollout := u.Serves("new-search"); !on || rollout != "10" {
		t.Errorf("the flag serves %v, %s", on, rollout)
	}
	p.awaitEcho(t, "search", "10%")
}

// awaitEcho waits for Unleash's report of our own rollback, which is watched and never acted on: it
// is recognised by the version, which the hook and the source write in the same words.
func (p *process) awaitEcho(t *testing.T, service, version string) {
	t.Helper()
	echo := p.awaitFlag(t, service, version)
	e := p.await(echo.Key, "the watch of the echo", 30*time.Second, func(e api.Explanation) bool { return len(e.Watches) > 0 })
	if e.Watches[0].Acts || e.Order != nil {
		t.Errorf("the report of our own rollback: %s", describe(e))
	}
}

// awaitFlag waits for a change of a service to a version.
func (p *process) awaitFlag(t *testing.T, service, version string) (found api.ChangeSummary) {
	t.Helper()
	await(t, service+" "+version, 30*time.Second, func() bool {
		var list api.Changes
		p.request(http.MethodGet, "/v1/changes?service="+service, nil, nil, &list)
		for _, c := range list.Changes {
			if c.Version == version {
				found = c
				return true
			}
		}
		return false
	})
	return found
}

// serveAt is serve on an address that others know before.
func serveAt(t *testing.T, address, settings string, files map[string]string) *process {
	t.Helper()
	p := &process{t: t, dir: t.TempDir()}
	p.write("pushback.yml", "listen: "+address+"\ntoken_file: token\ntrust: {new_rules: as_written}\n"+settings)
	p.write("token", apiToken+"\n")
	p.write("secret", secret+"\n")
	for name, text := range files {
		p.write(name, text)
	}
	p.start()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log, _ := os.ReadFile(p.log.Name())
			t.Logf("the daemon's log:\n%s", log)
		}
	})
	return p
}
