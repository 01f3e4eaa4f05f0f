package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestLiveViews runs the live commands in a pseudo-terminal against a real daemon that
// watches a bad change.
func TestLiveViews(t *testing.T) {
	port, err := servertest.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	address := "127.0.0.1:" + port
	binary, folder := program(t), daemonFolder(t, address)
	kill := serve(t, binary, folder, address)
	env := []string{"PUSHBACK_SERVER=http://" + address, "PUSHBACK_TOKEN_FILE=" + filepath.Join(folder, "token")}
	deploy := func(t *testing.T, service, version string, ago time.Duration) {
		t.Helper()
		at := time.Now().Add(-ago).Format(time.RFC3339)
		c := exec.Command(binary, "deploy", "--service", service, "--environment", "production", "--version", version, "--at", at)
		c.Env = append(os.Environ(), env...)
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	deploy(t, "cart", "v42", 2*time.Minute)

	t.Run("watch", func(t *testing.T) {
		d := show(t, binary, env, "watch", "--every", "200ms")
		d.waitFor("certain")
		d.waitFor("▁│█")
		d.waitFor("→")
		d.press("\x03")
		d.ends(0)
	})
	t.Run("watch one change", func(t *testing.T) {
		d := show(t, binary, env, "watch", "v42", "--every", "200ms")
		d.waitFor("certain")
		d.press("q")
		d.waitFor("stopped before cart v42 in production was judged")
		d.ends(1)
	})
	t.Run("watch one change until it ends", func(t *testing.T) {
		deploy(t, "shop", "v7", 10*time.Minute-2*time.Second) // of a bake of ten minutes
		d := show(t, binary, env, "watch", "v7", "--every", "200ms")
		d.waitFor("healthy: shop v7 in production")
		d.ends(0)
	})
	t.Run("terminated", func(t *testing.T) {
		d := show(t, binary, env, "top", "--every", "200ms")
		d.waitFor("certain")
		if err := d.cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		d.ends(0)
	})
	t.Run("top", func(t *testing.T) {
		d := show(t, binary, env, "top", "--every", "200ms")
		d.waitFor("> cart")
		if !d.whole() {
			t.Error("the list is not on the alternate screen")
		}
		d.press("\r")
		d.waitFor("query: cart")
		d.press("p")
		d.waitFor("┤")
		d.press("\x1b")
		d.waitFor("> cart")
		d.press("q")
		d.ends(0)
	})
	t.Run("the daemon is away", func(t *testing.T) {
		d := show(t, binary, env, "watch", "--every", "200ms")
		d.waitFor("certain")
		kill()
		d.waitFor("does not answer since")
		serve(t, binary, folder, address)
		d.wait("the daemon is back", func() bool { return !strings.Contains(d.seen(), "does not answer") })
		d.waitFor("certain")
		d.press("q")
		d.ends(0)
	})
}
