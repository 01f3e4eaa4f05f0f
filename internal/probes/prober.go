package probes

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources"
)

// Prober tries one target. It is safe for concurrent use.
type Prober struct {
	Settings Settings // with defaults
	client   *http.Client
	follower *outbound.Follower
	home     string // the host of the URL
}

// New makes a Prober of settings that Check finds nothing wrong with. Its error is about the
// files that the settings name. It calls nobody.
func New(s Settings) (*Prober, error) {
	p := &Prober{Settings: s.WithDefaults()}
	if s.HTTP == "" {
		_, err := config.NewTLSConfig(&s.Options.TLSConfig)
		return p, err
	}
	home, err := url.Parse(s.HTTP)
	if err != nil {
		return nil, errors.New("http: the url cannot be read") // its text may hold a secret
	}
	if p.follower, err = outbound.NewFollower(home, s.Options, "probe"); err != nil {
		return nil, fmt.Errorf("http options: %w", err)
	}
	p.home, p.client = home.Hostname(), &http.Client{Transport: p.follower, CheckRedirect: p.redirect}
	return p, nil
}

// Try probes the target once, within the probe's timeout.
func (p *Prober) Try(ctx context.Context) Outcome {
	ctx, cancel := context.WithTimeout(ctx, p.Settings.Timeout)
	defer cancel()
	t := &try{Prober: p, clock: &clock{}, begin: time.Now()}
	ctx = httptrace.WithClientTrace(ctx, t.clock.trace())
	var err error
	switch p.Settings.Kind() {
	case "http":
		err = t.http(ctx)
	case "tcp":
		err = t.tcp(ctx)
	default:
		err = t.tls(ctx)
	}
	return t.finish(err)
}

// try is one probe under way.
type try struct {
	*Prober
	clock   *clock
	begin   time.Time
	outcome Outcome
	redact  func(string) string
}

// finish makes the outcome of what was measured and of the error.
func (t *try) finish(err error) Outcome {
	o := t.outcome
	o.Took = time.Since(t.begin)
	phases, connected, shaking := t.clock.read()
	o.Phases, o.Connected = phases, connected
	if err == nil {
		return o
	}
	o.Gap = gapOf(err)
	o.Result, o.Detail = resultOf(err, shaking), t.describe(err)
	if o.Result == Timeout {
		o.Detail = fmt.Sprintf("no whole answer within %s", t.Settings.Timeout)
	}
	if end := earliest(refusedCertificates(err)); end != nil {
		o.Expires = end.NotAfter
	}
	return o
}

// maxDetail bounds the text of an error. A certificate may name a thousand hosts.
const maxDetail = 300

// describe is an error for people: without the URL, which may hold a secret, and without what
// a server may have put into its names.
func (t *try) describe(err error) string {
	var whole *url.Error
	if errors.As(err, &whole) {
		err = whole.Err
	}
	text := err.Error()
	if t.redact != nil {
		text = t.redact(text)
	}
	return sources.OneLine(text, maxDetail)
}

func (t *try) tcp(ctx context.Context) error {
	connection, err := outbound.Dial(ctx, "tcp", t.Settings.TCP)
	if err != nil {
		return err
	}
	t.outcome.Result = OK
	return connection.Close()
}

func (t *try) tls(ctx context.Context) error {
	settings, err := config.NewTLSConfigWithContext(ctx, &t.Settings.Options.TLSConfig)
	if err != nil {
		return err
	}
	if settings.ServerName == "" {
		settings.ServerName = hostOf(t.Settings.TLS)
	}
	raw, err := outbound.Dial(ctx, "tcp", t.Settings.TLS)
	if err != nil {
		return err
	}
	defer raw.Close()
	connection := tls.Client(raw, settings)
	t.clock.shake()
	err = connection.HandshakeContext(ctx)
	t.clock.shaken(err)
	if err != nil {
		return err
	}
	t.outcome.Result = OK
	if end := earliest(connection.ConnectionState().PeerCertificates); end != nil {
		t.outcome.Expires = end.NotAfter
	}
	return nil
}

// hostOf is the host of host:port, which Check has checked.
func hostOf(address string) string {
	u := url.URL{Host: address}
	return u.Hostname()
}

// Target is what is probed, for people: without the query of a URL, which may hold a secret.
func (s Settings) Target() string {
	if s.HTTP == "" {
		return s.Kind() + "://" + s.TCP + s.TLS
	}
	u, err := url.Parse(s.HTTP)
	if err != nil {
		return "http"
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// CertificateEnds says in words that the certificate is about to end, by the settings; "" if it
// is not.
func (s Settings) CertificateEnds(expires, now time.Time) string {
	left := expires.Sub(now)
	if s.WarnBefore == 0 || expires.IsZero() || left > s.WarnBefore {
		return ""
	}
	if left < 0 {
		return "its certificate ended on " + expires.UTC().Format(time.DateOnly)
	}
	return fmt.Sprintf("its certificate ends in %s", Days(left))
}

// Days is a time in whole days, and under two days in hours.
func Days(d time.Duration) string {
	const day = 24 * time.Hour
	if d < 2*day {
		return strings.TrimSuffix(d.Truncate(time.Hour).String(), "0m0s")
	}
	return fmt.Sprintf("%d days", d/day)
}
