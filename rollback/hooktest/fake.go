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

// Fake is a tool's API, written from its documentation. Every request that it
// does not know fails the test: a wrong path, query, method or header is a
// mistake of ours and no 404.
type Fake struct {
	Behaviour Behaviour // how the acts go
	Secret    string    // is shouted where Behaviour says so
	TLS       bool
	Header    http.Header
	Looks     Routes
	Acts      Routes // these are counted
}

// Routes give what is answered to "GET /path?query", the query as it is sent:
// a value written as JSON with status 200, a Status, or nil for an empty 200.
type Routes map[string]func(Request) any

// Status is an answer with a status of its own.
type Status struct {
	Code int
	Body any
}

// Request is one that was taken.
type Request struct {
	t      testing.TB
	Header http.Header
	Body   []byte
}

// Decode reads the body as strictly as the tool's own schema: a field that it
// does not know fails the test.
func (r Request) Decode(into any) {
	r.t.Helper()
	d := json.NewDecoder(bytes.NewReader(r.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil || d.More() {
		r.t.Errorf("the body %s: %v", r.Body, err)
	}
}

// Server is a Fake that runs, until the test ends.
type Server struct {
	URL   string
	CA    []byte // PEM, of a server with TLS
	fake  Fake
	t     testing.TB
	calls atomic.Int32
	hung  chan struct{}
}

// Serve runs the fake. Where it is Absent, the address answers nobody.
func (f Fake) Serve(t testing.TB) *Server {
	t.Helper()
	s := &Server{fake: f, t: t, hung: make(chan struct{})}
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of hands shaken in vain
	if f.TLS {
		server.StartTLS()
		s.CA = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(s.hung) })
	if s.URL = server.URL; f.Behaviour == Absent {
		server.Close()
	}
	return s
}

// Calls counts the acts that were asked for.
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
	look, looks := s.fake.Looks[route]
	act, acts := s.fake.Acts[route]
	switch {
	case looks && s.fake.Behaviour == Blind:
		http.Error(w, "the database is away", http.StatusInternalServerError)
	case looks:
		answer(w, look(request), "")
	case acts:
		s.calls.Add(1)
		s.act(w, r, func() any { return act(request) })
	default:
		s.t.Errorf("the API has no %s", route)
		w.WriteHeader(http.StatusNotFound)
	}
}

// act behaves.
func (s *Server) act(w http.ResponseWriter, r *http.Request, do func() any) {
	switch b := s.fake.Behaviour; {
	case b == Fails:
		http.Error(w, fmt.Sprintf("refused: %v %s", r.Header, s.fake.Secret), http.StatusInternalServerError)
	case b == Hangs:
		<-s.hung
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

// answer writes v with more said in it, as a field that nobody asked for.
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
