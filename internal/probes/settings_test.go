package probes

import (
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v4"
)

func TestStatuses(t *testing.T) {
	f := func(text, want string, has, hasNot int) {
		t.Helper()
		var s Statuses
		if err := yaml.Unmarshal([]byte(text), &s); err != nil || s.String() != want || !s.Has(has) || s.Has(hasNot) {
			t.Errorf("%s is %s, %v; want %s with %d and without %d", text, s, err, want, has, hasNot)
		}
	}
	f("2xx", "2xx", 299, 300)
	f("200", "200", 200, 201)
	f("[200, 301, 4XX]", "200, 301, 4xx", 404, 302)
	for _, wrong := range []string{"", "20", "600", "099", "0x9", "x", "2x", "xx", "2xxx", "ok", "-200", "+20"} {
		if s, err := ParseStatuses(wrong); err == nil {
			t.Errorf("%q is %s", wrong, s)
		}
	}
	if _, err := ParseStatuses(slices.Repeat([]string{"200"}, maxStatuses+1)...); err == nil {
		t.Error("any number of statuses is taken")
	}
}

// FuzzStatuses: what is taken is written as it was meant.
func FuzzStatuses(f *testing.F) {
	for _, text := range []string{"2xx", "200", "5XX", "1xx ", "१xx", "0"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseStatuses(text)
		if err != nil {
			return
		}
		if !strings.EqualFold(s.String(), text) || s.Has(99) || s.Has(600) {
			t.Errorf("%q is %s", text, s)
		}
	})
}

// TestCheck: every wrong setting is named at its key.
func TestCheck(t *testing.T) {
	f := func(s Settings, key, message string) {
		t.Helper()
		found := s.Check()
		if len(found) != 1 || found[0].Key != key || !strings.Contains(found[0].Message, message) {
			t.Errorf("%+v: %v, want %q at %q", s, found, message, key)
		}
	}
	page := Settings{Service: "shop", HTTP: "https://shop.example/"}
	with := func(change func(*Settings)) Settings { s := page; change(&s); return s }
	if found := page.Check(); len(found) > 0 {
		t.Error(found)
	}
	f(Settings{Service: "shop"}, "", "exactly one of http, tcp and tls")
	f(with(func(s *Settings) { s.TCP = "db:1" }), "", "exactly one of http, tcp and tls")
	f(with(func(s *Settings) { s.Service = "" }), "service", "missing")
	f(with(func(s *Settings) { s.Service = "a\nb" }), "service", "control character")
	f(with(func(s *Settings) { s.NetworkCheck = true }), "network_check", "belongs to no service")
	f(with(func(s *Settings) { s.HTTP = "shop.example" }), "http", "must begin with http")
	f(with(func(s *Settings) { s.HTTP = "https://me:hunter2@shop.example" }), "http", "user or password")
	f(with(func(s *Settings) { s.HTTP = "http://169.254.169.254/" }), "http", "link-local")
	f(with(func(s *Settings) { s.HTTP = "https://shop.example/#top" }), "http", "fragment")
	for _, address := range []string{"db", "db:", ":5432", "db:0", "db:65536", "db:http", "http://db:1", "u@db:1", "169.254.169.254:80"} {
		s := Settings{Service: "db", TCP: address}
		if found := s.Check(); len(found) != 1 || found[0].Key != "tcp" {
			t.Errorf("tcp: %s: %v", address, found)
		}
	}
	f(with(func(s *Settings) { s.Every = time.Millisecond }), "every", "from 1s to 4m")
	f(with(func(s *Settings) { s.Every = time.Hour }), "every", "from 1s to 4m")
	f(with(func(s *Settings) { s.Timeout = 5 * time.Second }), "timeout", "shorter than every, which is 5s")
	f(with(func(s *Settings) { s.Timeout = time.Minute }), "timeout", "from 100ms to 30s")
	f(with(func(s *Settings) { s.Method = "POST" }), "method", "may do more")
	f(with(func(s *Settings) { s.Method, s.Text = "HEAD", "x" }), "text", "HEAD has no text")
	f(with(func(s *Settings) { s.Text = strings.Repeat("x", maxText+1) }), "text", "at most 1024 bytes")
	f(with(func(s *Settings) { s.RedirectHosts = []string{"*.shop.example"} }), "redirect_hosts[0]", "not the name of a host")
	f(with(func(s *Settings) { s.WarnBefore = 20000 * time.Hour }), "warn_before", "longer than a year")
	f(with(func(s *Settings) { s.HTTP, s.WarnBefore = "http://shop.example", time.Hour }), "warn_before", "no certificate")
	f(Settings{Service: "db", TCP: "db:1", Text: "x"}, "text", "only http probes")
}

func TestDefaults(t *testing.T) {
	f := func(s Settings, name string, every, timeout time.Duration) {
		t.Helper()
		if d := s.WithDefaults(); d.Name != name || d.Every != every || d.Timeout != timeout || len(s.Check()) > 0 {
			t.Errorf("%s every %s within %s, want %s %s %s", d.Name, d.Every, d.Timeout, name, every, timeout)
		}
	}
	f(Settings{Service: "shop", HTTP: "http://shop.example"}, "shop-http", 5*time.Second, 3*time.Second)
	f(Settings{Service: "shop", TLS: "shop.example:443", Every: 2 * time.Second}, "shop-tls", 2*time.Second, 1200*time.Millisecond)
	f(Settings{NetworkCheck: true, TCP: "ref.example:443", Every: time.Minute}, "network-check-tcp", time.Minute, 3*time.Second)
}
