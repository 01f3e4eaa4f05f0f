// Package forges has scripted servers of the tools that reports are written to: they keep what is written, and
// refuse what the real ones refuse: a request without its token, an unknown state, a field that is missing or too
// long, a commit or a thing that is not there. The shapes are those of the tools' API pages (see notify/github,
// notify/gitlab and notify/argocd); no real GitHub or GitLab was asked.
package forges

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
)

// forge is what the servers have in common.
type forge struct {
	*httptest.Server
	mu    sync.Mutex
	next  int64
	calls []string

	// Before, where it is set, may answer a request itself, and then returns true. LoseAnswer has a request
	// carried out and its answer lost.
	before     func(w http.ResponseWriter, r *http.Request) bool
	loseAnswer func(r *http.Request) bool
}

// start serves a mux. allowed refuses a request without the right headers.
func (f *forge) start(t testing.TB, mux *http.ServeMux, allowed func(w http.ResponseWriter, r *http.Request) bool) {
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.calls = append(f.calls, r.Method+" "+r.URL.Path)
		if f.before != nil && f.before(w, r) || !allowed(w, r) {
			return
		}
		if f.loseAnswer != nil && f.loseAnswer(r) {
			mux.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(f.Close)
}

// Before has requests answered by answer where it returns true. nil ends that.
func (f *forge) Before(answer func(w http.ResponseWriter, r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.before = answer
}

// LoseAnswer has the requests carried out for which lost returns true, and their answers lost. nil ends that.
func (f *forge) LoseAnswer(lost func(r *http.Request) bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.loseAnswer = lost
}

// Calls are the requests so far: "GET /path".
func (f *forge) Calls() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

func (f *forge) id() int64 {
	f.next++
	return f.next
}

// read decodes the body, and refuses one that is no JSON object of known fields.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	decoder := json.NewDecoder(io.LimitReader(r.Body, 1<<20))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		refuse(w, http.StatusBadRequest, "Problems parsing JSON: %v", err)
		return false
	}
	return true
}

func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value)
}

func refuse(w http.ResponseWriter, status int, format string, args ...any) {
	answer(w, status, map[string]string{"message": fmt.Sprintf(format, args...)})
}

// require refuses a request for which one of the conditions does not hold.
func require(w http.ResponseWriter, conditions map[string]bool) bool {
	for what, holds := range conditions {
		if !holds {
			refuse(w, http.StatusUnprocessableEntity, "Validation Failed: %s", what)
			return false
		}
	}
	return true
}
