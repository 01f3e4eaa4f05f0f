package hooktest

import (
	"bytes"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pushback/pushback/rollback"
)

// Fake is the API of a deploy tool, written from its documentation. A request that
// it does not know fails the test, because a wrong path, query, method or header is
// a bug in the hook.
type Fake struct {
	Behaviour Behaviour // how it answers Acts
	Secret    string    // is put into the error of Fails
	TLS       bool
	Header    http.Header
	Reads     Routes // requests that change nothing
	Acts      Routes // requests that change something; Server.Calls counts them
}

// Routes maps a request, such as "GET /path?query", to its answer. The query is as
// it is sent. The answer is a value that is encoded as JSON with status 200, a
// Status, or nil for status 200 without a body.
type Routes map[string]func(Request) any

// Status is an answer with another status than 200.
type Status struct {
	Code int
	Body any
}

// Request is a request that a Fake received.
type Request struct {
	t      testing.TB
	Header http.Header
	Body   []byte
}

// Decode decodes the body of the request. A field that into does not have fails the
// test, as a tool with a strict schema refuses it.
func (r Request) Decode(into any) {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		r.t.Errorf("the body %s: %v", r.Body, err)
	}
}

// Server is a running Fake. It is closed when the test ends.
type Server struct {
	URL      string
	CA       []byte // certificate in PEM, if the server uses TLS
	fake     Fake
	t        testing.TB
	calls    atomic.Int32
	released chan struct{}
}

// Serve starts the fake. If it is Unreachable, nothing listens at its address.
func (f Fake) Serve(t testing.TB) *Server {
	t.Helper()
	s := &Server{fake: f, t: t, released: make(chan struct{})}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // drops the errors of failed TLS handshakes
	if f.TLS {
		server.StartTLS()
		s.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.released) })
	if s.URL = server.URL; f.Behaviour == Unreachable {
		server.Close()
	}
	return s
}

// Calls is the number of requests for Acts.
func (s *Server) Calls() int { return int(s.calls.Load()) }

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Errorf("reading the body: %v", err)
	}
	for name, want := range s.fake.Header {
		if got := r.Header[name]; strings.Join(got, ",") != strings.Join(want, ",") {
			s.t.Errorf("%s %s: header %s is %q, want %q", r.Method, r.URL, name, got, want)
		}
	}
	route, request := r.Method+" "+r.URL.RequestURI(), Request{t: s.t, Header: r.Header, Body: body}
	read, isRead := s.fake.Reads[route]
	act, isAct := s.fake.Acts[route]
	switch {
	case isRead && s.fake.Behaviour == ReadsFail:
		http.Error(w, "the database cannot be reached", http.StatusInternalServerError)
	case isRead:
		answer(w, read(request), "")
	case isAct:
		s.calls.Add(1)
		s.act(w, r, func() any { return act(request) })
	default:
		s.t.Errorf("the API has no %s", route)
		w.WriteHeader(http.StatusNotFound)
	}
}

// act answers a changing request according to the Behaviour. do applies the change.
func (s *Server) act(w http.ResponseWriter, r *http.Request, do func() any) {
	switch b := s.fake.Behaviour; {
	case b == Fails:
		http.Error(w, fmt.Sprintf("refused: %v %s", r.Header, s.fake.Secret), http.StatusInternalServerError)
	case b == Hangs:
		<-s.released
	case b == Breaks:
		panic(http.ErrAbortHandler)
	case b == Floods:
		answer(w, do(), strings.Repeat("rolling back ", rollback.MaxOutput/8))
	case b == Garbles:
		answer(w, do(), `nul \u0000 escape \u001b[2J broken `+"\xff")
	case b.Status() > 0:
		w.Header().Set("Location", "http://elsewhere.invalid")
		w.WriteHeader(b.Status())
	default:
		answer(w, do(), "")
	}
}

// answer writes v as JSON. more is added as an unknown field, or after the body if
// that is no object.
func answer(w http.ResponseWriter, v any, more string) {
	code := http.StatusOK
	if s, ok := v.(Status); ok {
		code, v = s.Code, s.Body
	}
	var text []byte
	if v != nil {
		w.Header().Set("Content-Type", "application/json")
		text, _ = json.Marshal(v)
	}
	w.WriteHeader(code)
	if whole, found := bytes.CutSuffix(text, []byte("}")); found && more != "" {
		text = fmt.Appendf(nil, `%s,"more":"%s"}`, whole, more)
	} else if more != "" {
		text = append(text, more...)
	}
	_, _ = w.Write(text)
}
