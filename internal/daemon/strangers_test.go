package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yaml "go.yaml.in/yaml/v4"

	"github.com/pushback/pushback/internal/secret"
)

// sourceSecret is the secret of every source, and readerToken of the API.
const (
	sourceSecret = "the-secret-of-every-source"
	readerToken  = "the-token-of-those-who-read"
)

// exampleSources are the entries of docs/pushback.yml that deliveries are sent to, by kind: an
// entry that has secrets. So a new kind is under these tests as soon as it is documented.
func exampleSources(t testing.TB) map[string]map[string]any {
	t.Helper()
	text, err := os.ReadFile("../../docs/pushback.yml")
	if err != nil {
		t.Fatal(err)
	}
	var example struct {
		Sources map[string]map[string]any `yaml:"sources"`
	}
	if err := yaml.Unmarshal(text, &example); err != nil {
		t.Fatal(err)
	}
	byKind := map[string]map[string]any{}
	for _, entry := range example.Sources {
		if entry["secret_files"] != nil {
			entry["secret_files"] = []string{"secret"}
			byKind[entry["kind"].(string)] = entry
		}
	}
	if len(byKind) < 9 {
		t.Fatalf("docs/pushback.yml shows %d sources", len(byKind))
	}
	return byKind
}

// strangersDaemon is a daemon with one source of each kind, called as its kind.
type strangersDaemon struct {
	t   *testing.T
	url string
	log *bytes.Buffer
}

func runSources(t *testing.T, all map[string]map[string]any) *strangersDaemon {
	t.Helper()
	dir, p := t.TempDir(), &strangersDaemon{t: t, log: new(bytes.Buffer)}
	settings, err := json.Marshal(map[string]any{"listen": "127.0.0.1:0", "token_file": "tokens", "sources": all, "metrics": map[string]any{"none": map[string]any{"kind": "prometheus", "url": "http://127.0.0.1:1"}}}) // YAML too
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{"pushback.yml": string(settings), "tokens": readerToken, "secret": sourceSecret}
	for _, entry := range all {
		for key, value := range entry {
			if name, ok := value.(string); ok && strings.HasSuffix(key, "_file") {
				files[name] = sourceSecret
			}
		}
	}
	for name, text := range files {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.run(filepath.Join(dir, "pushback.yml"))
	return p
}

func (p *strangersDaemon) run(file string) {
	p.t.Helper()
	c, mistakes := Adapters().Check(file)
	if len(mistakes) > 0 {
		p.t.Fatal(mistakes)
	}
	log := slog.New(slog.NewTextHandler(p.log, &slog.HandlerOptions{Level: slog.LevelError}))
	d, err := New(p.t.Context(), Options{Config: c, Table: Adapters(), Version: "test", Log: log})
	if err != nil {
		p.t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		p.t.Fatal(err)
	}
	p.url = "http://" + l.Addr().String()
	ctx, stop := context.WithCancel(p.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, l) }()
	p.t.Cleanup(func() {
		stop()
		if err := errors.Join(<-ended, d.Close()); err != nil {
			p.t.Error(err)
		}
		if strings.Contains(p.log.String(), "panic") {
			p.t.Errorf("a request panicked:\n%.2000s", p.log.String())
		}
	})
}

// send returns the answer to a request, with all of its headers but the date.
func (p *strangersDaemon) send(method, path, body string, h http.Header) (int, string) {
	p.t.Helper()
	r, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	maps.Copy(r.Header, h)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, _ := io.ReadAll(response.Body)
	response.Header.Del("Date")
	return response.StatusCode, fmt.Sprint(response.StatusCode, response.Header, string(answer))
}

// checkNothingStored fails if any change has come in.
func (p *strangersDaemon) checkNothingStored() {
	p.t.Helper()
	status, answer := p.send(http.MethodGet, "/v1/changes?environment=*", "", http.Header{"Authorization": {"Bearer " + readerToken}})
	if status != http.StatusOK || !strings.Contains(answer, `"changes":[]`) {
		p.t.Errorf("changes: %.2000s", answer)
	}
}

// TestNoDeliveryIsForged sends to every kind of source what people try who do not know the secret.
// All answers are alike, also that of a name that is no source, and nothing is stored.
func TestNoDeliveryIsForged(t *testing.T) {
	all := exampleSources(t)
	p := runSources(t, all)
	names := append(slices.Sorted(maps.Keys(all)), "no-such-source")
	tries := forgeries()
	if len(tries) < 60 {
		t.Fatalf("%d tries", len(tries))
	}
	want := ""
	for _, try := range tries {
		for _, name := range names {
			h := http.Header{"X-Forwarded-For": {"203.0.113.9"}} // through a proxy: the user of this host may read all
			maps.Copy(h, try.header)
			status, answer := p.send(http.MethodPost, "/hooks/"+name, validBody, h)
			if want == "" {
				want = answer
			}
			if status != http.StatusUnauthorized || answer != want {
				t.Errorf("%s to %s: %.300s", try.name, name, answer)
			}
		}
	}
	p.checkNothingStored()
	t.Logf("%d tries at %d sources", len(tries)*len(names), len(names))
}

// The right secret is let in, so that the tries fail for what they are.
func TestTheSecretLetsIn(t *testing.T) {
	p := runSources(t, exampleSources(t))
	for name, h := range map[string]http.Header{
		"generic": {"Authorization": {"Bearer " + sourceSecret}}, "unleash": {"Authorization": {sourceSecret}}, "split": {"Authorization": {"Bearer " + sourceSecret}},
		"github": {"X-Hub-Signature-256": {"sha256=" + hexSum(sourceSecret, validBody)}}, "flipt": {"X-Flipt-Webhook-Signature": {hexSum(sourceSecret, validBody)}},
		"launchdarkly": {"X-Ld-Signature": {hexSum(sourceSecret, validBody)}},
	} {
		if status, answer := p.send(http.MethodPost, "/hooks/"+name, validBody, h); status == http.StatusUnauthorized {
			t.Errorf("%s: %s", name, answer)
		}
	}
	if err := secret.Check(sourceSecret); err != nil {
		t.Error(err)
	}
}

// TestMalformedDeliveries sends bodies to every kind of source that no tool sends, past its
// signature. Each is refused as the sender's fault, nothing panics, and nothing is stored.
func TestMalformedDeliveries(t *testing.T) {
	all := exampleSources(t)
	for _, entry := range all {
		delete(entry, "secret_files")
		entry["insecure"] = true
	}
	p := runSources(t, all)
	n := 0
	for _, kind := range slices.Sorted(maps.Keys(all)) {
		for _, m := range malformed(t, kind) {
			for _, h := range headersOf(kind) {
				h.Set("Authorization", "Bearer "+readerToken)
				status, answer := p.send(http.MethodPost, "/hooks/"+kind, m.body, h)
				n++
				if kind == "mapped" && status == http.StatusAccepted {
					continue // what the mapping does not choose is no change, whatever it is
				}
				if status < 400 || status > 499 || strings.Contains(answer, "hunter2") {
					t.Errorf("%s, %s: %.300s", kind, m.name, answer)
				}
			}
		}
	}
	if n < 300 {
		t.Errorf("%d bodies", n)
	}
	p.checkNothingStored()
	t.Logf("%d malformed bodies to %d kinds", n, len(all))
}
