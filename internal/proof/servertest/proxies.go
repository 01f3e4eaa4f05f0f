package servertest

import (
	"context"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
)

// Proxies run as their packages set them up, with the accounts of the packages where we are
// root: a proxy that ran as ours could not be told from us.

// Nginx starts an nginx whose only site has the lines of a server block.
func Nginx(t testing.TB, site ...string) *Server {
	t.Helper()
	dir := t.TempDir()
	return proxy(t, "nginx", "nginx-light", syscall.SIGQUIT, func(port string) []string {
		lines := []string{"daemon off;", "pid " + dir + "/pid;", "error_log stderr;", "events {}", "http {", "access_log off;"}
		if os.Getuid() == 0 {
			lines = append([]string{"user www-data;"}, lines...)
		}
		for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
			lines = append(lines, kind+"_temp_path "+dir+"/"+kind+";")
		}
		lines = append(lines, "server {", "listen 127.0.0.1:"+port+";")
		return []string{"-c", write(t, "nginx.conf", append(append(lines, site...), "}", "}")...)}
	})
}

// Caddy starts a Caddy whose only site has the lines of a site block.
func Caddy(t testing.TB, site ...string) *Server {
	t.Helper()
	return proxy(t, "caddy", "caddy", syscall.SIGTERM, func(port string) []string {
		lines := []string{"{", "admin off", "auto_https off", "}", "http://:" + port + " {", "bind 127.0.0.1"}
		return []string{"run", "--adapter", "caddyfile", "--config", write(t, "Caddyfile", append(append(lines, site...), "}")...)}
	})
}

// HAProxy starts an HAProxy with one server.
func HAProxy(t testing.TB, server string) *Server {
	t.Helper()
	return proxy(t, "haproxy", "haproxy", syscall.SIGTERM, func(port string) []string {
		lines := []string{"global"}
		if os.Getuid() == 0 {
			lines = append(lines, "user haproxy")
		}
		lines = append(lines, "defaults", "mode http", "timeout connect 5s", "timeout client 30s", "timeout server 30s",
			"frontend in", "bind 127.0.0.1:"+port, "default_backend out", "backend out", "server only "+strings.TrimPrefix(server, "http://"))
		return []string{"-db", "-f", write(t, "haproxy.cfg", lines...)}
	})
}

func proxy(t testing.TB, name, install string, signal os.Signal, args func(port string) []string) *Server {
	t.Helper()
	port, stop := program{names: []string{name}, install: install, signal: signal, ready: listens, args: args}.start(t)
	return &Server{URL: "http://127.0.0.1:" + port, stop: stop}
}

// listens is ready when the port takes a connection.
func listens(ctx context.Context, port string) error {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	return c.Close()
}
