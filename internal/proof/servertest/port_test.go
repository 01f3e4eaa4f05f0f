package servertest

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// A test's own HTTP server must never get the port that was chosen for a program.
func TestNobodyElseIsGivenThePort(t *testing.T) {
	text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range")
	if err != nil {
		t.Skipf("this system does not say which ports it gives away: %v", err)
	}
	lowest, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		port, err := FreePort()
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := strconv.Atoi(port); n >= lowest || n < firstPort {
			t.Fatalf("port %d can be given to anyone who asks for any: from %d", n, lowest)
		}
	}
}
