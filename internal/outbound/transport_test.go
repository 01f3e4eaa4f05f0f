package outbound

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
)

func TestTransportIsBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 5000))
	}))
	defer server.Close()
	c, err := New(config.HTTPClientConfig{})
	if err != nil {
		t.Fatal(err)
	}
	through := http.Client{Transport: c.Transport(1000)}
	f := func(address string, bytes int) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := through.Do(r)
		if (err == nil) != (bytes > 0) {
			t.Fatalf("%s: %v", address, err)
		}
		if err != nil {
			return
		}
		defer answer.Body.Close()
		if body, err := io.ReadAll(answer.Body); err != nil || len(body) != bytes {
			t.Errorf("%s: %d bytes, %v", address, len(body), err)
		}
	}
	f(server.URL, 1000)
	f("http://169.254.169.254/latest", 0)
}
