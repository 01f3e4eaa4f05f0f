package server

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
)

// A request through a proxy on this host comes from loopback, and is a stranger's: it may read
// nothing, and an unsigned source takes nothing of it.
func TestAProxyIsNotThisHost(t *testing.T) {
	ci, err := generic.New(changes.Options{Name: "ci"}, generic.Config{Insecure: true})
	if err != nil {
		t.Fatal(err)
	}
	p := listen(t, func(o *Options) { o.Sources = map[string]Endpoint{"ci": {Source: ci, Insecure: true}} })
	f := func(name string, opens bool, protocol string, headers ...string) {
		t.Helper()
		read, sent := p.raw("GET /v1/status "+protocol, "", headers...), p.raw("POST /hooks/ci "+protocol, event(name), headers...)
		if (read == http.StatusOK) != opens || (sent == http.StatusCreated) != opens || !opens && (read != 401 || sent != 401) {
			t.Errorf("%s: reading is answered with %d, an unsigned delivery with %d", name, read, sent)
		}
	}
	f("as curl sends it", true, "HTTP/1.1")
	f("nginx as it comes", false, "HTTP/1.0", "Connection: close")
	f("HTTP 1.0", false, "HTTP/1.0")
	f("a proxy that keeps nothing open", false, "HTTP/1.1", "Connection: close")
	for _, header := range []string{
		"Forwarded: for=192.0.2.1", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-For:", "x-forwarded-proto: https", "X-Forwarded-Host:", "X-Forwarded-Anything: 1",
		"Via: 1.1 proxy", "X-Real-IP: 127.0.0.1", "X-Client-IP:", "CF-Connecting-IP: 192.0.2.1", "True-Client-IP: 192.0.2.1", "X-Cluster-Client-IP: 1", "X-Original-URL: /",
		"X-Envoy-External-Address: 192.0.2.1", "Fastly-Client-IP: 192.0.2.1", "X-Amzn-Trace-Id: 1", "Proxy-Connection: keep-alive",
	} {
		f(header, false, "HTTP/1.1", header)
	}
}

// raw sends a request without a client that would change its headers, and returns the status.
func (p *testServer) raw(line, body string, headers ...string) int {
	p.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(p.URL, "http://"))
	if err != nil {
		p.t.Fatal(err)
	}
	defer c.Close()
	headers = append(headers, "Host: 127.0.0.1:8484", "Content-Type: application/json", "Content-Length: "+strconv.Itoa(len(body)))
	if _, err := io.WriteString(c, line+"\r\n"+strings.Join(headers, "\r\n")+"\r\n\r\n"+body); err != nil {
		p.t.Fatal(err)
	}
	return answer(p.t, c)
}

// Only the other end of one of our own connections is known to be ours.
func TestSocketIsOurs(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if !socketIsOurs(c.LocalAddr(), c.RemoteAddr()) {
		t.Error("our own connection is not ours")
	}
	c.Close()
	elsewhere := &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 4711}
	if socketIsOurs(elsewhere, l.Addr()) {
		t.Error("a socket that does not exist is ours")
	}
}
