package server

import (
	"context"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"

	"github.com/prometheus/procfs"
)

// Whoever runs Pushback may read without a token, and so may send what an unsigned source takes:
// they could read the token file as well. A request from loopback alone proves nothing, because
// a proxy on this host sends everybody's requests. See adr/0095.

// fromThisHost says whether a request was sent on this host, by a process of the user that runs
// Pushback: the server listens on loopback and has no address that others use, the request names a
// loopback host, and neither the request nor its connection looks like a proxy's.
func (s *Server) fromThisHost(r *http.Request) bool {
	return s.ownHostOnly() && isLoopbackName(hostname(r.Host)) && !forwarded(r) && ownedByUs(r)
}

// ownHostOnly says whether the settings are those of a server that only this host uses.
func (s *Server) ownHostOnly() bool {
	return s.loopback && (s.external == nil || isLoopbackName(strings.ToLower(s.external.Hostname())))
}

// proxyHeaders are headers that proxies add, and the beginnings of others. An empty one is
// one as well: a proxy may blank what its client sent.
var (
	proxyHeaders = []string{
		"Forwarded", "Via", "X-Real-Ip", "X-Client-Ip", "X-Cluster-Client-Ip", "X-Remote-Ip", "X-Remote-Addr", "X-Proxyuser-Ip",
		"True-Client-Ip", "Cf-Connecting-Ip", "Cf-Ray", "Fastly-Client-Ip", "Fly-Client-Ip", "X-Azure-Clientip", "X-Appengine-User-Ip", "X-Amzn-Trace-Id", "Cdn-Loop",
	}
	proxyPrefixes = []string{"X-Forwarded", "X-Original-", "X-Envoy-", "X-Arr-", "X-Proxy-", "Proxy-"}
)

// forwarded says whether a request shows that a proxy sent it. nginx, as it comes, adds no header:
// it speaks HTTP/1.0 (1.1 since 1.29.7) and closes the connection, and other clients of today
// do neither.
func forwarded(r *http.Request) bool {
	if !r.ProtoAtLeast(1, 1) || r.Close {
		return true
	}
	for _, name := range proxyHeaders {
		if _, ok := r.Header[name]; ok {
			return true
		}
	}
	for name := range r.Header {
		for _, prefix := range proxyPrefixes {
			if strings.HasPrefix(name, prefix) {
				return true
			}
		}
	}
	return false
}

// peer is the context key of a function that finds out, once for a connection, whether its
// other end is a socket of our user.
type peer struct{}

// withOwner is an http.Server's ConnContext.
func withOwner(ctx context.Context, c net.Conn) context.Context {
	return context.WithValue(ctx, peer{}, sync.OnceValue(func() bool { return socketIsOurs(c.RemoteAddr(), c.LocalAddr()) }))
}

func ownedByUs(r *http.Request) bool {
	ours, ok := r.Context().Value(peer{}).(func() bool)
	return ok && ours()
}

// socketIsOurs reports whether the socket with a local and a remote address, which is the other
// end of one of our connections, belongs to our user. Only Linux tells (proc(5), /proc/net/tcp);
// elsewhere nothing speaks against it.
func socketIsOurs(local, remote net.Addr) bool {
	if runtime.GOOS != "linux" {
		return true
	}
	from, ok1 := local.(*net.TCPAddr)
	to, ok2 := remote.(*net.TCPAddr)
	proc, err := procfs.NewDefaultFS()
	if !ok1 || !ok2 || err != nil {
		return false
	}
	// Netlink, which procfs recommends instead, is closed to a hardened service.
	sockets, err4 := proc.NetTCP() //nolint:staticcheck // see above
	more, err6 := proc.NetTCP6()   //nolint:staticcheck // and a socket of both families speaks IPv4 too
	if err4 != nil && err6 != nil {
		return false
	}
	for _, all := range []procfs.NetTCP{sockets, more} {
		for _, socket := range all {
			if int(socket.LocalPort) == from.Port && int(socket.RemPort) == to.Port && socket.LocalAddr.Equal(from.IP) && socket.RemAddr.Equal(to.IP) {
				return socket.UID == uint64(os.Geteuid()) //nolint:gosec // not negative on Linux
			}
		}
	}
	return false
}
