package playground

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSecretsAreMadeOnce(t *testing.T) {
	folder := t.TempDir()
	token, err := Secrets(folder)
	if err != nil || len(token) < 26 {
		t.Fatalf("%q, %v", token, err)
	}
	before := texts(t, folder)
	again, err := Secrets(folder)
	if err != nil || again != token {
		t.Errorf("%q, then %q, %v", token, again, err)
	}
	if after := texts(t, folder); !slices.Equal(before, after) || len(after) != 3 || after[0] == after[1] {
		t.Errorf("secrets were made again, or twice the same")
	}
	if _, err := Secrets(filepath.Join(folder, "absent")); err == nil || !strings.Contains(err.Error(), "hint") {
		t.Errorf("a folder that is not there: %v", err)
	}
}

func texts(t *testing.T, folder string) (all []string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text, err := read(filepath.Join(folder, e.Name()))
		if err != nil || text == "" {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

// fakeGrafana answers as Grafana's pages about service accounts and annotations say. No real
// Grafana was to be had.
type fakeGrafana struct {
	password string
	accounts []map[string]any
	tokens   []string
}

func (g *fakeGrafana) handler() http.Handler {
	mux := http.NewServeMux()
	admin := func(do func(*http.Request) any) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "admin" || password != g.password {
				http.Error(w, `{"message":"Invalid username or password"}`, http.StatusUnauthorized)
				return
			}
			_ = json.NewEncoder(w).Encode(do(r))
		}
	}
	mux.HandleFunc("GET /api/serviceaccounts/search", admin(func(*http.Request) any {
		return map[string]any{"totalCount": len(g.accounts), "serviceAccounts": g.accounts}
	}))
	mux.HandleFunc("POST /api/serviceaccounts", admin(func(r *http.Request) any {
		made := map[string]any{"id": 7}
		_ = json.NewDecoder(r.Body).Decode(&made)
		g.accounts = append(g.accounts, made)
		return made
	}))
	mux.HandleFunc("POST /api/serviceaccounts/7/tokens", admin(func(*http.Request) any {
		g.tokens = append(g.tokens, "glsa_"+rand.Text())
		return map[string]any{"id": 1, "key": g.tokens[len(g.tokens)-1]}
	}))
	mux.HandleFunc("GET /api/annotations", func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(g.tokens, strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")) {
			http.Error(w, `{"message":"Invalid API key"}`, http.StatusUnauthorized)
			return
		}
		_, _ = w.Write([]byte("[]"))
	})
	return mux
}

func TestPushbackGetsAnAccount(t *testing.T) {
	folder := t.TempDir()
	if _, err := Secrets(folder); err != nil {
		t.Fatal(err)
	}
	password, err := read(filepath.Join(folder, AdminFile))
	if err != nil {
		t.Fatal(err)
	}
	g := &fakeGrafana{password: password}
	server := httptest.NewServer(g.handler())
	defer server.Close()
	mark := func(wantMade bool, wantTokens int) {
		t.Helper()
		made, err := Grafana{URL: server.URL, Folder: folder}.Mark(t.Context())
		if err != nil || made != wantMade || len(g.tokens) != wantTokens || len(g.accounts) != 1 {
			t.Errorf("made %v, %v; %d tokens of %d accounts", made, err, len(g.tokens), len(g.accounts))
		}
		if token, err := read(filepath.Join(folder, GrafanaFile)); err != nil || token != g.tokens[len(g.tokens)-1] {
			t.Errorf("Pushback has %q, %v", token, err)
		}
	}
	mark(true, 1)
	mark(false, 1) // a second start
	g.tokens = nil
	mark(true, 1) // Grafana's volume was deleted, and the account was found
	if role := g.accounts[0]["role"]; role != "Editor" {
		t.Errorf("the account is %v: a viewer may not write annotations", role)
	}
}

// The password is in no error.
func TestGrafanaRefuses(t *testing.T) {
	folder := t.TempDir()
	if _, err := Secrets(folder); err != nil {
		t.Fatal(err)
	}
	password, _ := read(filepath.Join(folder, AdminFile))
	server := httptest.NewServer((&fakeGrafana{password: "of an earlier volume"}).handler())
	defer server.Close()
	_, err := Grafana{URL: server.URL, Folder: folder}.Mark(t.Context())
	if err == nil || !strings.Contains(err.Error(), "hint") || strings.Contains(err.Error(), password) {
		t.Errorf("got %v", err)
	}
}
