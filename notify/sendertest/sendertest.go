// Package sendertest tests a sender against the contract of all senders: which
// answers lead to another attempt, that no error contains a secret, how large a
// body may be, and that text from other tools is escaped.
package sendertest

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
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pushback/pushback/notify"
)

// maxBody is a size in bytes that every receiver accepts. The lowest limit is that
// of PagerDuty, 512 KB.
const maxBody = 64 << 10

// Subject is the sender under test. New makes one that sends to url.
type Subject struct {
	New     func(t *testing.T, url string) notify.Sender
	Secrets []string // no error may contain one of them
	Data    bool     // the receiver is a program, which gets every text as it is

	// Of reporters only, see Reporting.
	Reads     http.HandlerFunc // answers what is read before anything is written
	Permanent []int            // further statuses that refuse the report itself
	Ours      []string         // texts of the adapter's own that look like markup
	Names     int              // how many of the names in a message a body has at least; 0: 6
	NoToken   bool             // no body has the links by which people approve
	Reports   bool             // a report offers nothing to choose

	// Of receivers with an API of their own.
	IsRead func(*http.Request) bool   // what only asks, and is answered by Reads; nil: every GET
	Takes  http.HandlerFunc           // how the receiver answers what it takes; nil: 200, and no body
	Only   int                        // the only status by which it takes something; 0: each of 2xx
	JSON   func(body []byte) []byte   // the body as JSON; nil: it is JSON
	Markup func(text string) []string // what the receiver takes for markup in a text of the body; nil: no more than all chats
}

// Run runs all tests of the contract.
func Run(t *testing.T, s Subject) {
	t.Run("statuses", s.testStatuses)
	t.Run("retry after", s.testRetryAfter)
	t.Run("no answer", s.testNoAnswer)
	t.Run("context", s.testContext)
	t.Run("hostile text", s.testHostileText)
	t.Run("hostile names", s.testHostileNames)
	t.Run("hostile links", s.testHostileLinks)
	t.Run("awkward texts", s.testAwkward)
	if !s.Reports {
		t.Run("choices", s.testChoices)
	}
	if !s.NoToken {
		t.Run("approval link in an answer", s.testEchoedLink)
	}
	t.Run("same body at every attempt", s.testSameBody)
}

// Message is an example that uses every field of a message.
func Message() notify.Message {
	return notify.Message{
		Key: "k3y/platform/red", Kind: "certain", Severity: notify.Critical,
		Title:       "cart v2 in production: errors rose",
		SignalLines: []string{"errors: 0.50 % → 3.10 % of requests, p = 0.0001"},
		Action:      "Rolling back to v1 through hook redeploy.",
		Fields: []notify.Field{
			{Name: "service", Value: "cart"},
			{Name: "environment", Value: "production"},
			{Name: "version", Value: "v2"},
			{Name: "rule", Value: "platform/red"},
		},
		Link: "https://pushback.example/changes/k3y", At: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC),
	}
}

// SecretFile writes a secret to a file and returns its path.
func SecretFile(t testing.TB, secret string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(path, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// Receiver is an HTTP server that stores the requests it gets.
type Receiver struct {
	*httptest.Server
	mu       sync.Mutex
	requests []Request
}

// Request is a request that arrived.
type Request struct {
	Path   string
	Header http.Header
	Body   []byte
}

// NewReceiver starts a Receiver that answers with handler.
func NewReceiver(t testing.TB, handler http.HandlerFunc) *Receiver {
	t.Helper()
	return Subject{}.receive(t, handler)
}

// receive is NewReceiver, where what a reporter reads first is answered and not stored.
func (s Subject) receive(t testing.TB, handler http.HandlerFunc) *Receiver {
	t.Helper()
	r := &Receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		if s.reads(q) {
			s.Reads(w, q)
			return
		}
		body, _ := io.ReadAll(q.Body)
		if s.JSON != nil {
			body = s.JSON(body)
		}
		r.mu.Lock()
		r.requests = append(r.requests, Request{q.URL.Path, q.Header, body})
		r.mu.Unlock()
		handler(w, q)
	}))
	t.Cleanup(r.Close)
	return r
}

func (s Subject) reads(q *http.Request) bool {
	switch {
	case s.Reads == nil:
		return false
	case s.IsRead != nil:
		return s.IsRead(q)
	}
	return q.Method == http.MethodGet
}

// accept starts a receiver that takes everything.
func (s Subject) accept(t testing.TB) *Receiver {
	t.Helper()
	if s.Takes != nil {
		return s.receive(t, s.Takes)
	}
	return s.receive(t, Accept)
}

// Receiver starts a receiver that answers what it takes as the subject's does.
func (s Subject) Receiver(t testing.TB) *Receiver {
	t.Helper()
	return s.accept(t)
}

// Accept answers 200.
func Accept(http.ResponseWriter, *http.Request) {}

// Requests returns the requests that have arrived.
func (r *Receiver) Requests() []Request {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Request(nil), r.requests...)
}

func (s Subject) checkNoSecret(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range s.Secrets {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the secret %q is in the error %v", secret, err)
			}
		}
	}
}

// permanentStatuses are the statuses that refuse the message itself.
var permanentStatuses = map[int]bool{400: true, 410: true, 413: true, 415: true, 422: true}

func (s Subject) taken(status int) bool {
	return status == s.Only || s.Only == 0 && status < 300
}

func (s Subject) testStatuses(t *testing.T) {
	status := 0
	r := s.receive(t, func(w http.ResponseWriter, q *http.Request) {
		if s.Takes != nil && s.taken(status) {
			w.WriteHeader(status)
			s.Takes(w, q)
			return
		}
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
		fmt.Fprintf(w, "%v %v %v", s.Secrets, q.Header, q.URL)
	})
	sender := s.New(t, r.URL)
	for status = 200; status < 600; status++ {
		before := len(r.Requests())
		err := sender.Send(t.Context(), Message())
		s.checkNoSecret(t, err)
		if (err == nil) != s.taken(status) {
			t.Errorf("%d: %v", status, err)
		}
		want := permanentStatuses[status] || slices.Contains(s.Permanent, status)
		if got := errors.Is(err, notify.ErrPermanent); got != want {
			t.Errorf("%d: permanent %v, want %v", status, got, want)
		}
		if n := len(r.Requests()) - before; n != 1 {
			t.Errorf("%d: %d requests, want 1", status, n)
		}
	}
}

func (s Subject) testRetryAfter(t *testing.T) {
	f := func(status int, header string, want time.Duration) {
		t.Helper()
		r := s.receive(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Retry-After", header)
			w.WriteHeader(status)
		})
		var got *notify.RetryAfter
		err := s.New(t, r.URL).Send(t.Context(), Message())
		if errors.As(err, &got); (got != nil) != (want > 0) || got != nil && got.After != want {
			t.Errorf("%d with Retry-After %q: %v, want %s", status, header, err, want)
		}
	}
	f(429, "30", 30*time.Second)
	f(503, "2", 2*time.Second)
	f(503, "", 0)
	f(429, "soon", 0)
	f(400, "30", 0)
}

func (s Subject) testNoAnswer(t *testing.T) {
	f := func(r *Receiver) {
		t.Helper()
		err := s.New(t, r.URL).Send(t.Context(), Message())
		s.checkNoSecret(t, err)
		if err == nil || errors.Is(err, notify.ErrPermanent) {
			t.Errorf("got %v, want an error worth another try", err)
		}
	}
	f(s.receive(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
	gone := s.accept(t)
	gone.Close()
	f(gone)
}

func (s Subject) testContext(t *testing.T) {
	release := make(chan struct{})
	r := s.receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	t.Cleanup(func() { close(release) })
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := s.New(t, r.URL).Send(ctx, Message()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the deadline", err)
	}
}

// testHostileText sends texts that are long, not valid UTF-8, or markup of a
// receiver, and checks that the body is JSON of bounded size without live markup.
func (s Subject) testHostileText(t *testing.T) {
	long := strings.Repeat("<!channel> & <https://evil.example|click> \"'\n\x00\xff\u2028", 1000)
	m := Message()
	m.Title, m.Action, m.Link = long, long, "javascript:alert(1)//"+long
	for i := range 1000 {
		m.SignalLines = append(m.SignalLines, long)
		m.Fields = append(m.Fields, notify.Field{Name: fmt.Sprint(i, long), Value: long})
	}
	r := s.accept(t)
	if err := s.New(t, r.URL).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	body := r.Requests()[0].Body
	if len(body) > maxBody || !json.Valid(body) {
		t.Errorf("%d bytes, valid JSON: %v", len(body), json.Valid(body))
	}
	for _, markup := range []string{"<!channel>", "\n", "\x00"} {
		if bytes.Contains(body, []byte(markup)) {
			t.Errorf("the body contains %q unescaped", markup)
		}
	}
}

// testSameBody checks that two attempts send the same body, so that the receiver can
// recognize the second one.
func (s Subject) testSameBody(t *testing.T) {
	r := s.accept(t)
	sender := s.New(t, r.URL)
	for range 2 {
		if err := sender.Send(t.Context(), Message()); err != nil {
			t.Fatal(err)
		}
	}
	if q := r.Requests(); !bytes.Equal(q[0].Body, q[1].Body) {
		t.Errorf("two bodies of one message:\n%s\n%s", q[0].Body, q[1].Body)
	}
}
