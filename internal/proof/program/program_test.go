package program

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	webhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const page = `# HELP x
pushback_watches_open 12
pushback_looks_total{outcome="looked"} 90
pushback_looks_total{outcome="failed"} 10
pushback_look_lag_seconds_bucket{vmrange="8.799e-03...1.000e-02"} 50
pushback_look_lag_seconds_bucket{vmrange="1.000e-01...1.136e-01"} 48
pushback_look_lag_seconds_bucket{vmrange="4.642e+00...5.275e+00"} 2
pushback_look_lag_seconds_sum 9
pushback_look_lag_seconds_count 100
other_look_lag_seconds_bucket{vmrange="8.799e+03...1.000e+04"} 70
`

func TestMetrics(t *testing.T) {
	t.Parallel()
	m := parseMetrics([]byte(page))
	if m["pushback_watches_open"] != 12 || m.Sum("pushback_looks_total") != 100 || m.Sum("pushback_looks") != 0 {
		t.Errorf("%v", m)
	}
	want := Quantiles{Half: 10 * time.Millisecond, NinetyNine: 5275 * time.Millisecond, Most: 5275 * time.Millisecond}
	if got := m.Quantiles("pushback_look_lag_seconds"); got != want {
		t.Errorf("quantiles %v, want %v", got, want)
	}
	if got := m.Since(m).Quantiles("pushback_look_lag_seconds"); got != (Quantiles{}) {
		t.Errorf("quantiles of nothing: %v", got)
	}
	later := parseMetrics([]byte(strings.Replace(page, "} 48", "} 49", 1)))
	if got := later.Since(m).Quantiles("pushback_look_lag_seconds").Most; got != 113600*time.Microsecond {
		t.Errorf("of what has grown the longest is %v", got)
	}
}

func TestQuantilesOf(t *testing.T) {
	t.Parallel()
	var all []time.Duration
	for n := range 1000 {
		all = append(all, time.Duration(999-n)*time.Millisecond)
	}
	if got := QuantilesOf(all).String(); got != "500 / 990 / 999" {
		t.Error(got)
	}
}

// TestUsage: what the kernel says of this process.
func TestUsage(t *testing.T) {
	t.Parallel()
	u := OwnUsage()
	for began := time.Now(); OwnUsage().CPU == u.CPU; {
		if time.Since(began) > time.Minute {
			t.Fatal("computing takes no time")
		}
	}
	if u.Memory < 1<<20 || u.Peak < u.Memory {
		t.Errorf("%+v", u)
	}
}

// TestSender: every event is sent once, signed, and about what it should be.
func TestSender(t *testing.T) {
	t.Parallel()
	hook, err := webhooks.NewWebhook(Secret)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	bodies, answers := map[string]bool{}, 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		if err := hook.Verify(body, r.Header); err != nil || r.URL.Path != "/hooks/tool" {
			t.Error(r.URL.Path, err)
		}
		bodies[string(body)] = true
	}))
	defer server.Close()
	at := time.Date(2026, time.November, 23, 10, 0, 0, 0, time.UTC)
	s := Sender{
		Address: server.Listener.Addr().String(), Source: "tool", Rate: 10_000, Total: 50, First: 7, Connections: 3,
		Service: func(n int64) string { return "cart" }, At: func(n int64) time.Time { return at.Add(time.Duration(n) * time.Second) },
		Answered: func(_ int64, status int, _, _ time.Time) {
			mu.Lock()
			defer mu.Unlock()
			if answers++; status != 200 {
				t.Error(status)
			}
		},
	}
	if _, err := s.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(bodies) != 50 || answers != 50 {
		t.Errorf("%d events and %d answers", len(bodies), answers)
	}
	for body := range bodies {
		if !strings.Contains(body, `"service":"cart"`) || !strings.Contains(body, `"at":"2026-11-23T10:00:`) {
			t.Error(body)
		}
	}
}

// TestSenderEnds: what a slow program does not take in time is not sent.
func TestSenderEnds(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	answers := 0
	s := Sender{
		Address: server.Listener.Addr().String(), Source: "tool", Rate: 1_000_000, Total: 1 << 40, Connections: 1, Limit: time.Millisecond,
		Service: func(int64) string { return "cart" }, Answered: func(int64, int, time.Time, time.Time) { answers++ },
	}
	if took, err := s.Run(t.Context()); err != nil || took < s.Limit {
		t.Errorf("%d answers in %s, %v", answers, took, err)
	}
}

// TestProgram: a program is started, asked, killed and started again, and a program that does
// not serve is said so. The program is a script that names the address of a server of the test.
func TestProgram(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
		}
		_, _ = io.WriteString(w, page)
	}))
	defer server.Close()
	p := script(t, `echo '{"msg":"serving","address":"`+server.Listener.Addr().String()+`"}' >&2; exec sleep 600`)
	for range 2 {
		if err := p.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if m, err := p.Metrics(t.Context()); err != nil || m["pushback_watches_open"] != 12 {
			t.Fatal(m, err)
		}
		if _, err := p.AwaitReady(t.Context()); err != nil || p.Used().Peak == 0 {
			t.Fatal(err, p.Used())
		}
		p.Kill()
	}
	if log, err := os.ReadFile(p.Log()); err != nil || strings.Count(string(log), "serving") != 2 {
		t.Errorf("the log is %q, %v", log, err)
	}
	bad := script(t, `echo '{"msg":"no"}' >&2`)
	if err := bad.Start(context.WithoutCancel(t.Context())); err == nil || !strings.Contains(err.Error(), bad.Log()) {
		t.Error("a program that ended was taken for one that serves:", err)
	}
}

func script(t *testing.T, text string) *Program {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+text+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	p, err := New(Options{Binary: binary, Dir: t.TempDir(), Files: map[string]string{"pushback.yml": Settings, "rules/red.yml": "team: shop"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	for _, file := range []string{"pushback.yml", "rules/red.yml", "secret", "token", "store"} {
		if _, err := os.Stat(filepath.Join(p.Dir, file)); err != nil {
			t.Error(err)
		}
	}
	return p
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	r := bufio.NewReader(strings.NewReader("HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"))
	for _, want := range []int{202, 503} {
		if got, err := readAnswer(r); got != want || err != nil {
			t.Error(got, err)
		}
	}
}
