package config

import (
	"os"
	"testing"
)

// Without a name, the host and the port tell replicas apart, also on one host.
func TestReplicaName(t *testing.T) {
	host, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	f := func(written, listen, want string) {
		t.Helper()
		if got := (Config{Replica: written, Listen: listen}).ReplicaName(); got != want {
			t.Errorf("replica %q on %s is called %q, want %q", written, listen, got, want)
		}
	}
	f("web-1", "127.0.0.1:8484", "web-1")
	f("", "127.0.0.1:8484", host+":8484")
	f("", "127.0.0.1:0", host)
}
