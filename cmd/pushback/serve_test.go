package main

import (
	"log/slog"
	"net"
	"path/filepath"
	"testing"
)

// A unit of Type=notify counts as started when this arrives.
func TestSystemdIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "notify")
	socket, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	tellSupervisor(slog.New(slog.DiscardHandler))
	message := make([]byte, 64)
	n, err := socket.Read(message)
	if got := string(message[:n]); err != nil || got != "READY=1" {
		t.Errorf("systemd is told %q, %v", got, err)
	}
}
