package irc

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/notify/sendertest"
)

// discard is a connection that takes everything and says nothing.
type discard struct{ net.Conn }

func (discard) Close() error                     { return nil }
func (discard) Write(b []byte) (int, error)      { return len(b), nil }
func (discard) SetWriteDeadline(time.Time) error { return nil }

func TestConfig(t *testing.T) {
	f := func(name string, edit func(*Config), want string) {
		t.Helper()
		c := Config{Address: "irc.example.org", Channels: []string{"#ops"}}
		edit(&c)
		s, err := New(c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", name, err, want)
		}
		if err == nil && !strings.HasSuffix(s.config.Address, ":6697") && !c.Plain {
			t.Errorf("%s: %s", name, s.config.Address)
		}
	}
	f("defaults", func(*Config) {}, "")
	f("port", func(c *Config) { c.Address = "[2001:db8::1]:6697" }, "")
	f("no address", func(c *Config) { c.Address = "" }, "address is missing")
	f("link-local", func(c *Config) { c.Address = "169.254.169.254:80" }, "refused")
	f("plain here", func(c *Config) { c.Plain, c.Address = true, "localhost" }, "")
	f("plain elsewhere", func(c *Config) { c.Plain = true }, "unencrypted")
	f("plain elsewhere, meant", func(c *Config) { c.Plain, c.Insecure = true, true }, "")
	f("insecure alone", func(c *Config) { c.Insecure = true }, "insecure stands")
	f("no channel", func(c *Config) { c.Channels = nil }, "channels is missing")
	f("two channels in one", func(c *Config) { c.Channels = []string{"#a,#b"} }, "channels holds")
	f("a line end", func(c *Config) { c.Channels = []string{"#a\r\nQUIT"} }, "channels holds")
	f("bad nick", func(c *Config) { c.Nick = "1st bot" }, "nick is none")
	f("bad account", func(c *Config) { c.Account = "a\x00b" }, "account is none")
	f("no such file", func(c *Config) { c.PasswordFile = "/nowhere" }, "password_file")
	f("no pace", func(c *Config) { c.Every = time.Hour }, "every")
}

// The server's certificate is checked.
func TestTLS(t *testing.T) {
	proof := httptest.NewUnstartedServer(nil)
	proof.StartTLS()
	t.Cleanup(proof.Close)
	listener, err := tls.Listen("tcp", "127.0.0.1:0", proof.TLS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	n := &network{t: t}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			n.mu.Lock()
			n.conn, n.mask, n.wanted = conn, "pushback@host.example", nil
			n.mu.Unlock()
			go n.serve(conn)
		}
	}()
	authority := filepath.Join(t.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: proof.Certificate().Raw})
	if err := os.WriteFile(authority, block, 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(ca string, trusted bool) {
		t.Helper()
		s, err := New(Config{Address: listener.Addr().String(), Channels: []string{"#ops"}, TLS: config.TLSConfig{CAFile: ca}, Every: 10 * time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		err = s.Send(t.Context(), sendertest.Message())
		var untrusted *tls.CertificateVerificationError
		if trusted && err != nil || !trusted && !errors.As(err, &untrusted) {
			t.Errorf("trusted %v: %v", trusted, err)
		}
	}
	f(authority, true)
	f("", false)
}
