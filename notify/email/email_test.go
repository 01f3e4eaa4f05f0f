package email

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/sendertest"
	"github.com/pushback/pushback/rules"
)

func TestMail(t *testing.T) {
	for _, privacy := range []string{StartTLS, Implicit, None} {
		k := newServer(t, privacy)
		m := sendertest.Message()
		m.Action = "Open " + m.Link + "/approve?token=q1W2e3R4t5Y6 (until 12:00 UTC)."
		if err := k.sender(t, privacy).SendPicture(t.Context(), m, []byte("\x89PNG")); err != nil {
			t.Fatalf("%s: %v", privacy, err)
		}
		got := k.last(t)
		want := map[string]string{
			"From": `"Pushback" <pushback@corp.example>`, "To": `"Ops" <ops@corp.example>, <dev@corp.example>`, "Subject": "[critical] cart v2 in production: errors rose",
			"Date": "Fri, 20 Nov 2026 12:00:00 +0000", "Auto-Submitted": "auto-generated", "Importance": "high",
		}
		for name, value := range want {
			if got.header.Get(name) != value {
				t.Errorf("%s: %s is %q, want %q", privacy, name, got.header.Get(name), value)
			}
		}
		plain, page := got.parts["text/plain"].body, got.parts["text/html"].body
		for _, text := range []string{m.Title, m.SignalLines[0], m.Action, "version: v2", "All about this change: " + m.Link} {
			if !strings.Contains(plain, text) {
				t.Errorf("%s: the plain part lacks %q: %s", privacy, text, plain)
			}
		}
		for _, text := range []string{`<img src="cid:plot"`, `href="` + m.Link + `/approve?token=q1W2e3R4t5Y6"`, `<td>v2</td>`} {
			if !strings.Contains(page, text) {
				t.Errorf("%s: the HTML lacks %q: %s", privacy, text, page)
			}
		}
		if p := got.parts["image/png"]; p.id != "<plot>" {
			t.Errorf("%s: the picture is %+v", privacy, p)
		}
		if !k.signedIn || !slices.Equal(k.to, []string{"ops@corp.example", "dev@corp.example"}) {
			t.Errorf("%s: signed in: %v, to %q", privacy, k.signedIn, k.to)
		}
	}
}

// Mails of one thread refer to one id, and an attempt has the id of the one before.
func TestThread(t *testing.T) {
	k := newServer(t, StartTLS)
	ids, roots := map[string]bool{}, map[string]bool{}
	first, second, other := sendertest.Message(), sendertest.Message(), sendertest.Message()
	second.Resolved, other.Key = true, "other"
	for _, m := range []notify.Message{first, first, second, other} {
		if err := k.sender(t, StartTLS).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		h := k.last(t).header
		ids[h.Get("Message-Id")], roots[h.Get("References")] = true, true
		if h.Get("References") != h.Get("In-Reply-To") || !strings.HasSuffix(h.Get("References"), "@corp.example>") {
			t.Errorf("%v", h)
		}
	}
	if len(ids) != 3 || len(roots) != 2 {
		t.Errorf("%d ids, %d threads", len(ids), len(roots))
	}
}

func TestFailures(t *testing.T) {
	f := func(step string, code int, permanent bool) {
		t.Helper()
		k := newServer(t, StartTLS)
		k.refuse[step] = &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: "no: " + password}
		err := k.sender(t, StartTLS).Send(t.Context(), sendertest.Message())
		if err == nil || errors.Is(err, notify.ErrPermanent) != permanent || strings.Contains(err.Error(), password) {
			t.Errorf("%s with %d: %v", step, code, err)
		}
		if !strings.Contains(err.Error(), "no: ") {
			t.Errorf("%s: the error does not say what the server said: %v", step, err)
		}
	}
	f("auth", 535, false)
	f("mail", 550, false)
	f("rcpt", 550, false)
	f("rcpt", 450, false)
	f("data", 554, true)
	f("data", 451, false)
}

// A server without TLS gets neither the mail nor the password, and a certificate of somebody else is refused.
func TestPrivacy(t *testing.T) {
	k := newServer(t, None)
	c := k.config(t, StartTLS)
	s, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(t.Context(), sendertest.Message()); err == nil || k.signedIn || len(k.mails) > 0 {
		t.Errorf("sent without TLS: %v, signed in: %v", err, k.signedIn)
	}
	for _, privacy := range []string{StartTLS, Implicit} {
		k := newServer(t, privacy)
		c := k.config(t, privacy)
		c.TLSConfig.CAFile = ""
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Send(t.Context(), sendertest.Message()); err == nil || k.signedIn || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s with a certificate that nobody vouches for: %v", privacy, err)
		}
	}
}

func TestContext(t *testing.T) {
	k := newServer(t, StartTLS)
	k.hang = make(chan struct{})
	defer close(k.hang)
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	mute := k.config(t, StartTLS)
	mute.Port = silent.Addr().(*net.TCPAddr).Port
	for _, c := range []Config{k.config(t, StartTLS), mute} {
		s, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		began := time.Now()
		if err := s.Send(ctx, sendertest.Message()); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
			t.Errorf("got %v after %s, want the deadline", err, time.Since(began))
		}
		cancel()
	}
}

func TestNew(t *testing.T) {
	f := func(want string, edit func(*Config)) {
		t.Helper()
		c := Config{Host: "mail.example", From: "a@b.example", To: []string{"c@d.example"}}
		edit(&c)
		if _, err := New(c); (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f("", func(*Config) {})
	f("", func(c *Config) { c.Host, c.TLS = "127.0.0.1", None })
	f("host is missing", func(c *Config) { c.Host = "" })
	f("may be called", func(c *Config) { c.Host = "169.254.169.254" })
	f("on this host alone", func(c *Config) { c.TLS = None })
	f("tls must be", func(c *Config) { c.TLS = "ssl" })
	f("from is no address", func(c *Config) { c.From = "a@b.example\r\nBcc: x@y.example" })
	f("to is missing", func(c *Config) { c.To = nil })
	f("to[0] is no address", func(c *Config) { c.To = []string{"ops"} })
	f("belong together", func(c *Config) { c.User = "x" })
	f("password_file:", func(c *Config) { c.User, c.PasswordFile = "x", "/nowhere" })
	f("digest has no time", func(c *Config) { c.Digest = &Digest{} })
	f("", func(c *Config) {
		c.Digest = &Digest{Schedule: rules.Schedule{Cron: "0 8 * * *", Zone: "Europe/London"}}
	})
}

// A digest lists everything under its headings, each line with the page that it is about.
func TestDigestMail(t *testing.T) {
	k := newServer(t, None)
	m := notify.Message{Key: "digest/ops/1", Kind: "digest", Severity: notify.Info, Title: "2 changes since Monday", Link: "https://pushback.example", At: time.Unix(1_800_000_000, 0), Sections: []notify.Section{
		{Title: "Regressed", Items: []notify.Item{{Text: "cart v2 in production: regressed", Link: "https://pushback.example/changes/k1"}}, More: 3},
	}}
	if err := k.sender(t, None).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := k.last(t)
	if s := got.header.Get("Subject"); s != "[digest] 2 changes since Monday" {
		t.Errorf("the subject is %q", s)
	}
	for _, text := range []string{"Regressed\r\n- cart v2 in production: regressed\r\n  https://pushback.example/changes/k1\r\n… and 3 more"} {
		if !strings.Contains(got.parts["text/plain"].body, text) {
			t.Errorf("the plain part lacks %q: %q", text, got.parts["text/plain"].body)
		}
	}
	if page := got.parts["text/html"].body; !strings.Contains(page, `<li><a href="https://pushback.example/changes/k1">cart v2 in production: regressed</a></li>`) {
		t.Error(page)
	}
}
