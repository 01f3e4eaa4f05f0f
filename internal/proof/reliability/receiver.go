package reliability

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// What a daemon calls.
const (
	onceHook  = "once"  // not declared idempotent
	againHook = "again" // declared idempotent
	chat      = "chat"  // a receiver of messages
)

// call is one request. It is recorded and synced before it is answered.
type call struct {
	At      time.Time `json:"at"`
	Daemon  string    `json:"daemon"`
	To      string    `json:"to"` // onceHook, againHook or chat
	Key     string    `json:"key"`
	Replica string    `json:"replica,omitempty"` // that calls the hook
	ID      string    `json:"id,omitempty"`      // of a message
	Service string    `json:"service"`
	Version string    `json:"version"`
	Target  string    `json:"target,omitempty"` // the version to go back to
	Title   string    `json:"title,omitempty"`  // of a message
	About   string    `json:"about,omitempty"`  // the thread of a message
	Body    string    `json:"body"`
}

func (c call) rollback() bool { return c.To != chat }

// receiver receives the rollback requests and messages of every daemon at
// /<daemon>/<once|again|chat>.
type receiver struct {
	*ledger
	server *http.Server
	url    string

	mu       sync.Mutex
	failures []error                          // of writing to the ledger
	arrived  map[string]func(call) (code int) // by daemon; called before the answer
	delays   map[string]time.Duration         // by daemon: how long a message takes
	refused  map[string]map[string]bool       // by daemon, where first attempts are refused: the messages that were
}

func newReceiver(path string) (*receiver, error) {
	l, err := openLedger(path)
	if err != nil {
		return nil, err
	}
	r := &receiver{ledger: l, arrived: map[string]func(call) int{}, delays: map[string]time.Duration{}, refused: map[string]map[string]bool{}}
	r.server, r.url, err = listen(r)
	return r, err
}

// listen serves on a free loopback port.
func listen(h http.Handler) (*http.Server, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.Serve(l) }()
	return s, "http://" + l.Addr().String(), nil
}

// onCall makes f choose the status with which rollback requests of a daemon are
// answered. f is called after the request is recorded.
func (r *receiver) onCall(daemon string, f func(call) int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.arrived[daemon] = f
}

// delay makes the messages of a daemon take a while.
func (r *receiver) delay(daemon string, d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.delays[daemon] = d
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(io.LimitReader(request.Body, 4<<20))
	if err != nil {
		panic(http.ErrAbortHandler) // the daemon died during the request, which is incomplete
	}
	daemon, to, _ := strings.Cut(strings.Trim(request.URL.Path, "/"), "/")
	c := read(call{At: time.Now(), Daemon: daemon, To: to, Key: request.Header.Get("Idempotency-Key"), Replica: request.Header.Get("Pushback-Replica"), ID: request.Header.Get("webhook-id"), Body: string(body)})
	if err := r.write(c); err != nil {
		r.mu.Lock()
		r.failures = append(r.failures, err)
		r.mu.Unlock()
	}
	r.mu.Lock()
	answer, delay := r.arrived[daemon], r.delays[daemon]
	r.mu.Unlock()
	if !c.rollback() {
		pause(request.Context(), delay)
	}
	code := http.StatusNoContent
	switch {
	case answer != nil && c.rollback():
		code = answer(c)
	case r.refuses(c):
		code = http.StatusServiceUnavailable
	}
	if code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	w.WriteHeader(code)
}

// read reads from the body what the invariants need.
func read(c call) call {
	var body struct {
		Key    string
		Change struct{ Service, Version string }
		Target string `json:"target_version"`
		Data   struct{ Key, Title string }
	}
	_ = json.Unmarshal([]byte(c.Body), &body) // a body that cannot be read names no change, which checkCalls reports
	c.Service, c.Version, c.Target = body.Change.Service, body.Change.Version, body.Target
	c.About, c.Title = body.Data.Key, body.Data.Title
	if c.rollback() && body.Key != c.Key {
		c.Key = "header " + c.Key + " but body " + body.Key
	}
	return c
}
