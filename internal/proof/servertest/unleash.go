package servertest

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// UnleashToken is the token of an administrator of the Unleash that Unleash starts.
const UnleashToken = "*:*.unleash-admin-token-of-the-tests"

// unleashTime is how long the first start may take, in which Unleash makes its tables.
const unleashTime = 2 * time.Minute

// Webhook is an integration of Unleash: it posts events to URL, with Authorization as the header of
// that name. Body is the body template, "" for the body that Unleash sends by itself.
type Webhook struct{ URL, Authorization, Body string }

// UnleashServer is a running Unleash.
type UnleashServer struct {
	Server
	t        testing.TB
	database string
}

// Unleash starts an Unleash on a PostgreSQL of its own. The environment variable
// UNLEASH_SERVER is the folder in which `npm install unleash-server` was run, as
// `make integration-unleash` does; the program node comes from the system.
//
// Unleash reads its webhooks once a minute. So they are set up in a first run, and are there from the
// beginning of the second. What prepare does, nil for nothing, no webhook reports.
func Unleash(t testing.TB, prepare func(u *UnleashServer), webhooks ...Webhook) *UnleashServer {
	t.Helper()
	script := filepath.Join(os.Getenv("UNLEASH_SERVER"), "node_modules", "unleash-server", "dist", "server.js")
	if _, err := os.Stat(script); err != nil {
		t.Fatalf("there is no Unleash: run make integration-unleash (%v)", err)
	}
	database, _, _ := strings.Cut(PostgreSQL(t).URL, "?")
	u := startUnleash(t, script, database)
	if prepare != nil {
		prepare(u)
	}
	for _, w := range webhooks {
		u.integrate(w)
	}
	if len(webhooks) > 0 {
		u.awaitAnnounced()
		u.Stop()
		u = startUnleash(t, script, database)
	}
	return u
}

func startUnleash(t testing.TB, script, database string) *UnleashServer {
	t.Helper()
	port, stop := program{
		names: []string{"node"}, install: "nodejs", signal: syscall.SIGTERM, ready: answers200("/health"), within: unleashTime,
		args: func(string) []string { return []string{script} },
		env: func(port string) []string {
			return []string{
				"DATABASE_URL=" + database, "DATABASE_SSL=false", "HTTP_HOST=127.0.0.1", "PORT=" + port, "INIT_ADMIN_API_TOKENS=" + UnleashToken,
				"CHECK_VERSION=false", "SEND_TELEMETRY=false", "LOG_LEVEL=warn",
			}
		},
	}.start(t)
	return &UnleashServer{Server{URL: "http://127.0.0.1:" + port, stop: stop}, t, database}
}

// awaitAnnounced waits until Unleash has told its webhooks of all events so far: once a second it
// looks for new ones.
func (u *UnleashServer) awaitAnnounced() {
	u.t.Helper()
	conn, err := pgx.Connect(u.t.Context(), u.database)
	if err != nil {
		u.t.Fatal(err)
	}
	defer conn.Close(u.t.Context())
	for waiting := 1; waiting > 0; {
		if err := conn.QueryRow(u.t.Context(), "SELECT count(*) FROM events WHERE NOT announced").Scan(&waiting); err != nil {
			u.t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func (u *UnleashServer) integrate(w Webhook) {
	u.t.Helper()
	parameters := map[string]string{"url": w.URL, "authorization": w.Authorization}
	if w.Body != "" {
		parameters["bodyTemplate"] = w.Body
	}
	u.Ask(http.MethodPost, "addons", map[string]any{
		"provider": "webhook", "enabled": true, "description": "of a test", "parameters": parameters, "projects": []string{}, "environments": []string{},
		"events": []string{
			"feature-created", "feature-archived", "feature-tagged", "feature-environment-enabled", "feature-environment-disabled",
			"feature-strategy-add", "feature-strategy-update", "feature-strategy-remove",
		},
	}, nil)
}

// Turn turns a flag on or off in production.
func (u *UnleashServer) Turn(name, word string) {
	u.t.Helper()
	u.Ask(http.MethodPost, "projects/default/features/"+name+"/environments/production/"+word, nil, nil)
}

// Ramp sets the share of a flag's first rollout in production.
func (u *UnleashServer) Ramp(name, rollout string) {
	u.t.Helper()
	path := "projects/default/features/" + name + "/environments/production"
	var flag struct {
		Strategies []struct {
			ID string `json:"id"`
		} `json:"strategies"`
	}
	u.Ask(http.MethodGet, path, nil, &flag)
	u.Ask(http.MethodPatch, path+"/strategies/"+flag.Strategies[0].ID, []map[string]string{{"op": "replace", "path": "/parameters/rollout", "value": rollout}}, nil)
}

// Flag makes a flag with these tags and a gradual rollout in the production environment, and leaves it off.
func (u *UnleashServer) Flag(name, rollout string, tags ...string) {
	u.t.Helper()
	u.Ask(http.MethodPost, "projects/default/features", map[string]any{"name": name, "type": "release"}, nil)
	for _, tag := range tags {
		u.Ask(http.MethodPost, "features/"+name+"/tags", map[string]any{"type": "simple", "value": tag}, nil)
	}
	u.Ask(http.MethodPost, "projects/default/features/"+name+"/environments/production/strategies", map[string]any{
		"name": "flexibleRollout", "parameters": map[string]string{"rollout": rollout, "stickiness": "default", "groupId": name},
	}, nil)
}

// Serves says whether a flag is on in production, and the share of its first rollout.
func (u *UnleashServer) Serves(name string) (on bool, rollout string) {
	u.t.Helper()
	var flag struct {
		Enabled    bool `json:"enabled"`
		Strategies []struct {
			Parameters map[string]string `json:"parameters"`
		} `json:"strategies"`
	}
	u.Ask(http.MethodGet, "projects/default/features/"+name+"/environments/production", nil, &flag)
	if len(flag.Strategies) > 0 {
		rollout = flag.Strategies[0].Parameters["rollout"]
	}
	return flag.Enabled, rollout
}

// Ask calls the Admin API, and fails the test unless it answers 2xx.
func (u *UnleashServer) Ask(method, path string, body, answer any) {
	u.t.Helper()
	var text []byte
	if body != nil {
		text, _ = json.Marshal(body)
	}
	r, err := http.NewRequestWithContext(u.t.Context(), method, u.URL+"/api/admin/"+path, bytes.NewReader(text))
	if err != nil {
		u.t.Fatal(err)
	}
	r.Header = http.Header{"Authorization": {UnleashToken}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		u.t.Fatal(err)
	}
	defer response.Body.Close()
	said, _ := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if response.StatusCode/100 != 2 {
		u.t.Fatalf("%s %s: %s: %s", method, path, response.Status, said)
	}
	if answer != nil {
		if err := json.Unmarshal(said, answer); err != nil {
			u.t.Fatal(err)
		}
	}
}
