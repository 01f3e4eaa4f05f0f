package servertest

import (
	"context"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

// IRC starts an ngircd and returns its URL, irc://127.0.0.1:port. It has no services, so that nobody has an
// account. Operators name themselves by OPER root and the password.
func IRC(t testing.TB) *Server {
	t.Helper()
	account, password := "root", "a-password-of-the-tests"
	port, stop := program{
		names: []string{"ngircd", "/usr/sbin/ngircd"}, install: "ngircd", signal: syscall.SIGTERM, ready: takesConnections,
		args: func(port string) []string {
			file := write(t, "ngircd.conf",
				"[Global]", "Name = irc.example", "Info = tests", "Listen = 127.0.0.1", "Ports = "+port,
				"ServerUID = "+fmt.Sprint(os.Getuid()), "ServerGID = "+fmt.Sprint(os.Getgid()),
				"[Limits]", "MaxConnectionsIP = 0", "MaxNickLength = 30",
				"[Options]", "DNS = no", "Ident = no", "PAM = no",
				"[Operator]", "Name = "+account, "Password = "+password)
			if err := os.Chmod(file, 0o600); err != nil {
				t.Fatal(err)
			}
			return []string{"--nodaemon", "--config", file}
		},
	}.start(t)
	return &Server{URL: "irc://127.0.0.1:" + port, stop: stop}
}

func takesConnections(ctx context.Context, port string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	return conn.Close()
}
