package probes

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/outbound"
)

func pemOf(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}

// TestErrors: what the operating system and the resolver answer where the target is to blame,
// and where this host is.
func TestErrors(t *testing.T) {
	dial := func(errno error) error {
		return fmt.Errorf("Get: %w", &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", errno)})
	}
	name := func(text string, unknown bool) error {
		return &net.OpError{Op: "dial", Err: &net.DNSError{Err: text, Name: "shop.example", Server: "10.0.0.1:53", IsNotFound: unknown}}
	}
	f := func(err error, result Result, gap string) {
		t.Helper()
		if got := gapOf(err); (got != "") != (gap != "") || !strings.Contains(got, gap) {
			t.Errorf("%v: gap %q, want %q", err, got, gap)
		}
		if got := resultOf(err, false); gap == "" && got != result {
			t.Errorf("%v: %s, want %s", err, got, result)
		}
	}
	f(dial(syscall.ECONNREFUSED), Refused, "")
	f(dial(syscall.EHOSTUNREACH), Broken, "")
	f(dial(syscall.ETIMEDOUT), Timeout, "")
	f(dial(syscall.ECONNRESET), Broken, "")
	f(dial(syscall.ENETUNREACH), "", "this host cannot connect to anybody")
	f(dial(syscall.EMFILE), "", "too many open files")
	f(dial(syscall.EADDRNOTAVAIL), "", "this host cannot connect to anybody")
	f(name("no such host", true), DNS, "")
	f(name("server misbehaving", false), DNS, "")
	f(name("i/o timeout", false), DNS, "")
	f(name("dial udp 10.0.0.1:53: connect: network is unreachable", false), "", "network is unreachable")
	f(name("read udp 127.0.0.1:9->127.0.0.1:53: read: connection refused", false), "", "resolver")
	f(context.DeadlineExceeded, Timeout, "")
	f(fmt.Errorf("get: %w", context.Canceled), "", "ended")
	f(outbound.ErrLinkLocal, "", "link-local")
	f(errors.New("malformed HTTP response"), Broken, "")
	if got := resultOf(errors.New("EOF"), true); got != TLS {
		t.Errorf("a handshake that broke off is %s", got)
	}
}

// TestStalled: a probe over which the host slept, or the process stood still, measured itself.
func TestStalled(t *testing.T) {
	f := func(wall, monotonic time.Duration, want string) {
		t.Helper()
		if got := stalled(wall, monotonic, 3*time.Second); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(time.Millisecond, time.Millisecond, "")
	f(3050*time.Millisecond, 3050*time.Millisecond, "")
	f(5*time.Second, 5*time.Second, "no time")
	f(time.Minute, time.Second, "asleep")
	f(-time.Hour, time.Second, "asleep")
}

func TestCertificateEnds(t *testing.T) {
	now := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	f := func(left time.Duration, want string) {
		t.Helper()
		if got := (Settings{WarnBefore: 14 * 24 * time.Hour}).CertificateEnds(now.Add(left), now); got != want {
			t.Errorf("%s left: %q, want %q", left, got, want)
		}
	}
	f(15*24*time.Hour, "")
	f(13*24*time.Hour+time.Hour, "its certificate ends in 13 days")
	f(90*time.Minute, "its certificate ends in 1h")
	f(-time.Hour, "its certificate ended on 2026-11-20")
	if (Settings{}).CertificateEnds(now, now) != "" || (Settings{WarnBefore: time.Hour}).CertificateEnds(time.Time{}, now) != "" {
		t.Error("it warns without being asked to, or of no certificate")
	}
}
