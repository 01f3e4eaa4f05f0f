package scale

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/proof/metricstore"
)

// outlets take what the program sends: the calls of its hook, and messages.
type outlets struct {
	store    *metricstore.Store
	listener net.Listener
	server   *http.Server
	mu       sync.Mutex
	calls    map[string]call // service → the first call of the hook
	messages int
}

func newOutlets(store *metricstore.Store) (*outlets, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	o := &outlets{store: store, listener: l, calls: map[string]call{}}
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
	var sent struct{ Change struct{ Service string } }
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path != "/hook" {
		o.messages++
		return
	}
	if err := json.Unmarshal(body, &sent); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	if _, before := o.calls[sent.Change.Service]; !before {
		o.calls[sent.Change.Service] = call{now, o.store.ShownOf(sent.Change.Service)}
	}
}
