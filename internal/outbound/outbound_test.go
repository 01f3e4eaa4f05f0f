package outbound

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestRedact(t *testing.T) {
	f := func(text, want string, secrets ...string) {
		t.Helper()
		if got := Redact(text, secrets...); got != want {
			t.Errorf("Redact(%q, %q) = %q, want %q", text, secrets, got, want)
		}
	}
	f("key is hunter2", "key is [secret]", "hunter2")
	f("Bearer hunter2-long", "Bearer [secret]", "hunter2", "hunter2-long")
	f("a cat", "a cat", "cat")
	f("nothing", "nothing", "", "hunter2")
}

// Headers of the HTTP options are added inside the transport, and must be redacted
// too.
func TestConfiguredHeadersAreRedacted(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range r.Header {
			_, _ = w.Write([]byte(name + ": " + values[0] + "\n"))
		}
		w.Header().Set("X-Done", "yes")
	}))
	defer s.Close()
	c, err := New(config.HTTPClientConfig{
		BasicAuth:   &config.BasicAuth{Username: "me", Password: "hunter2"},
		HTTPHeaders: &config.Headers{Headers: map[string]config.Header{"X-Api-Key": {Secrets: []config.Secret{"s3cret-key"}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Post(t.Context(), s.URL, []byte(`{}`), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"s3cret-key", "bWU6aHVudGVyMg=="} {
		if strings.Contains(answer.Body, secret) {
			t.Errorf("%q is in %q", secret, answer.Body)
		}
	}
	if !strings.Contains(answer.Body, "Content-Type: application/json") {
		t.Errorf("public headers are missing: %q", answer.Body)
	}
}

// An answer is bounded while it is read, so that an endless one ends.
func TestEndlessAnswer(t *testing.T) {
	const most = 256 << 20
	written := make(chan int, 1)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n, chunk := 0, make([]byte, 1<<20)
		for n < most {
			if _, err := w.Write(chunk); err != nil {
				break
			}
			n += len(chunk)
		}
		written <- n
	}))
	defer s.Close()
	c, err := New(config.HTTPClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Post(t.Context(), s.URL, nil, nil)
	if err != nil || len(answer.Body) > MaxAnswer {
		t.Errorf("%d bytes stored, %v", len(answer.Body), err)
	}
	if n := <-written; n >= most {
		t.Errorf("all %d bytes were read", n)
	}
}

func TestSign(t *testing.T) {
	f := func(secret string, verifier func() (*standardwebhooks.Webhook, error)) {
		t.Helper()
		v, err := verifier()
		if err != nil {
			t.Fatal(err)
		}
		h := http.Header{}
		body := []byte(`{"test": 2432232314}`)
		// The example of the specification: its id, and its time as unix seconds.
		if err := Sign(h, secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), body); err != nil {
			t.Fatal(err)
		}
		if err := v.VerifyIgnoringTimestamp(body, h); err != nil {
			t.Errorf("%v: %v", err, h)
		}
	}
	const vector = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	f(vector, func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhook(vector) })
	plain := "plain text of 24 bytes or more"
	f(plain, func() (*standardwebhooks.Webhook, error) { return standardwebhooks.NewWebhookRaw([]byte(plain)) })

	h := http.Header{}
	if err := Sign(h, vector, "msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`)); err != nil {
		t.Fatal(err)
	}
	if got, want := h.Get("webhook-signature"), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want {
		t.Errorf("the published vector gives %s, want %s", got, want)
	}
}

func FuzzSecret(f *testing.F) {
	f.Add([]byte("whsec_abc\n"))
	f.Add([]byte("\x00\r\n"))
	f.Add([]byte(strings.Repeat("x", 4096+1)))
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		secret, err := Secret(path)
		if err == nil && (secret == "" || len(secret) > 4096 || strings.ContainsAny(secret, "\r\n\x00")) {
			t.Errorf("%q was taken as %q", text, secret)
		}
		if err != nil && len(text) > 30 && strings.Contains(err.Error(), string(text)) {
			t.Errorf("the error shows the secret: %v", err)
		}
	})
}
