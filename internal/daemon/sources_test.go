package daemon

import (
	"context"
	"encoding/base64"
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
	"time"
)

// sourceSettings are settings that a kind needs beside its secrets.
var sourceSettings = map[string]string{
	"spinnaker": "pipelines: ['*']", "harness": "pipelines: ['*']", "jenkins": "jobs: ['*']", "circleci": "jobs: ['*']",
}

// proofHeaders are headers in which some tool proves itself.
var proofHeaders = []string{
	"X-Hub-Signature-256", "X-Hub-Signature", "X-Signature", "Circleci-Signature", "X-Vercel-Signature", "Heroku-Webhook-Hmac-Sha256",
	"Webhook-Signature", "Authorization", "X-Pushback-Secret", "X-Gitlab-Token", "X-ConfigCat-Webhook-Signature-V1",
}

// bypasses are values that a careless check takes for a proof.
func bypasses() []string {
	zero := strings.Repeat("0", 64)
	return []string{
		"", " ", "null", "undefined", "true", "sha256=", "sha256=" + zero, "sha1=" + zero[:40], zero, zero[:40], "v1=", "v1=" + zero, "v2=" + zero, "v1=" + zero + ",v1=" + zero, "v0=" + zero,
		"v1," + base64.StdEncoding.EncodeToString(make([]byte, 32)), base64.StdEncoding.EncodeToString(make([]byte, 32)), "Bearer", "Bearer ", "Bearer null", "Bearer toy-secre", "Bearer toy-secrett",
		"Basic", "Basic Og==", "Basic " + base64.StdEncoding.EncodeToString([]byte("toy-secret:")), "Basic " + base64.StdEncoding.EncodeToString([]byte("toy-secret:x")), "Token toy", "toy-secret", "%00", "../secret",
	}
}

// TestNoSourceTakesWhatNobodySigned tries the ways past a signature at every kind of source, in
// the header of every tool: each is answered as the one before it, and nothing is stored.
func TestNoSourceTakesWhatNobodySigned(t *testing.T) {
	var settings strings.Builder
	kinds := slices.Sorted(maps.Keys(Adapters().Sources))
	for _, kind := range kinds {
		fmt.Fprintf(&settings, "  %s: {kind: %[1]s, secret_files: [strong], %s}\n", kind, sourceSettings[kind])
	}
	url := serveSources(t, "allow_empty_rules: true\nmetrics: {m: {kind: embedded}}\nsources:\n"+settings.String())
	answers := map[string]int{}
	for _, kind := range kinds {
		for _, value := range bypasses() {
			h := http.Header{"Webhook-Id": {"1"}, "Webhook-Timestamp": {fmt.Sprint(time.Now().Unix())}, "Authorization": {value}}
			answers[postUnsigned(t, url+"/hooks/"+kind, h)]++ // of two ways to sign, the other one binds where it is there
			for _, header := range proofHeaders {
				h.Set(header, value)
			}
			answers[postUnsigned(t, url+"/hooks/"+kind, h)]++
		}
	}
	if tried := 2 * len(kinds) * len(bypasses()); len(answers) != 1 || tried < 60 {
		t.Errorf("%d tries were answered in %d ways: %v", tried, len(answers), answers)
	}
	for answer := range answers {
		if !strings.HasPrefix(answer, "401 ") {
			t.Error(answer)
		}
	}
	if got := ask(t, url+"/v1/changes"); strings.Contains(got, `"key"`) {
		t.Errorf("stored: %s", got)
	}
}

// serveSources runs a daemon with the settings and returns its address.
func serveSources(t *testing.T, settings string) string {
	t.Helper()
	file := toyFolder(t, settings)
	dir := filepath.Dir(file)
	if err := errors.Join(os.WriteFile(filepath.Join(dir, "strong"), []byte("9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"), 0o600), os.WriteFile(filepath.Join(dir, "rules", "level.yml"), nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	c, mistakes := Adapters().Check(file)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	d, err := New(t.Context(), Options{Config: c, Table: Adapters(), Version: "test", Log: slog.New(slog.DiscardHandler)})
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
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// postUnsigned returns the status and the body of the answer to a delivery.
func postUnsigned(t *testing.T, url string, h http.Header) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(`{"service": "cart", "version": "v1", "at": "2026-11-29T12:00:00Z"}`))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = h
	r.Header.Set("Content-Type", "application/json")
	return answerTo(t, r)
}

func ask(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answerTo(t, r)
}

func answerTo(t *testing.T, r *http.Request) string {
	t.Helper()
	w, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Body.Close()
	body, err := io.ReadAll(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(w.StatusCode, " ", string(body))
}
