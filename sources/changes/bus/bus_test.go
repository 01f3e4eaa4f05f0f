package bus

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// parser reads a body that names a service.
type parser struct{ asked int }

func (*parser) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	switch string(body) {
	case "":
		return nil, nil
	case "ping":
		return nil, changes.Ignored("a ping")
	case "bad":
		return nil, changes.Bad("service is missing")
	}
	return []sources.Event{{Service: string(body)}}, nil
}

// Complete asks the tool.
func (p *parser) Complete(_ context.Context, events []sources.Event) ([]sources.Event, error) {
	if p.asked++; events[0].Service == "unreachable" {
		return nil, errors.New("no answer")
	}
	events[0].Previous = "v1"
	return events, nil
}

func reader(t *testing.T, c Config) (*Reader, error) {
	t.Helper()
	return NewReader(changes.Options{Name: "bus", Reader: func(as string) (changes.Parser, error) {
		if as == "absent" {
			return nil, errors.New("read_as: there is no such source")
		}
		return &parser{}, nil
	}}, c)
}

func defaults() (c Config) { c.SetDefaults(); return c }

func TestHandle(t *testing.T) {
	r, err := reader(t, defaults())
	if err != nil {
		t.Fatal(err)
	}
	f := func(body string, stored error, want Fate, refused string, previous string) {
		t.Helper()
		took := 0
		got := r.Handle(t.Context(), func(_ context.Context, d changes.Delivery) error {
			took++
			if d.Refused != nil {
				if len(d.Events) > 0 || !strings.Contains(d.Refused.Error(), refused) || refused == "" {
					t.Errorf("%.20q: refused %v, want %q", body, d.Refused, refused)
				}
				return d.Refused
			}
			if d.Events[0].Previous != previous || string(d.Raw) != body {
				t.Errorf("%.20q: %+v", body, d)
			}
			return stored
		}, nil, []byte(body))
		if got != want || took != 1 {
			t.Errorf("%.20q: fate %d after %d, want %d", body, got, took, want)
		}
	}
	f("cart", nil, Stored, "", "v1")
	f("unreachable", nil, Stored, "", "") // the tool cannot be asked: stored as it came
	f("cart", errors.New("disk full"), Again, "", "v1")
	f("cart", changes.ErrNotAllowed, Rejected, "", "v1")
	f("bad", nil, Rejected, "service is missing", "")
	f("ping", nil, Rejected, "a ping", "")
	f("", nil, Rejected, "names no change", "")
	f(strings.Repeat("x", MaxMessage+1), nil, Rejected, "larger than 1 MiB", "")
}

func TestSettings(t *testing.T) {
	f := func(edit func(*Config), want string) {
		t.Helper()
		c := defaults()
		edit(&c)
		if _, err := reader(t, c); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	f(func(c *Config) { c.Services = []string{"[a"} }, "services: ")
	f(func(c *Config) { c.Since = -1 }, "since: ")
	f(func(c *Config) { c.InFlight = 0 }, "max_in_flight: ")
	f(func(c *Config) { c.TLS = &TLS{CertFile: "a"} }, "tls: ")
	f(func(c *Config) { c.ReadAs = "absent" }, "read_as: ")
}

func TestTrouble(t *testing.T) {
	r, _ := reader(t, defaults())
	r.SetTrouble(errors.New("dial nats://me:s3cr3tword@h:4222\nrefused"))
	if got := r.Trouble(); strings.Contains(got, "s3cr3tword") || strings.Contains(got, "\n") || !strings.Contains(got, "refused") {
		t.Errorf("%q", got)
	}
	if r.Works(); r.Trouble() != "" {
		t.Error("trouble stays")
	}
	if Pause(0) != time.Second || Pause(3) != 8*time.Second || Pause(1000) != 30*time.Second {
		t.Error(Pause(0), Pause(3), Pause(1000))
	}
}

func TestTLS(t *testing.T) {
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, bytes []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	certificate, private := write("cert", "CERTIFICATE", der), write("key", "PRIVATE KEY", secret)
	c, err := (&TLS{CAFile: certificate, CertFile: certificate, KeyFile: private, ServerName: "bus"}).Client()
	if err != nil || c.RootCAs == nil || len(c.Certificates) != 1 || c.ServerName != "bus" || c.InsecureSkipVerify {
		t.Errorf("%+v, %v", c, err)
	}
	for _, bad := range []*TLS{{CAFile: private}, {CAFile: dir + "/absent"}, {CertFile: private, KeyFile: private}} {
		if _, err := bad.Client(); err == nil || strings.Contains(err.Error(), "PRIVATE KEY") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
