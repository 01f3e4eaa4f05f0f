// Package bus holds what feeds that read a message bus have in common: how a message becomes
// events, what may be done with it afterwards, and what keeps a feed from reading.
//
// The bus authenticates, and so a message needs no signature. Its headers are given to the parser
// as those of a request, because some tools say by one what happened.
package bus

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path"
	"sync/atomic"
	"time"

	"github.com/pushback/pushback/internal/boundedfile"
	"github.com/pushback/pushback/internal/pause"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// MaxMessage is the size of the largest message, in bytes, as of a webhook's body.
const MaxMessage = 1 << 20

// Config is the settings that every bus has.
type Config struct {
	ReadAs   string        `yaml:"read_as"`       // the source whose parser reads the messages; "": Pushback's own format
	Services []string      `yaml:"services"`      // globs of the services that it may speak for; none: all
	Since    time.Duration `yaml:"since"`         // how far back the first reading begins
	InFlight int           `yaml:"max_in_flight"` // messages that are not acknowledged yet
	TLS      *TLS          `yaml:"tls"`           // nil: none
}

// TLS is how to reach a bus by TLS.
type TLS struct {
	CAFile     string `yaml:"ca_file"`   // "": the system's
	CertFile   string `yaml:"cert_file"` // of a client
	KeyFile    string `yaml:"key_file"`
	ServerName string `yaml:"server_name"` // in the certificate; "": the host of the address
}

// SetDefaults fills what is not zero by default.
func (c *Config) SetDefaults() { c.Since, c.InFlight = time.Hour, 16 }

// Check refuses settings that cannot be.
func (c Config) Check() error {
	var all []error
	for _, glob := range c.Services {
		if _, err := path.Match(glob, ""); err != nil {
			all = append(all, fmt.Errorf("services: %q is not a glob", glob))
		}
	}
	if c.Since < 0 {
		all = append(all, errors.New("since: it is negative: write how far back the first reading begins, as in 1h"))
	}
	if c.InFlight < 1 || c.InFlight > 1000 {
		all = append(all, errors.New("max_in_flight: write a number from 1 to 1000"))
	}
	if c.TLS != nil && (c.TLS.CertFile == "") != (c.TLS.KeyFile == "") {
		all = append(all, errors.New("tls: cert_file and key_file belong together"))
	}
	return errors.Join(all...)
}

// Client makes the settings of a connection. The files are read anew for each.
func (t *TLS) Client() (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: t.ServerName}
	if t.CAFile != "" {
		pem, err := readFile(t.CAFile)
		if err != nil {
			return nil, fmt.Errorf("reading ca_file: %w", err)
		}
		if c.RootCAs = x509.NewCertPool(); !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, errors.New("ca_file holds no certificate")
		}
	}
	if t.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(t.CertFile, t.KeyFile)
		if err != nil {
			return nil, errors.New("cert_file and key_file are no pair that can be read")
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

func readFile(name string) ([]byte, error) {
	f, err := boundedfile.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, MaxMessage))
}

// Fate is what may be done with a message.
type Fate int

// The fates.
const (
	Again    Fate = iota // it is not stored: it must come again
	Stored               // it is on disk, or was before: it may be acknowledged
	Rejected             // it can never be stored: it must not come again
)

// Reader reads the messages of one feed.
type Reader struct {
	parser  changes.Parser
	log     *slog.Logger
	trouble atomic.Pointer[string]
}

// NewReader finds the parser of the settings.
func NewReader(o changes.Options, c Config) (*Reader, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	if o.Reader == nil {
		return nil, errors.New("read_as: nothing can read messages here")
	}
	parser, err := o.Reader(c.ReadAs)
	return &Reader{parser: parser, log: o.Log}, err
}

// Parse reads a message as Handle does.
func (r *Reader) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	if len(body) > MaxMessage {
		return nil, changes.Bad("the message is larger than 1 MiB")
	}
	events, err := r.parser.Parse(h, body)
	if err == nil && len(events) == 0 {
		err = changes.Ignored("it names no change")
	}
	return events, err
}

// Explain says where the fields of a message come from, where its parser can.
func (r *Reader) Explain(h http.Header, body []byte) ([]changes.Origin, error) {
	if e, can := r.parser.(changes.Explainer); can {
		return e.Explain(h, body)
	}
	return nil, nil
}

// Handle reads and stores one message, and says what may be done with it.
func (r *Reader) Handle(ctx context.Context, take changes.Take, h http.Header, body []byte) Fate {
	d := changes.Delivery{Raw: body[:min(len(body), MaxMessage)]}
	d.Events, d.Refused = r.Parse(h, body)
	if d.Refused == nil {
		d.Events = r.complete(ctx, d.Events)
	}
	err := take(ctx, d)
	switch {
	case err == nil:
		return Stored
	case errors.Is(err, changes.ErrIgnored):
		return Rejected // as webhooks, without a word in the log
	case changes.Refused(err):
		r.log.Warn("message refused; it does not come again", "reason", err.Error(), "bytes", len(body))
		return Rejected
	}
	if ctx.Err() == nil {
		r.log.Error("cannot store a message; it comes again", "error", err)
	}
	return Again
}

// complete asks the tool for what its message leaves out, where it can be asked.
func (r *Reader) complete(ctx context.Context, events []sources.Event) []sources.Event {
	whole, err := changes.CompleteBy(ctx, r.parser, events)
	if err != nil {
		r.log.Warn("cannot ask the tool for the rest of a message; storing it as it came", "error", err)
	}
	return whole
}

// Trouble is what keeps the feed from reading now; "" if nothing does.
func (r *Reader) Trouble() string {
	if text := r.trouble.Load(); text != nil {
		return *text
	}
	return ""
}

// SetTrouble notes what keeps the feed from reading. The same one again is not logged again.
func (r *Reader) SetTrouble(err error) {
	text := sources.OneLine(secret.Hide(err.Error()), 300)
	if before := r.trouble.Swap(&text); before == nil || *before != text {
		r.log.Error("cannot read the bus; trying again", "error", text)
	}
}

// Works notes that the feed reads again.
func (r *Reader) Works() {
	if before := r.trouble.Swap(nil); before != nil {
		r.log.Info("the bus is read again")
	}
}

// The pauses between attempts.
const (
	shortest = time.Second
	longest  = 30 * time.Second
)

// Pause is how long to wait before an attempt, after a number that failed.
func Pause(failed int) time.Duration {
	return min(shortest<<min(failed, 10), longest)
}

// Wait waits before the next attempt, and reports whether there is one: ctx has not ended.
func Wait(ctx context.Context, failed int) bool {
	return pause.For(ctx, Pause(failed))
}
