package grafana

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const token = "glsa_a-service-account-token"

// fake keeps annotations as Grafana does, by the page of its HTTP API: POST
// adds, PATCH changes what it names, GET finds those with every tag.
type fake struct {
	mu     sync.Mutex
	next   int64
	stored map[int64]document
	calls  []string
	org    string
	before func(w http.ResponseWriter, r *http.Request) (answered bool)
	after  func(r *http.Request) // once the request has had its effect
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.calls = append(f.calls, r.Method)
	f.org = r.Header.Get("X-Grafana-Org-Id")
	f.mu.Unlock()
	if f.before != nil && f.before(w, r) {
		return
	}
	if r.Header.Get("Authorization") != "Bearer "+token {
		http.Error(w, fmt.Sprintf(`{"message":"Invalid API key %v"}`, r.Header), http.StatusUnauthorized)
		return
	}
	answer := f.handle(w, r)
	if f.after != nil {
		f.after(r)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (f *fake) handle(w http.ResponseWriter, r *http.Request) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !legacyPath.MatchString(r.URL.Path) {
		w.WriteHeader(http.StatusNotFound)
		return map[string]string{"message": "Not found"}
	}
	body, ok := legacyBody(r)
	if !ok {
		w.WriteHeader(http.StatusBadRequest)
		return map[string]string{"message": "bad request data"}
	}
	switch id, _ := strconv.ParseInt(strings.TrimPrefix(r.URL.Path, "/sub/api/annotations/"), 10, 64); r.Method {
	case http.MethodGet:
		return f.find(r.URL.Query()["tags"])
	case http.MethodPost:
		f.next++
		f.stored[f.next] = merge(document{}, body)
		return map[string]any{"message": "Annotation added", "id": f.next}
	case http.MethodPatch:
		if _, ok := f.stored[id]; ok {
			f.stored[id] = merge(f.stored[id], body)
			return map[string]string{"message": "Annotation patched"}
		}
	}
	w.WriteHeader(http.StatusNotFound)
	return map[string]string{"message": "Could not find annotation to update"}
}

var legacyPath = regexp.MustCompile(`^/sub/api/annotations(/[0-9]+)?$`)

// legacyBody reads what Grafana's PostAnnotationsCmd and PatchAnnotationCmd hold: no other key, times in
// milliseconds as whole numbers, and in a new annotation a text.
func legacyBody(r *http.Request) (body map[string]json.RawMessage, ok bool) {
	if r.Method == http.MethodGet {
		return nil, true
	}
	var typed document
	text, _ := io.ReadAll(r.Body)
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	ok = d.Decode(&typed) == nil && json.Unmarshal(text, &body) == nil && r.Header.Get("Content-Type") == "application/json"
	return body, ok && (r.Method == http.MethodPatch || typed.Text != "" && typed.Time > 0)
}

// merge changes only what the request names.
func merge(d document, body map[string]json.RawMessage) document {
	whole, _ := json.Marshal(body)
	_ = json.Unmarshal(whole, &d)
	return d
}

func (f *fake) find(tags []string) any {
	found := []map[string]any{}
	for id, d := range f.stored {
		all := true
		for _, tag := range tags {
			all = all && slices.Contains(d.Tags, tag)
		}
		if all {
			found = append(found, map[string]any{"id": id, "tags": d.Tags, "text": d.Text, "time": d.Time})
		}
	}
	return found
}

func start(t *testing.T) (*fake, *Client) {
	t.Helper()
	f := &fake{stored: map[int64]document{}}
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte(token+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := New(Config{URL: s.URL + "/sub/", TokenFile: file, OrgID: 3})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func annotation() Annotation {
	return Annotation{
		Tag: "pushback-change:k3y", From: time.UnixMilli(1_700_000_000_123),
		Text: "cart v2: watching\np < 0.05 & <b>rising</b>", Tags: []string{"deploy", "cart", "production"},
	}
}

func put(t *testing.T, c *Client, a Annotation) int64 {
	t.Helper()
	id, err := c.Put(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestPutThenUpdate(t *testing.T) {
	f, c := start(t)
	a := annotation()
	a.RemoteID = put(t, c, a)
	a.To, a.Tags = a.From.Add(time.Minute), []string{"deploy", "cart", "production", "regressed"}
	if id := put(t, c, a); id != a.RemoteID {
		t.Errorf("id %d became %d", a.RemoteID, id)
	}
	want := map[int64]document{1: {
		Time: 1_700_000_000_123, TimeEnd: 1_700_000_060_123,
		Tags: []string{"pushback-change:k3y", "deploy", "cart", "production", "regressed"},
		Text: "cart v2: watching\np &lt; 0.05 &amp; &lt;b&gt;rising&lt;/b&gt;",
	}}
	if diff := cmp.Diff(want, f.stored); diff != "" {
		t.Errorf("stored (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"GET", "POST", "PATCH"}, f.calls); diff != "" || f.org != "3" {
		t.Errorf("calls (-want +got):\n%s; organisation %q", diff, f.org)
	}
}

// The one trap: the POST is stored, its answer lost.
func TestLostAnswerIsNotPostedTwice(t *testing.T) {
	lose := func(name string, after func(*http.Request)) {
		t.Run(name, func(t *testing.T) {
			f, c := start(t)
			var lost atomic.Bool
			f.after = func(r *http.Request) {
				if r.Method == http.MethodPost && lost.CompareAndSwap(false, true) {
					after(r)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := c.Put(ctx, annotation()); err == nil || errors.Is(err, ErrPermanent) {
				t.Fatalf("got %v", err)
			}
			if id := put(t, c, annotation()); id != 1 || len(f.stored) != 1 {
				t.Errorf("id %d, %d annotations: %v", id, len(f.stored), f.calls)
			}
		})
	}
	lose("timeout", func(r *http.Request) { <-r.Context().Done() })
	lose("hung up", func(*http.Request) { panic(http.ErrAbortHandler) })
}

func TestDeletedIsDrawnAgain(t *testing.T) {
	f, c := start(t)
	a := annotation()
	a.RemoteID = 77
	if id := put(t, c, a); id != 1 || len(f.stored) != 1 {
		t.Errorf("id %d, stored %v", id, f.stored)
	}
}

func TestOldestOfTwoIsTaken(t *testing.T) {
	f, c := start(t)
	for id := range int64(3) {
		f.stored[id+5] = document{Tags: annotation().tags()}
	}
	f.stored[1] = document{Tags: []string{"pushback-change:other"}}
	if id := put(t, c, annotation()); id != 5 {
		t.Errorf("took %d", id)
	}
}

func TestFailures(t *testing.T) {
	f := func(status int, permanent bool) {
		t.Helper()
		fake, c := start(t)
		fake.before = func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
			fmt.Fprint(w, r.Header)
			return true
		}
		_, err := c.Put(t.Context(), annotation())
		if err == nil || errors.Is(err, ErrPermanent) != permanent || strings.Contains(err.Error(), token) || len(fake.calls) != 1 {
			t.Errorf("%d: %v after %v", status, err, fake.calls)
		}
	}
	f(302, false)
	f(400, true)
	f(401, false)
	f(403, false)
	f(404, false)
	f(413, true)
	f(422, true)
	f(429, false)
	f(500, false)
	f(502, false)

	g := func(body string) {
		t.Helper()
		fake, c := start(t)
		fake.before = func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprint(w, body)
			return true
		}
		if _, err := c.Put(t.Context(), annotation()); err == nil {
			t.Errorf("%q was taken", body)
		}
	}
	g("")
	g("<html>sign in</html>")
	g("{}")
}

func TestBadTag(t *testing.T) {
	f := func(tag string) {
		t.Helper()
		fake, c := start(t)
		a := annotation()
		a.Tag = tag
		if _, err := c.Put(t.Context(), a); !errors.Is(err, ErrPermanent) || len(fake.calls) > 0 {
			t.Errorf("%q: %v after %v", tag, err, fake.calls)
		}
	}
	f("")
	f(" padded ")
	f(strings.Repeat("x", 101))
}

func FuzzDocument(f *testing.F) {
	f.Add("cart <script>alert(1)</script>", "deploy", "x")
	f.Add("\xff\x00", " ", strings.Repeat("é", 100))
	f.Fuzz(func(t *testing.T, text, one, two string) {
		a := annotation()
		a.Text, a.Tags = text+strings.Repeat(text, 50), []string{one, two, one}
		d := a.document()
		if strings.ContainsAny(d.Text, "<>\"'") || len(d.Text) > 6*maxText {
			t.Errorf("text %.100q of %d bytes", d.Text, len(d.Text))
		}
		if len(d.Tags) > 3 || d.Tags[0] != a.Tag {
			t.Errorf("tags %q", d.Tags)
		}
	})
}
