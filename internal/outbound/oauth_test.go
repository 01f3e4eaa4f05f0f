package outbound

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
)

// The server that gives access tokens may repeat the client's secret in its refusal, which is
// part of the error of the call.
func TestSecretsOfTokenRequestsAreRedacted(t *testing.T) {
	const hidden = "k7Qz-2mXv_9LpRt4W"
	sent := false
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, password, _ := r.BasicAuth()
		sent = sent || password == hidden
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprintf(w, "wrong: %s %s %s", r.Header.Get("Authorization"), password, body)
	}))
	defer s.Close()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(hidden+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]*config.OAuth2{
		"file": {ClientID: "me", ClientSecretFile: file, TokenURL: s.URL}, "inline": {ClientID: "me", ClientSecret: hidden, TokenURL: s.URL},
	} {
		c, err := New(config.HTTPClientConfig{OAuth2: o})
		if err != nil {
			t.Fatal(err)
		}
		_, err = c.Post(t.Context(), s.URL, nil, nil)
		if err == nil || strings.Contains(err.Error(), hidden) || strings.Contains(err.Error(), "bWU6") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !sent {
		t.Error("the secret was never sent")
	}
}
