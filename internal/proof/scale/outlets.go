package scale

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// outlets take what the program sends: the calls of its hook, and messages.
type outlets struct {
	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	hooks    map[string]time.Time // service → when the hook was first called
	messages int
}

func newOutlets() (*outlets, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &outlets{listener: l, hooks: map[string]time.Time{}}
	o.server = &http.Server{Handler: o, ReadHeaderTimeout: time.Minute}
	go func() { _ = o.server.Serve(l) }()
	return o, nil
}

func (o *outlets) url() string { return "http://" + o.listener.Addr().String() }

func (o *outlets) close() { _ = o.server.Close() }

// ServeHTTP takes one call.
func (o *outlets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	now := time.Now()
	body, _ := io.ReadAll(r.Body)
	var call struct{ Change struct{ Service string } }
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path != "/hook" {
		o.messages++
		return
	}
	if err := json.Unmarshal(body, &call); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, before := o.hooks[call.Change.Service]; !before {
		o.hooks[call.Change.Service] = now
	}
}

// calledAt is when the hook was called for a service; zero where it was not.
func (o *outlets) calledAt(service string) time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.hooks[service]
}
