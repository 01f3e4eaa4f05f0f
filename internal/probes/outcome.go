package probes

import (
	"crypto/tls"
	"net/http/httptrace"
	"sync"
	"time"
)

// Result is how a probe ended, as the label result of probe_requests_total.
type Result string

// The results. All but OK are failures.
const (
	OK      Result = "ok"
	Status  Result = "status"  // an answer with another status
	Text    Result = "text"    // an answer without the expected text
	Timeout Result = "timeout" // no answer, or not all of it, in time
	Refused Result = "refused" // the connection was refused
	DNS     Result = "dns"     // the name was not resolved
	TLS     Result = "tls"     // the handshake failed, or the certificate is not valid
	Broken  Result = "broken"  // the connection failed in any other way
)

// Results are all of them. Each is a counter from the beginning, because a counter that appears
// with its first failure would hide that failure.
var Results = []Result{OK, Status, Text, Timeout, Refused, DNS, TLS, Broken}

// Outcome is how one probe went.
type Outcome struct {
	Result    Result
	Detail    string    // what is wrong, for people, without secrets; "" if nothing
	Gap       string    // why nothing can be said of the target; "" if something can
	Code      int       // the status; 0 without an answer
	Size      int       // bytes of the body that were read
	Expires   time.Time // when the first of the certificates ends; zero without one
	Took      time.Duration
	Phases    Phases
	Connected bool // there was a connection, so that the network works
}

// OK reports whether all was as expected.
func (o Outcome) OK() bool { return o.Result == OK && o.Gap == "" }

// Phases are the parts of a probe's duration, those of redirects added up.
type Phases struct {
	DNS, Connect, TLS time.Duration
	FirstByte         time.Duration // from the connection to the first byte of the answer
	Body              time.Duration
}

// clock takes the times of a probe's phases. A dialer may try several addresses at once, so it
// is safe for concurrent use.
type clock struct {
	mu        sync.Mutex
	phases    Phases
	dns       time.Time
	connect   time.Time
	handshake time.Time
	ready     time.Time
	first     time.Time
	connected bool
	shaking   bool // a handshake has begun and has not ended well
}

// trace returns the hooks that fill the clock.
func (c *clock) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { c.begin(&c.dns) },
		DNSDone:           func(httptrace.DNSDoneInfo) { c.end(&c.dns, &c.phases.DNS) },
		ConnectStart:      func(_, _ string) { c.begin(&c.connect) },
		ConnectDone:       func(_, _ string, err error) { c.connectDone(err) },
		TLSHandshakeStart: c.shake,
		TLSHandshakeDone:  func(_ tls.ConnectionState, err error) { c.shaken(err) },
		GotConn:           func(httptrace.GotConnInfo) { c.begin(&c.ready) },
		GotFirstResponseByte: func() {
			c.end(&c.ready, &c.phases.FirstByte)
			c.begin(&c.first)
		},
	}
}

// begin keeps the first of several beginnings.
func (c *clock) begin(at *time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.IsZero() {
		*at = time.Now()
	}
}

func (c *clock) end(from *time.Time, into *time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !from.IsZero() {
		*into += time.Since(*from)
		*from = time.Time{}
	}
}

func (c *clock) connectDone(err error) {
	if err != nil {
		return // another address may still answer
	}
	c.end(&c.connect, &c.phases.Connect)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.connected = true
}

func (c *clock) shake() {
	c.begin(&c.handshake)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shaking = true
}

func (c *clock) shaken(err error) {
	c.end(&c.handshake, &c.phases.TLS)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.shaking = err != nil
}

// bodyRead ends the last phase.
func (c *clock) bodyRead() { c.end(&c.first, &c.phases.Body) }

// read returns what was taken so far. A dialer may go on in the background after a probe has
// ended.
func (c *clock) read() (p Phases, connected, shaking bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.phases, c.connected, c.shaking
}
