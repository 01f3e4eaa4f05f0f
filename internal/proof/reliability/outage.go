package reliability

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// outage is many metric stores, each with its own path. They begin to fail at one
// moment, each in the mode of its name. A store without a mode does not fail.
type outage struct {
	metrics
	modes map[string]outageMode
	begun atomic.Int64 // Unix nanoseconds; 0: not yet
	mu    sync.Mutex
	kept  map[string]answer // the answers of "cached"
}

func newOutage(s *shop, modes []outageMode) *outage {
	o := &outage{metrics: metrics{shop: s, now: time.Now}, modes: map[string]outageMode{}, kept: map[string]answer{}}
	for _, m := range modes {
		o.modes[m.name] = m
	}
	return o
}

// since is when the outage began; the zero time before.
func (o *outage) since() time.Time {
	if n := o.begun.Load(); n != 0 {
		return time.Unix(0, n)
	}
	return time.Time{}
}

func (o *outage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	store, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	source := metrics{shop: o.shop, now: o.now}
	if store == "frozen" {
		source.stopped = o.since()
	}
	sound := source.answer(r)
	if store == "cached" {
		sound = o.cached(r.URL.Path+r.FormValue("query"), sound)
	}
	if m := o.modes[store]; m.fail != nil && !o.since().IsZero() {
		m.fail(w, r, sound)
		return
	}
	writeJSON(w, http.StatusOK, "application/json", envelope(sound))
}

// cached returns the answer that the query had before the outage.
func (o *outage) cached(key string, sound answer) answer {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.since().IsZero() {
		o.kept[key] = sound
	}
	if old, ok := o.kept[key]; ok {
		return old
	}
	return answer{sound.ResultType, []line{}}
}

// ports are the addresses of the stores. Two stores have their own ports: the one that
// is closed, and the one whose certificate changes.
type ports struct {
	base    string
	closing *httptest.Server
	secure  *httptest.Server
	ca      string // file of the certificate that secure begins with
}

func (o *outage) listen(ca string) (p ports, err error) {
	if _, p.base, err = listen(o); err != nil {
		return p, err
	}
	unknown, err := selfSigned()
	if err != nil {
		return p, err
	}
	p.closing, p.secure, p.ca = httptest.NewServer(o), httptest.NewUnstartedServer(o), ca
	p.secure.TLS = &tls.Config{MinVersion: tls.VersionTLS12, GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
		if o.since().IsZero() {
			return nil, nil
		}
		return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{unknown}}, nil
	}}
	p.secure.Config.ErrorLog = log.New(io.Discard, "", 0) // failed handshakes are expected
	p.secure.StartTLS()
	known := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.secure.Certificate().Raw})
	return p, os.WriteFile(ca, known, 0o600)
}

// of is the entry of a store in pushback.yml.
func (p ports) of(store string) string {
	url, more := p.base, ""
	switch store {
	case "refused":
		url = p.closing.URL
	case "tls":
		url, more = p.secure.URL, fmt.Sprintf(", tls_config: {ca_file: %q}", p.ca)
	case control:
		more = ", default: true"
	}
	return fmt.Sprintf("  %s: {kind: prometheus, url: %q, resolution: 1s%s}\n", store, url+"/"+store, more)
}

// begin makes every store fail from now on.
func (o *outage) begin(p ports) time.Time {
	now := time.Now()
	o.begun.Store(now.UnixNano())
	_ = p.closing.Listener.Close()
	p.closing.CloseClientConnections()
	p.secure.CloseClientConnections()
	return now
}

// selfSigned is a certificate for this address that no client trusts.
func selfSigned() (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	text := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "somebody else"},
		NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, text, text, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
