package main

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A token goes to the server that it is for, and to no other.
func TestClientFollowsNoRedirect(t *testing.T) {
	const token = "9f8b1c0d2e3a4f5b6c7d8e9fa0b1c2d3"
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another server was asked") }))
	defer other.Close()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := httptest.NewServer(http.RedirectHandler(other.URL+"/?token="+token, status))
		c, err := serverFlags{Server: s.URL, TokenFile: file}.client()
		if err != nil {
			t.Fatal(err)
		}
		err = c.call(t.Context(), http.MethodPost, "/v1/orders", map[string]string{}, nil)
		if err == nil || !strings.Contains(err.Error(), "redirects") || strings.Contains(err.Error(), token) {
			t.Errorf("%d: %v", status, err)
		}
		s.Close()
	}
}

func TestServerHoldsNoPassword(t *testing.T) {
	for _, server := range []string{"http://me:hunter2@127.0.0.1:1", "ftp://me:hunter2@h", "http://me:hunter2@%zz", "httpx://hunter2"} {
		if _, err := (serverFlags{Server: server}).client(); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", server, err)
		}
	}
}
