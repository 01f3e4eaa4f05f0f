package nats

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// names reads a body that is the name of a service.
type names struct{}

func (names) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	if strings.HasPrefix(string(body), "poison") {
		return nil, changes.Bad("service is missing")
	}
	return []sources.Event{{Service: string(body)}}, nil
}

var options = changes.Options{Name: "bus", Reader: func(string) (changes.Parser, error) { return names{}, nil }}

func settings(url string) (c Config) {
	c.SetDefaults()
	c.URL, c.Stream = url, "DEPLOYS"
	return c
}

func TestSettings(t *testing.T) {
	f := func(edit func(*Config), want string) {
		t.Helper()
		c := settings("nats://127.0.0.1:4222")
		edit(&c)
		_, err := New(options, c)
		if want == "" && err != nil || want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%v, want %q", err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%v repeats a password", err)
		}
	}
	f(func(*Config) {}, "")
	f(func(c *Config) { c.URL = "tls://a:1, nats://b:2" }, "")
	f(func(c *Config) { c.URL = "http://a" }, "url: write it as")
	f(func(c *Config) { c.URL = "nats://me:hunter2@a:4222" }, "url: leave user")
	f(func(c *Config) { c.TokenFile, c.CredsFile = "a", "b" }, "creds_file, token_file")
	f(func(c *Config) { c.Username = "me" }, "username and password_file")
	f(func(c *Config) { c.Consumer = "a.b" }, "consumer: ")
	f(func(c *Config) { c.AckWait = time.Millisecond }, "ack_wait: ")
	f(func(c *Config) { c.InFlight = -1 }, "max_in_flight: ")
}
