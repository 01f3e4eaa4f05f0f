package daemon

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/audit"
	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/store"
)

// witness is a whole daemon, and everything that it has said anywhere.
type witness struct {
	t       *testing.T
	dir     string
	url     string
	outside *echo
	log     servertest.Log
	client  *http.Client
	said    map[string]string // where → what
	hidden  map[string]string // what → the secret
}

// TestPlantedSecretsStayHidden runs a whole daemon through a bad change, a question, an
// approval and a rollback, beside servers that repeat whatever they get, and then reads
// everything that it says anywhere: no planted secret may be in it, however it is encoded.
func TestPlantedSecretsStayHidden(t *testing.T) {
	t.Setenv("DEPLOY_TOKEN", plants["environment"])
	outside := new(echo)
	server := httptest.NewServer(outside)
	t.Cleanup(server.Close)
	deployed := time.Now().Add(-15 * time.Minute).UTC().Truncate(time.Second)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	w := &witness{
		t: t, dir: plantedFolder(t, server.URL, deployed), outside: outside, said: map[string]string{}, hidden: maps.Clone(plants),
		client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}
	stop := w.run()
	_, born := w.ask("GET", "/metrics", "")
	w.refused()
	key := w.change(deployed)
	w.signIn()
	link := w.question()
	w.read(key)
	w.approve(key, link)
	w.checkMetrics()
	w.checkBirth(born)
	w.read(key)
	var dump bytes.Buffer
	_ = pprof.Lookup("goroutine").WriteTo(&dump, 2)
	w.said["goroutines"] = dump.String()
	stop()
	w.export()
	w.said["log"] = w.log.String()
	w.check()
}

// run checks and asks as the commands do, and runs the daemon.
func (w *witness) run() (stop func()) {
	table, log := withToys(), slog.New(slog.NewJSONHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c, mistakes := table.Check(filepath.Join(w.dir, "pushback.yml"))
	if len(mistakes) > 0 {
		w.t.Fatal(mistakes)
	}
	w.said["config"] = fmt.Sprintf("%+v %#v %v", c, c, c.SecretWarnings())
	w.said["config check --online"] = fmt.Sprint(table.Ask(w.t.Context(), c, log))
	database := c
	database.Store.URLFile = filepath.Join(w.dir, "secrets/database")
	w.said["config check of a database"] = fmt.Sprint(table.Ask(w.t.Context(), database, log))
	d, err := New(w.t.Context(), Options{Config: c, Table: table, Version: "test", Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	w.said["daemon"] = fmt.Sprintf("%+v", d.built)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	w.url = "http://" + l.Addr().String()
	ctx, cancel := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, l) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			w.t.Error(err)
		}
	})
	w.t.Cleanup(stop)
	return stop
}

// ask sends a request, and remembers the answer with its headers.
func (w *witness) ask(method, path, body string, header ...string) (int, string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	response.Header.Del("Set-Cookie") // the session's cookie is for its browser
	where, _, _ := strings.Cut(path, "?")
	w.said[fmt.Sprintf("%s %s %d", method, where, len(w.said))] = fmt.Sprintf("%s %v\n%s", response.Status, response.Header, answer)
	return response.StatusCode, string(answer)
}

// refused sends wrong tokens and deliveries, whose texts must not be repeated either.
func (w *witness) refused() {
	wrong := plants["wrong token"]
	w.ask("GET", "/v1/changes", "", "Authorization", "Bearer "+wrong)
	w.ask("POST", "/v1/orders/x/approve?token="+wrong, `{"actor": "amy", "token": "`+wrong+`"}`, "Authorization", "Bearer "+wrong)
	w.ask("GET", "/changes/x/approve?token="+wrong, "")
	w.ask("POST", "/signin", "token="+wrong, "Content-Type", "application/x-www-form-urlencoded")
	w.ask("POST", "/hooks/ci", `{"service": "`+plants["wrong delivery"]+`"}`, "Authorization", "Bearer "+wrong)
	w.ask("POST", "/hooks/ci", `{"`+plants["wrong delivery"]+``, "Authorization", "Bearer "+plants["source secret"])
}

// change reports the bad change.
func (w *witness) change(deployed time.Time) (key string) {
	w.t.Helper()
	event := fmt.Sprintf(`{"service": "cart", "version": "v2", "previous": "v1", "at": %q}`, deployed.Format(time.RFC3339))
	status, answer := w.ask("POST", "/hooks/ci", event, "Authorization", "Bearer "+plants["source secret"])
	var accepted struct{ Key string }
	if err := json.Unmarshal([]byte(answer), &accepted); err != nil || status != http.StatusCreated {
		w.t.Fatalf("%d: %s", status, answer)
	}
	return accepted.Key
}

// signIn begins a session, whose cookie is a secret as well.
func (w *witness) signIn() {
	w.t.Helper()
	if status, answer := w.ask("POST", "/signin", "token="+plants["api token"], "Content-Type", "application/x-www-form-urlencoded"); status != http.StatusSeeOther {
		w.t.Fatalf("%d: %s", status, answer)
	}
	at, _ := url.Parse(w.url)
	for _, c := range w.client.Jar.Cookies(at) {
		w.hidden["session cookie"] = c.Value
	}
}

var linkToken = regexp.MustCompile(`approve\?token=([A-Za-z0-9_-]+)`)

// question waits until a message with an approval link has arrived, and returns its token.
func (w *witness) question() string {
	w.t.Helper()
	w.until("a question", func() bool { return linkToken.MatchString(w.outside.received()) })
	w.hidden["approval link"] = linkToken.FindStringSubmatch(w.outside.received())[1]
	return w.hidden["approval link"]
}

// approve approves by the API, with the link in the reason, and waits for the rollback.
func (w *witness) approve(key, link string) {
	w.t.Helper()
	why := fmt.Sprintf("as in %s/changes/%s/approve?token=%s", w.url, key, link)
	status, answer := w.ask("POST", "/v1/orders/"+key+"/approve", fmt.Sprintf(`{"actor": "amy", "why": %q}`, why), "Authorization", "Bearer "+plants["api token"])
	if status >= 300 {
		w.t.Fatalf("%d: %s", status, answer)
	}
	w.until("a rollback", func() bool {
		_, answer := w.ask("GET", "/v1/changes/"+key, "")
		return strings.Contains(answer, `"done"`) && strings.Contains(w.outside.received(), "/hook")
	})
	w.until("an annotation", func() bool { return strings.Contains(w.outside.received(), "/grafana") })
}

func (w *witness) until(what string, reached func() bool) {
	w.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !reached(); <-time.After(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			w.t.Fatalf("no %s:\n%s\n%s", what, w.log.String(), w.outside.received())
		}
	}
}

// read reads every page and every answer of the API.
func (w *witness) read(key string) {
	for _, path := range []string{
		"/", "/changes/" + key, "/rules", "/rules/shop%2Flevel", "/signin", "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/v1/status",
		"/v1/changes", "/v1/changes/" + key, "/v1/changes/" + key + "/records", "/v1/orders", "/v1/orders/" + key, "/v1/rules", "/v1/rules/shop%2Flevel", "/v1/holds", "/v1/incidents", "/v1/gate/cart", "/v1/nothing",
	} {
		w.ask("GET", path, "")
	}
	w.ask("POST", "/v1/reload", "", "Authorization", "Bearer "+plants["api token"])
}

// export writes the journal, as pushback audit export does.
func (w *witness) export() {
	w.t.Helper()
	st, err := store.OpenReadOnly(w.t.Context(), "sqlite:"+filepath.Join(w.dir, "data/pushback.db"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer st.Close()
	var out bytes.Buffer
	if _, err := audit.Export(w.t.Context(), &out, st, time.Time{}, time.Now().Add(time.Hour)); err != nil || out.Len() == 0 {
		w.t.Fatalf("%d bytes, %v", out.Len(), err)
	}
	w.said["audit export"] = out.String()
}

// check looks for every secret in everything that was said, and makes sure that those which
// travel were sent, so that the servers could repeat them.
func (w *witness) check() {
	received := w.outside.received()
	for _, what := range []string{"hook header", "hook query", "hook bearer", "slack path", "store password", "grafana token", "routing key", "approval link"} {
		if !strings.Contains(received, w.hidden[what]) {
			w.t.Errorf("the secret %s was never sent, so that nobody could repeat it", what)
		}
	}
	for what, hidden := range w.hidden {
		if hidden == "" {
			w.t.Errorf("there is no %s", what)
			continue
		}
		forms := []string{hidden, fmt.Sprintf("%x", hidden), base64.StdEncoding.EncodeToString([]byte(hidden)), base64.StdEncoding.EncodeToString([]byte("me:" + hidden))}
		for where, said := range w.said {
			for _, form := range forms {
				if at := strings.Index(said, form); at >= 0 {
					w.t.Errorf("the secret %s is in %s: …%s…", what, where, said[max(0, at-200):min(len(said), at+80)])
				}
			}
		}
	}
}
