package outbound

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/prometheus/common/config"
)

// Every answer is noted, also one to a library, and nothing of it but its code.
func TestObserve(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			w.WriteHeader(http.StatusTeapot)
		}
		_, _ = w.Write([]byte("s3cret"))
	}))
	t.Cleanup(server.Close)
	c, err := New(config.DefaultHTTPClientConfig)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	ctx := Observe(t.Context(), func(answer string) { got = append(got, answer) })
	if _, err := c.Post(ctx, server.URL+"/s3cret", nil, nil); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Library(1000).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if want := []string{"POST: 200 OK", "GET: 418 I'm a teapot"}; !slices.Equal(got, want) {
		t.Errorf("noted %q, want %q", got, want)
	}
}
