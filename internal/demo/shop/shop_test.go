package shop

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func start(t *testing.T) (*Shop, string) {
	t.Helper()
	s := New(secret, nil)
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return s, server.URL
}

func TestCustomersAreCounted(t *testing.T) {
	_, base := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); Load(ctx, base, 500) }()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		text := get(t, base+"/metrics")
		if strings.Contains(text, `http_requests_total{code="200",route="/checkout"}`) && strings.Contains(text, "shop_orders_total ") &&
			strings.Contains(text, `http_request_duration_seconds_bucket{route="/product",le="+Inf"}`) {
			cancel()
			<-done
			return
		}
	}
	t.Fatal("the metrics never showed customers")
}

func TestOnlyTheSignedHookRollsBack(t *testing.T) {
	s, base := start(t)
	if _, err := s.Switch("v4"); err != nil {
		t.Fatal(err)
	}
	f := func(body, key string, status int, live string) {
		t.Helper()
		if got := rollBack(t, base, body, key); got != status {
			t.Errorf("%s: status %d, want %d", body, got, status)
		}
		if got := s.Live().Version; got != live {
			t.Errorf("%s: live is %s, want %s", body, got, live)
		}
	}
	f(`{"target_version":"v2"}`, "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", http.StatusUnauthorized, "v4")
	f(`{"target_version":"v9"}`, secret, http.StatusUnprocessableEntity, "v4")
	f(`{`, secret, http.StatusBadRequest, "v4")
	f(`{"target_version":"v2"}`, secret, http.StatusOK, "v2")
}

func rollBack(t *testing.T, base, body, key string) int {
	t.Helper()
	signer, err := standardwebhooks.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	signature, err := signer.Sign("id", now, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	request, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, base+"/admin/rollback", strings.NewReader(body))
	request.Header.Set("webhook-id", "id")
	request.Header.Set("webhook-timestamp", strconv.FormatInt(now.Unix(), 10))
	request.Header.Set("webhook-signature", signature)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode
}

func TestOperatorsSwitchFromThisHostAlone(t *testing.T) {
	s := New("", nil)
	f := func(from, body string, status int) {
		t.Helper()
		request := httptest.NewRequest(http.MethodPost, "/admin/version", strings.NewReader(body))
		request.RemoteAddr = from
		response := httptest.NewRecorder()
		s.Handler().ServeHTTP(response, request)
		if response.Code != status {
			t.Errorf("%s from %s: status %d, want %d", body, from, response.Code, status)
		}
	}
	f("192.0.2.1:99", `{"version":"v2"}`, http.StatusForbidden)
	f("127.0.0.1:99", `{"version":"v2"}`, http.StatusOK)
	f("127.0.0.1:99", `{"version":"v9"}`, http.StatusUnprocessableEntity)
	f("127.0.0.1:99", `v2`, http.StatusBadRequest)
	if s.Live().Version != "v2" {
		t.Errorf("live is %s", s.Live().Version)
	}
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
