package http

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/config"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/hooktest"
)

const (
	secret = "a-signing-secret-of-32-characters"
	token  = "a-bearer-token"
)

func secretFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func newHook(t *testing.T, url string) *Hook {
	t.Helper()
	h, err := New(Config{
		URL: url, SecretFile: secretFile(t, secret), Timeout: time.Second,
		HTTP: config.HTTPClientConfig{Authorization: &config.Authorization{Type: "Bearer", Credentials: token}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// receiver is a receiver with the given behaviour, and the number of its calls.
func receiver(t *testing.T, b hooktest.Behaviour) (url string, calls func() int) {
	t.Helper()
	var n atomic.Int32
	hung := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n.Add(1)
		if status := b.Status(); status > 0 {
			w.Header().Set("Location", "http://elsewhere.invalid")
			w.WriteHeader(status)
		}
		switch b {
		case hooktest.Fails:
			http.Error(w, fmt.Sprintf("refused: %v %s %s", r.Header, r.URL.RawQuery, secret), http.StatusInternalServerError)
		case hooktest.Hangs:
			<-hung
		case hooktest.Floods:
			_, _ = io.WriteString(w, strings.Repeat("rolling back\n", 1<<20))
		case hooktest.Breaks:
			panic(http.ErrAbortHandler)
		case hooktest.Garbles:
			_, _ = io.WriteString(w, "nul \x00 escape \x1b[2J broken \xff")
		}
	}))
	t.Cleanup(s.Close)
	t.Cleanup(func() { close(hung) })
	if b == hooktest.Unreachable {
		s.Close()
	}
	return s.URL + "?token=in-the-query", func() int { return int(n.Load()) }
}

func TestContract(t *testing.T) {
	hooktest.Run(t, hooktest.Traits{HTTP: true}, func(t *testing.T, b hooktest.Behaviour) hooktest.Subject {
		url, calls := receiver(t, b)
		return hooktest.Subject{Hook: newHook(t, url), Calls: calls, Secrets: []string{secret, token, "in-the-query"}}
	})
}

func TestRequest(t *testing.T) {
	warrant := hooktest.Warrant(t)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		verifier, _ := standardwebhooks.NewWebhookRaw([]byte(secret))
		got := map[string]string{
			"method": r.Method, "type": r.Header.Get("Content-Type"), "key": r.Header.Get("Idempotency-Key"),
			"id": r.Header.Get("webhook-id"), "auth": r.Header.Get("Authorization"), "body": string(body),
			"replica": r.Header.Get("Pushback-Replica"), "signature": fmt.Sprint(verifier.Verify(body, r.Header)),
		}
		want := map[string]string{
			"method": "POST", "type": "application/json", "key": warrant.Key(),
			"id": warrant.Key(), "auth": "Bearer " + token, "body": string(warrant.Body()),
			"replica": "web-1", "signature": "<nil>",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("request (-want +got):\n%s", diff)
		}
	}))
	defer s.Close()
	if _, err := newHook(t, s.URL).Do(rollback.WithReplica(t.Context(), "web-1"), warrant); err != nil {
		t.Error(err)
	}
}

func TestStatuses(t *testing.T) {
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere.Add(1) }))
	defer other.Close()
	f := func(status int, want error) {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(status)
		}))
		defer s.Close()
		receipt, err := newHook(t, s.URL).Do(t.Context(), hooktest.Warrant(t))
		unknown := errors.Is(err, rollback.ErrOutcomeUnknown)
		if (err == nil) != (want == nil) || unknown != errors.Is(want, rollback.ErrOutcomeUnknown) || errors.Is(err, rollback.ErrNotSent) {
			t.Errorf("%d: %v, want %v", status, err, want)
		}
		if !strings.HasPrefix(receipt.Status, fmt.Sprint(status)) {
			t.Errorf("%d: the status of the receipt is %q", status, receipt.Status)
		}
	}
	failed := errors.New("failed")
	for status := 200; status < 600; status++ {
		switch {
		case status < 300:
			f(status, nil)
		case status == 502 || status == 504:
			f(status, rollback.ErrOutcomeUnknown)
		default:
			f(status, failed)
		}
	}
	if n := elsewhere.Load(); n != 0 {
		t.Errorf("%d redirects were followed", n)
	}
}

func TestRetryAfter(t *testing.T) {
	f := func(status int, header, date string, want time.Duration) {
		t.Helper()
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", header)
			w.Header().Set("Date", date)
			w.WriteHeader(status)
		}))
		defer s.Close()
		_, err := newHook(t, s.URL).Do(t.Context(), hooktest.Warrant(t))
		var got *rollback.RetryAfter
		if errors.As(err, &got); (got != nil) != (want > 0) || got != nil && got.After != want {
			t.Errorf("%q: %v, want %s", header, err, want)
		}
	}
	const date = "Fri, 20 Nov 2026 12:00:00 GMT"
	f(429, "30", date, 30*time.Second)
	f(503, "Fri, 20 Nov 2026 12:02:00 GMT", date, 2*time.Minute)
	f(503, "Fri, 20 Nov 2026 11:00:00 GMT", date, 0)
	f(503, "9999999", date, time.Hour)
	f(503, "-5", date, 0)
	f(503, "soon", date, 0)
	f(503, "Fri, 20 Nov 2026 12:02:00 GMT", "nonsense", 0)
}

// If the server has closed an idle connection, net/http sends a request with an
// Idempotency-Key a second time by itself.
func TestDeadConnectionIsNotTriedTwice(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	var requests, connections atomic.Int32
	go func() {
		for {
			c, err := listener.Accept()
			if err != nil {
				return
			}
			connections.Add(1)
			go answerOnce(c, &requests)
		}
	}()
	h := newHook(t, "http://"+listener.Addr().String())
	if _, err := h.Do(t.Context(), hooktest.Warrant(t)); err != nil {
		t.Fatal(err)
	}
	_, err = h.Do(t.Context(), hooktest.Warrant(t))
	if n := requests.Load(); n != 2 || connections.Load() != 2 || !errors.Is(err, rollback.ErrOutcomeUnknown) {
		t.Errorf("two calls made %d requests over %d connections; the second gave %v", n, connections.Load(), err)
	}
}

// answerOnce answers the first of all requests. It reads every later one and closes the
// connection.
func answerOnce(c net.Conn, requests *atomic.Int32) {
	defer c.Close()
	buffer := make([]byte, 64<<10)
	for {
		if _, err := c.Read(buffer); err != nil || requests.Add(1) > 1 {
			return
		}
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}
}

func TestNewRefuses(t *testing.T) {
	good := secretFile(t, secret)
	f := func(c Config, want string) {
		t.Helper()
		if _, err := New(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		} else if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("a secret is in %v", err)
		}
	}
	f(Config{SecretFile: good}, "url is missing")
	f(Config{URL: "ftp://x", SecretFile: good}, "must begin with http")
	f(Config{URL: "http://", SecretFile: good}, "no host")
	f(Config{URL: "http://me:hunter2@x", SecretFile: good}, "user or password")
	f(Config{URL: "http://x/%zzhunter2", SecretFile: good}, "cannot be read")
	f(Config{URL: "http://x"}, "secret_file is missing")
	f(Config{URL: "http://x", SecretFile: good + "x"}, "no such file")
	f(Config{URL: "http://x", SecretFile: secretFile(t, "")}, "is empty")
	f(Config{URL: "http://x", SecretFile: secretFile(t, "hunter2")}, "needs at least 16")
	f(Config{URL: "http://x", SecretFile: secretFile(t, "whsec_hunter2!")}, "not base64")
	f(Config{URL: "http://x", SecretFile: secretFile(t, secret+"\nhunter2")}, "more than one line")
	f(Config{URL: "http://x", SecretFile: secretFile(t, strings.Repeat("hunter2", 1000))}, "over 4096 bytes")
	f(Config{URL: "http://x", SecretFile: good, Timeout: -1}, "negative")
}
