package webconfig

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// guard is a Guard in front of a handler that answers 200.
func guard(t *testing.T, text string) (*Guard, http.Handler, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	write(t, path, text)
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	exempt := func(r *http.Request) bool { return r.Header.Get("X-Pushback-Token") == "right" }
	g, err := NewGuard(File(path), Answers{Unauthorized: status(401), TooMany: status(429), Broken: status(500)}, exempt, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return g, g.Wrap(status(200)), path
}

func ask(h http.Handler, user, password, from string, headers ...string) int {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if user != "" {
		r.SetBasicAuth(user, password)
	}
	r.RemoteAddr = from + ":1"
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestUsers(t *testing.T) {
	_, h, path := guard(t, "basic_auth_users:\n  amy: "+hashOf(t, "amy's")+"\n  bob: "+hashOf(t, "bob's")+"\n")
	f := func(user, password string, want int) {
		t.Helper()
		for range 2 { // the second time from memory
			if got := ask(h, user, password, "192.0.2.1"); got != want {
				t.Errorf("%s, %s: got %d, want %d", user, password, got, want)
			}
		}
	}
	f("amy", "amy's", 200)
	f("bob", "bob's", 200)
	f("amy", "bob's", 401)
	f("eve", "amy's", 401)
	f("eve", "fakepassword", 401) // what the hash of nobody is of
	f("", "", 401)
	f("amy", "", 401)
	f("amy", strings.Repeat("x", 1000), 401)
	write(t, path, "basic_auth_users:\n  bob: "+hashOf(t, "new")+"\n")
	f("amy", "amy's", 401)
	f("bob", "bob's", 401)
	f("bob", "new", 200)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	f("bob", "new", 500)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f("bob", "new", 500)
}

// A password that was right once waits for nobody, however many wrong ones wait for their
// hash, and the first one of another address is not refused because of them.
func TestWrongPasswordsKeepNoRightOneOut(t *testing.T) {
	g, h, _ := guard(t, "basic_auth_users:\n  amy: "+hashOf(t, "amy's")+"\n  bob: "+hashOf(t, "bob's")+"\n")
	if got := ask(h, "amy", "amy's", "192.0.2.1"); got != 200 {
		t.Fatalf("got %d", got)
	}
	release := make(chan struct{})
	g.compares = func(hash, password []byte) error {
		<-release // a hash that takes as long as the test wants
		return bcrypt.CompareHashAndPassword(hash, password)
	}
	var strangers sync.WaitGroup
	codes := make(chan int, 10_000)
	for i := range 10_000 {
		strangers.Go(func() { codes <- ask(h, "amy", fmt.Sprint("wrong", i), "198.51.100.7") })
	}
	for range 10_000 - maxOfOne {
		if got := <-codes; got != 429 {
			t.Fatalf("one of many got %d", got)
		}
	}
	if got := ask(h, "amy", "amy's", "198.51.100.7"); got != 200 {
		t.Errorf("the right password waits behind wrong ones: %d", got)
	}
	first := make(chan int)
	go func() { first <- ask(h, "bob", "bob's", "192.0.2.2") }()
	close(release)
	if got := <-first; got != 200 {
		t.Errorf("the first right password of another address: %d", got)
	}
	strangers.Wait()
	if g.all != 0 || len(g.waiting) != 0 || len(g.known) != 2 {
		t.Errorf("kept: %d waiting, %v, %d known", g.all, g.waiting, len(g.known))
	}
}

// The queue is bounded for all addresses together.
func TestQueueIsBounded(t *testing.T) {
	g := &Guard{waiting: map[string]int{}}
	taken := 0
	for i := range 10 * maxWaiting {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = fmt.Sprintf("198.51.%d.%d:1", i/256, i%256)
		if g.queue(r) {
			taken++
		}
	}
	if taken != maxWaiting || len(g.waiting) != maxWaiting {
		t.Errorf("%d wait, of %d addresses", taken, len(g.waiting))
	}
}

// The limit of the file does not keep right tokens out.
func TestLimitIsNotForRightTokens(t *testing.T) {
	_, h, _ := guard(t, "rate_limit: {burst: 1, interval: 1h}\n")
	for i, want := range []int{200, 429, 429} {
		if got := ask(h, "", "", "192.0.2.1"); got != want {
			t.Errorf("request %d: got %d, want %d", i, got, want)
		}
	}
	if got := ask(h, "", "", "192.0.2.1", "X-Pushback-Token", "right"); got != 200 {
		t.Errorf("the right token: got %d", got)
	}
}

func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.yml")
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	f := func(text, want string) {
		t.Helper()
		write(t, path, text)
		err := File(path).Check()
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: got %v, want %q", text, err, want)
		}
	}
	f("", "")
	f("http_server_config: {headers: {Strict-Transport-Security: max-age=31536000}}", "")
	f("http_server_config: {headers: {Set-Cookie: x}}", "cannot be set")
	f("basic_auth_user: {}", "not found")
	f("basic_auth_users: {amy: plain}", "not a bcrypt hash")
	f("rate_limit: {burst: -1}", "negative")
	f("tls_server_config: {cert_file: cert, key_file: key}", "no such file")
	f("tls_server_config: {cert_file: pipe, key_file: pipe}", "not a regular file")
	f("tls_server_config: {cert_file: /dev/zero, key_file: /dev/zero}", "not a regular file")
	f("tls_server_config: {cert_file: web.yml, key_file: web.yml}", "X509KeyPair")
	f("tls_server_config: {cert_file: web.yml}", "missing one of key")
	f("tls_server_config: {min_version: TLS99}", "TLS99")
	f(strings.Repeat("#", maxFile+1), "over 1048576 bytes")
	if err := File(pipe).Check(); err == nil {
		t.Error("a pipe was read")
	}
}

// certificate writes a certificate for 127.0.0.1 with this serial number.
func certificate(t *testing.T, dir string, serial int64) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "cert"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	write(t, filepath.Join(dir, "key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// A certificate is renewed in place. One that cannot be read ends connections, and a pipe in
// its place holds none of them up.
func TestCertificateIsRenewed(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "web.yml")
	write(t, path, "tls_server_config: {cert_file: cert, key_file: key}")
	certificate(t, dir, 1)
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Minute, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	served := make(chan error, 1)
	go func() {
		served <- File(path).Serve(l, h, slog.New(slog.DiscardHandler))
		l.Close() // otherwise nobody would answer the connections below
	}()
	serial := func() (n int64, protocol string, err error) {
		d := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"h2", "http/1.1"}}} //nolint:gosec // the test compares serial numbers
		c, err := d.DialContext(t.Context(), "tcp", l.Addr().String())
		if err != nil {
			return 0, "", err
		}
		defer c.Close()
		state := c.(*tls.Conn).ConnectionState()
		return state.PeerCertificates[0].SerialNumber.Int64(), state.NegotiatedProtocol, nil
	}
	for _, want := range []int64{1, 2} {
		if want > 1 { // the first is being read
			certificate(t, dir, want)
		}
		if got, protocol, err := serial(); got != want || protocol != "h2" || err != nil {
			t.Errorf("got certificate %d over %s, %v; want %d", got, protocol, err, want)
		}
	}
	key := filepath.Join(dir, "key")
	if err := errors.Join(os.Remove(key), syscall.Mkfifo(key, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := serial(); err == nil {
		t.Error("a connection was served without a key")
	}
	if err := errors.Join(os.Remove(key), h.Close()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; !errors.Is(err, http.ErrServerClosed) {
		t.Error(err)
	}
}
