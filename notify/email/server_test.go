package email

import (
	"crypto/tls"
	"encoding/pem"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/http/httptest"
	"net/mail"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"github.com/pushback/pushback/notify/sendertest"
)

const (
	user     = "pushback"
	password = "correct-horse-battery-9"
)

// server is an SMTP server that keeps what it gets.
type server struct {
	host   string
	port   int
	caFile string

	mu       sync.Mutex
	mails    []string
	to       []string
	signedIn bool
	refuse   map[string]*smtp.SMTPError // by the step: auth, mail, rcpt, data
	hang     chan struct{}
}

// newServer starts a server that offers STARTTLS, speaks TLS from the first byte, or neither.
func newServer(t *testing.T, privacy string) *server {
	t.Helper()
	certified := httptest.NewTLSServer(nil)
	t.Cleanup(certified.Close)
	k := &server{refuse: map[string]*smtp.SMTPError{}, caFile: filepath.Join(t.TempDir(), "ca.pem")}
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certified.Certificate().Raw})
	if err := os.WriteFile(k.caFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) { return &session{k}, nil }))
	s.Domain, s.AllowInsecureAuth = "mail.example", privacy == None
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	private := &tls.Config{Certificates: certified.TLS.Certificates}
	switch privacy {
	case StartTLS:
		s.TLSConfig = private
	case Implicit:
		l = tls.NewListener(l, private)
	}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { _ = s.Close() })
	host, port, _ := net.SplitHostPort(l.Addr().String())
	k.host = host
	k.port, _ = strconv.Atoi(port)
	return k
}

func (k *server) config(t *testing.T, privacy string) Config {
	t.Helper()
	c := Config{Host: k.host, Port: k.port, TLS: privacy, User: user, PasswordFile: sendertest.SecretFile(t, password), From: "Pushback <pushback@corp.example>", To: []string{"Ops <ops@corp.example>", "dev@corp.example"}}
	c.TLSConfig.CAFile = k.caFile
	return c
}

func (k *server) sender(t *testing.T, privacy string) *Sender {
	t.Helper()
	s, err := New(k.config(t, privacy))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (k *server) step(name string) error {
	k.mu.Lock()
	hang, refused := k.hang, k.refuse[name]
	k.mu.Unlock()
	if hang != nil {
		<-hang
	}
	if refused != nil {
		return refused
	}
	return nil
}

// last is the newest mail.
func (k *server) last(t *testing.T) received {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.mails) == 0 {
		t.Fatal("no mail has arrived")
	}
	return read(t, k.mails[len(k.mails)-1])
}

type session struct{ *server }

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, word string) error {
		if name != user || word != password {
			return errors.New("wrong name or password")
		}
		s.mu.Lock()
		s.signedIn = true
		s.mu.Unlock()
		return s.step("auth")
	}), nil
}

func (s *session) Mail(string, *smtp.MailOptions) error { return s.step("mail") }

func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.mu.Lock()
	s.to = append(s.to, to)
	s.mu.Unlock()
	return s.step("rcpt")
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if err := s.step("data"); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mails = append(s.mails, string(text))
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

// received is a mail as a mail program reads it.
type received struct {
	header mail.Header
	parts  map[string]part // by content type
}

type part struct {
	id   string
	body string
}

func read(t *testing.T, text string) received {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(text))
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	r := received{m.Header, map[string]part{}}
	r.take(t, m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body)
	return r
}

func (r received) take(t *testing.T, kind, encoding, id string, body io.Reader) {
	t.Helper()
	media, params, err := mime.ParseMediaType(kind)
	if err != nil {
		t.Fatalf("%q: %v", kind, err)
	}
	if !strings.HasPrefix(media, "multipart/") {
		if encoding == "quoted-printable" {
			body = quotedprintable.NewReader(body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		r.parts[media] = part{id, string(text)}
		return
	}
	for parts := multipart.NewReader(body, params["boundary"]); ; {
		p, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		r.take(t, p.Header.Get("Content-Type"), p.Header.Get("Content-Transfer-Encoding"), p.Header.Get("Content-Id"), p)
	}
}
