package server

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// What a receiver posts reaches it without a token, whatever its type, and no more of it than is bounded.
func TestReceivers(t *testing.T) {
	var got string
	s := &Server{Options: Options{Receivers: map[string]http.Handler{"chat": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var long *http.MaxBytesError
		if got = string(body[:min(len(body), 20)]); errors.As(err, &long) {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})}}}
	f := func(method, path, body string, want int) {
		t.Helper()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		s.routes().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("%s %s: %d %s, want %d", method, path, w.Code, w.Body, want)
		}
	}
	f(http.MethodPost, "/receivers/chat", "payload=1", http.StatusOK)
	if got != "payload=1" {
		t.Errorf("it got %q", got)
	}
	f(http.MethodPost, "/receivers/pager", "payload=1", http.StatusNotFound)
	s.Receivers[anyReceiver] = http.HandlerFunc(unsigned)
	f(http.MethodPost, "/receivers/pager", "payload=1", http.StatusUnauthorized)
	f(http.MethodGet, "/receivers/chat", "", http.StatusMethodNotAllowed)
	f(http.MethodPost, "/receivers/chat", strings.Repeat("x", maxBody+1), http.StatusRequestEntityTooLarge)
}

func unsigned(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, "the signature is missing, wrong or too old", http.StatusUnauthorized)
}

// Who may read learns that there is no receiver of a name.
func TestNoReceiver(t *testing.T) {
	p := everySource(t)
	if status, answer, _ := p.ask(http.MethodPost, "/receivers/nobody-has-this", "", "Authorization", "Bearer "+token); status != http.StatusNotFound {
		t.Errorf("%d %s", status, answer)
	}
}
