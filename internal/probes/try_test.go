package probes

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/common/config"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// prober makes a Prober of settings that Check accepts.
func prober(t *testing.T, s Settings) *Prober {
	t.Helper()
	s.Service, s.Options.FollowRedirects = "shop", true
	if found := s.Check(); len(found) > 0 {
		t.Fatal(found)
	}
	p, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func wantResult(t *testing.T, o Outcome, result Result, detail string) {
	t.Helper()
	if o.Result != result || o.Gap != "" || !strings.Contains(o.Detail, detail) {
		t.Errorf("result %s (%s; gap %q), want %s (… %s …)", o.Result, o.Detail, o.Gap, result, detail)
	}
}

// TestAnswers asks a real server that answers in each way a page can.
func TestAnswers(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "Cart Checkout") })
	mux.HandleFunc("/error", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", MaxBody)+"Checkout")
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil {
			connection.Close()
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	f := func(s Settings, path string, result Result, detail string) {
		t.Helper()
		s.HTTP = server.URL + path
		wantResult(t, prober(t, s).Try(t.Context()), result, detail)
	}
	f(Settings{}, "/", OK, "")
	f(Settings{Text: "Checkout"}, "/", OK, "")
	f(Settings{Text: "checkout"}, "/", Text, "not in the answer of 13 bytes")
	f(Settings{Method: "HEAD"}, "/", OK, "")
	f(Settings{}, "/error", Status, "answered 500 Internal Server Error where 2xx is expected")
	f(Settings{Status: Statuses{{404, 404}, {500, 599}}}, "/error", OK, "")
	f(Settings{Text: "Checkout"}, "/large", Text, "not in the first 1048576 bytes")
	f(Settings{Timeout: minTimeout}, "/slow", Timeout, "no whole answer within 100ms")
	f(Settings{}, "/broken", Broken, "EOF")
}

// TestPhases: the phases are part of the whole, and of an answer over TLS each is there.
func TestPhases(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }))
	defer server.Close()
	s := Settings{HTTP: strings.Replace(server.URL, "127.0.0.1", "localhost", 1)}
	s.Options.TLSConfig = config.TLSConfig{CAFile: caFile(t, server), ServerName: "example.com"}
	o := prober(t, s).Try(t.Context())
	wantResult(t, o, OK, "")
	p := o.Phases
	if p.DNS <= 0 || p.Connect <= 0 || p.TLS <= 0 || p.FirstByte <= 0 || p.Body <= 0 || p.DNS+p.Connect+p.TLS+p.FirstByte+p.Body > o.Took {
		t.Errorf("phases %+v of %s", p, o.Took)
	}
	if o.Size != 5 || o.Code != 200 || !o.Expires.Equal(server.Certificate().NotAfter) || !o.Connected {
		t.Errorf("%+v, want 5 bytes and the certificate's end", o)
	}
}

// TestCertificates shakes hands with a real server, once trusted and once not. The end of a
// certificate is known of both.
func TestCertificates(t *testing.T) {
	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // it complains of those who do not trust it
	server.StartTLS()
	defer server.Close()
	s := Settings{TLS: server.Listener.Addr().String()}
	o := prober(t, s).Try(t.Context())
	wantResult(t, o, TLS, "certificate")
	if !o.Expires.Equal(server.Certificate().NotAfter) {
		t.Errorf("ends at %s, want %s", o.Expires, server.Certificate().NotAfter)
	}
	s.Options.TLSConfig = config.TLSConfig{CAFile: caFile(t, server), ServerName: "example.com"}
	o = prober(t, s).Try(t.Context())
	wantResult(t, o, OK, "")
	if !o.Expires.Equal(server.Certificate().NotAfter) || o.Phases.TLS <= 0 {
		t.Errorf("%+v", o)
	}
	s.Options.TLSConfig.ServerName = "other.example"
	wantResult(t, prober(t, s).Try(t.Context()), TLS, "certificate is valid for")
}

func TestPorts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	o := prober(t, Settings{TCP: address}).Try(t.Context())
	wantResult(t, o, OK, "")
	if !o.Connected || o.Phases.Connect <= 0 {
		t.Errorf("%+v", o)
	}
	listener.Close()
	wantResult(t, prober(t, Settings{TCP: address}).Try(t.Context()), Refused, "refused")
	wantResult(t, prober(t, Settings{HTTP: "http://" + address}).Try(t.Context()), Refused, "refused")

	// A port that takes connections and says nothing.
	if listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	o = prober(t, Settings{TLS: listener.Addr().String(), Timeout: minTimeout}).Try(t.Context())
	wantResult(t, o, Timeout, "")
	if !o.Connected {
		t.Error("a port that took the connection does not count as reached")
	}
}

// TestRedirects: a redirect leads to the same host or to a named one, and no other server is
// asked. Credentials go to the configured origin alone.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("another origin got the credentials")
		}
	}))
	defer other.Close()
	elsewhere := strings.Replace(other.URL, "127.0.0.1", "localhost", 1)
	to := ""
	home := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if name, password, _ := r.BasicAuth(); name != "customer" || password != "s3cret-of-a-customer" {
			t.Errorf("asked as %s", name)
		}
		switch r.URL.Path {
		case "/":
			http.Redirect(w, r, to, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		}
	}))
	defer home.Close()
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("s3cret-of-a-customer"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(target string, hosts []string, result Result, detail string) {
		t.Helper()
		to = target
		s := Settings{HTTP: home.URL + "/", RedirectHosts: hosts}
		s.Options.BasicAuth = &config.BasicAuth{Username: "customer", PasswordFile: password}
		wantResult(t, prober(t, s).Try(t.Context()), result, detail)
	}
	f("/end", nil, OK, "")
	f(other.URL+"/", nil, OK, "") // the same host, and another port
	f(elsewhere+"/", nil, Status, "redirects to another host")
	f(elsewhere+"/", []string{"LOCALHOST"}, OK, "")
	f("/loop", nil, Broken, "redirects more than three times")
	f("http://169.254.169.254/latest", nil, Status, "redirects to another host")
	f("ftp://127.0.0.1/", nil, Broken, "not http or https")

	s := Settings{HTTP: home.URL + "/"}
	s.Options.BasicAuth = &config.BasicAuth{Username: "customer", PasswordFile: password}
	p := prober(t, s)
	p.Settings.Options.FollowRedirects = false
	if p, _ = New(p.Settings); p.Try(t.Context()).Code != http.StatusFound {
		t.Error("a redirect was followed although the settings forbid it")
	}
}

// TestWhatIsNoFailure: what this host is to blame for is a gap.
func TestWhatIsNoFailure(t *testing.T) {
	f := func(s Settings, why string) {
		t.Helper()
		s.Service = "shop"
		p, err := New(s)
		if err != nil {
			t.Fatal(err)
		}
		if o := p.Try(t.Context()); !strings.Contains(o.Gap, why) || o.OK() {
			t.Errorf("%s: gap %q (%s), want … %s …", s.Target(), o.Gap, o.Detail, why)
		}
	}
	f(Settings{TCP: "169.254.169.254:80"}, "link-local")
	f(Settings{TLS: "metadata.google.internal:443"}, "")
	password := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(password, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := Settings{HTTP: "http://127.0.0.1:1/"}
	s.Options.BasicAuth = &config.BasicAuth{Username: "u", PasswordFile: password}
	p := prober(t, s)
	if err := os.Remove(password); err != nil {
		t.Fatal(err)
	}
	if o := p.Try(t.Context()); !strings.Contains(o.Gap, "cannot be read") {
		t.Errorf("gap %q, want the file", o.Gap)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if o := p.Try(ctx); o.Gap == "" {
		t.Error("a probe that was ended is an outcome")
	}
}

// TestSecretsStayOut: neither the query of a URL nor the credentials are in what people read.
func TestSecretsStayOut(t *testing.T) {
	const token = "tk-9f8b1c0d2e3a"
	s := Settings{HTTP: "http://127.0.0.1:1/page?token=" + token}
	p := prober(t, s)
	o := p.Try(t.Context())
	for _, text := range []string{o.Detail, p.Settings.Target()} {
		if strings.Contains(text, token) {
			t.Errorf("shows the token: %s", text)
		}
	}
	tokens := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "not known: "+r.FormValue("client_secret")) // a server that repeats what it is sent
	}))
	defer tokens.Close()
	file := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(file, []byte(token), 0o600); err != nil {
		t.Fatal(err)
	}
	s = Settings{HTTP: "http://127.0.0.1:1/"}
	s.Options.OAuth2 = &config.OAuth2{ClientID: "probe", ClientSecretFile: file, TokenURL: tokens.URL, EndpointParams: map[string]string{"client_secret": token}}
	if o := prober(t, s).Try(t.Context()); strings.Contains(o.Detail, token) || !strings.Contains(o.Detail, "not known") {
		t.Errorf("shows the client's secret: %s", o.Detail)
	}
	if got := p.Settings.Target(); got != "http://127.0.0.1:1/page" {
		t.Errorf("target %s", got)
	}
}

func caFile(t *testing.T, server *httptest.Server) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pemOf(server.Certificate()), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
