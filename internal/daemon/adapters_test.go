package daemon

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const toyRules = `
team: shop
rules:
  - name: level
    watch: {service: cart}
    settle: 0s
    bake: 10m
    every: 1s
    policies: {limit: act}
    signals: [{name: level, query: level, min_effect: 10%, limit: 50}]
    respond:
      - {at_least: likely, tell: chat}
      - {at_least: certain, rollback: {hook: back, mode: act}}
`

// toyFolder writes a pushback.yml with the given sections, and what it names.
func toyFolder(t *testing.T, sections string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"pushback.yml": "listen: 127.0.0.1:0\ntrust: {new_rules: as_written}\n" + sections, "rules/level.yml": toyRules, "secret": "toy-secret\n",
	} {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "pushback.yml")
}

// TestToyAdapters shows that an adapter of any kind is its code and one line of the
// table: pushback.yml names it, config check builds it, and a daemon uses it.
func TestToyAdapters(t *testing.T) {
	received := make(chan string, 100)
	outside := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body := new(bytes.Buffer)
		_, _ = body.ReadFrom(r.Body)
		received <- r.URL.Path + " " + body.String()
	}))
	t.Cleanup(outside.Close)
	deployed := time.Now().Add(-15 * time.Minute).UTC().Truncate(time.Second)
	file := toyFolder(t, fmt.Sprintf(`
metrics: {levels: {kind: toy, rise: "%s"}}
sources: {deployer: {kind: toy, secret_file: secret, services: [cart]}}
hooks: {back: {kind: toy, url: "%s"}}
receivers: {chat: {kind: toy, url: "%[2]s"}}
services: {default: {chat: chat}}
`, deployed.Format(time.RFC3339), outside.URL))
	address := runToys(t, file)

	delivery := fmt.Sprintf(`{"service": "cart", "from": "v1", "to": "v2", "at": %q}`, deployed.Format(time.RFC3339))
	for secret, want := range map[string]int{"forged": http.StatusUnauthorized, "toy-secret": http.StatusCreated} {
		if got := deliver(t, "http://"+address+"/hooks/deployer", secret, delivery); got != want {
			t.Errorf("a delivery with the secret %s was answered with %d, want %d", secret, got, want)
		}
	}
	want := map[string]bool{"/rollback cart to v1": true, "/message ": true}
	for len(want) > 0 {
		select {
		case got := <-received:
			for one := range want {
				if strings.HasPrefix(got, one) {
					delete(want, one)
				}
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("not received: %v", want)
		}
	}
}

// runToys checks a pushback.yml, wires a daemon and runs it until the test ends. It
// returns the address.
func runToys(t *testing.T, file string) string {
	t.Helper()
	c, mistakes := withToys().Check(file)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if h := c.Hooks["back"]; !h.Idempotent || h.Abort {
		t.Errorf("the hook's kind is idempotent and does not abort, got %+v", h)
	}
	log := slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, a := range withToys().Ask(t.Context(), c, log) {
		section, _, _ := strings.Cut(a.Place, ".")
		if want := map[string]string{"metrics": AnswerOK, "hooks": AnswerOK}[section]; a.Status != cmp.Or(want, AnswerNotAsked) {
			t.Errorf("asked for %s: %s, %s", a.Place, a.Status, a.Detail)
		}
	}
	d, err := New(t.Context(), Options{Config: c, Table: withToys(), Version: "test", Log: log})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func deliver(t *testing.T, url, secret, body string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = http.Header{"X-Toy": {secret}, "Content-Type": {"application/json"}}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

// TestToyMistakes shows that mistakes in a toy's settings stand at their places, all at
// once, and that rules are checked by the toy's own query language.
func TestToyMistakes(t *testing.T) {
	file := toyFolder(t, "metrics: {levels: {kind: toy, rise: noon}}\nsources: {deployer: {kind: toy}}\nhooks: {back: {kind: toy}}\nreceivers: {chat: {kind: toy, url: ''}}\nservices: {default: {chat: chat}}\n")
	_, mistakes := withToys().Check(file)
	got := strings.ReplaceAll(mistakes.Error(), filepath.Dir(file)+"/", "")
	want := `pushback.yml:3:37: rise is no time: write it as 2026-11-20T10:00:00Z [bad-settings]
pushback.yml:4:11: secret_file is missing [bad-settings]
pushback.yml:5:9: url is missing [bad-settings]
pushback.yml:6:36: url is missing [bad-settings]`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	c, mistakes := withToys().Load(toyFolder(t, "metrics: {levels: {kind: toy, rise: '2026-11-20T10:00:00Z'}}\n"))
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	language := withToys().World(c).Stores["levels"]
	if language.Name() != "toy" || language.Parse("level") != nil || language.Parse("up") == nil {
		t.Errorf("rules of this store are checked by %s", language.Name())
	}
}
