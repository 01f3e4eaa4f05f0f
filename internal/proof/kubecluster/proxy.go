package kubecluster

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// Proxy forwards connections to the API server, until it is told to cut them.
type Proxy struct {
	URL    string
	target string

	mu   sync.Mutex
	shut bool
	open map[net.Conn]bool
}

// NewProxy starts a proxy before the API server, which ends with the test.
func (c *Cluster) NewProxy(t testing.TB) *Proxy {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	c.must(err)
	p := &Proxy{URL: "https://" + l.Addr().String(), target: "127.0.0.1:" + c.port, open: map[net.Conn]bool{}}
	t.Cleanup(func() { _ = l.Close(); p.Cut(true) })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go p.forward(from)
		}
	}()
	return p
}

// Cut breaks all connections. Until it is called with false, new ones are broken too.
func (p *Proxy) Cut(shut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.shut = shut
	for one := range p.open {
		_ = one.Close()
	}
}

// add takes note of a connection; false if it is to be broken.
func (p *Proxy) add(one net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[one] = true
	return !p.shut
}

func (p *Proxy) forward(from net.Conn) {
	defer from.Close()
	if !p.add(from) {
		return
	}
	to, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", p.target)
	if err != nil {
		return
	}
	defer to.Close()
	p.add(to)
	go func() { _, _ = io.Copy(to, from); _ = to.Close() }()
	_, _ = io.Copy(from, to)
}
