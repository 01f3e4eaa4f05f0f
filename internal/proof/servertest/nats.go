package servertest

import (
	"syscall"
	"testing"
)

// NATS starts a nats-server with JetStream, whose streams are in the folder data. On a port that is
// not "", so that it can be started again where clients look for it. More flags may be given.
func NATS(t testing.TB, data, port string, flags ...string) *Server {
	t.Helper()
	fixed := port
	p := program{
		names: []string{"nats-server"}, install: "nats-server", signal: syscall.SIGTERM, ready: listens,
		args: func(port string) []string {
			return append([]string{"-a", "127.0.0.1", "-p", port, "-js", "-sd", data}, flags...)
		},
	}
	if fixed == "" {
		port, stop := p.start(t)
		return &Server{URL: "nats://127.0.0.1:" + port, stop: stop}
	}
	path, err := p.find()
	if err != nil {
		t.Fatal(err)
	}
	stop, err := p.run(path, fixed)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return &Server{URL: "nats://127.0.0.1:" + fixed, stop: stop}
}
