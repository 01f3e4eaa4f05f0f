// Package shoutrrr sends messages to chats and phones by the services of the library shoutrrr: one URL says which
// service, where, and by which secret.
//
// A service is here only if its calls can be made by our own client, which follows no redirect, calls no
// link-local address, and bounds answers and time; so mail, generic webhooks, and services that call by Go's
// default client are not. Each service gets plain text, escaped where it renders markup.
//
// The library's errors have the URL in them, and are never shown: what the service answered says more.
//
// See https://shoutrrr.nickfedor.com for the URLs.
package shoutrrr

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/internal/secretfile"
	"github.com/pushback/pushback/notify"
)

const (
	// timeout is less than the engine gives a message.
	timeout = 12 * time.Second
	// maxAnswer is more than any of the services answers.
	maxAnswer = 256 << 10
)

// Config is a receiver of kind shoutrrr in pushback.yml.
type Config struct {
	URLFile string                  `yaml:"url_file"` // a file with the service's URL, which is itself a secret
	HTTP    config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.URLFile = config.JoinDir(dir, c.URLFile)
	c.HTTP.SetDirectory(dir)
}

// Sender sends to one service. It is safe for concurrent use.
type Sender struct {
	config    Config
	transport http.RoundTripper
}

// New checks the configuration, the URL in its file included.
func New(c Config) (*Sender, error) {
	if c.URLFile == "" {
		return nil, errors.New("url_file is missing: a file that holds the URL of the service and nothing else")
	}
	client, err := outbound.New(c.HTTP)
	if err != nil {
		return nil, err
	}
	s := &Sender{c, client.Library(maxAnswer)}
	if _, _, err := s.open(); err != nil {
		return nil, fmt.Errorf("url_file: %w", err)
	}
	return s, nil
}

// open reads the URL, which may have changed, and finds the service. Its errors have nothing of the URL.
func (s *Sender) open() (service, *url.URL, error) {
	text, err := secretfile.ReadLine(s.config.URLFile)
	if err != nil {
		return service{}, nil, err
	}
	u, err := url.Parse(text.Reveal())
	if err != nil {
		return service{}, nil, errors.New("the URL of the service cannot be read")
	}
	kind, known := services[u.Scheme]
	if !known {
		return service{}, nil, fmt.Errorf("this service is none of %s", names())
	}
	if err := kind.check(u); err != nil {
		return service{}, nil, err
	}
	return kind, u, nil
}

// Send sends one message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	kind, u, err := s.open()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	m = m.Truncated()
	text := kind.render(m.Plain())
	call := &call{ctx: ctx, transport: s.transport}
	failed := kind.send(call, u, m, text)
	return call.outcome(u.Scheme, failed, append(secrets(u), secret.LinkTokens(text)...))
}

// secrets are all parts of a URL that may be secret, in the forms in which they are repeated.
func secrets(u *url.URL) []string {
	all := []string{u.String(), u.Host, u.Path, u.RawQuery, path.Base(u.Path)}
	all = append(all, strings.Split(u.Path, "/")...)
	if u.User != nil {
		password, _ := u.User.Password()
		all = append(all, u.User.String(), u.User.Username(), password)
	}
	for _, values := range u.Query() {
		all = append(all, values...)
	}
	return all
}

// call makes the requests of one message, and remembers the first that failed: the library would try again, and
// the engine does.
type call struct {
	ctx       context.Context
	transport http.RoundTripper

	answered bool
	status   int // of an answer other than 2xx
	line     string
	after    time.Duration
	failure  error
}

// errFailedBefore ends what the library goes on with after a failure.
var errFailedBefore = errors.New("the request before has failed")

// client is what the library makes its requests by.
func (c *call) client() *http.Client {
	return &http.Client{Transport: c, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Do makes one request.
func (c *call) Do(r *http.Request) (*http.Response, error) { return c.client().Do(r) }

// RoundTrip makes one request in the time of the message.
func (c *call) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.failure != nil || c.status != 0 {
		return nil, errFailedBefore
	}
	answer, err := c.transport.RoundTrip(r.WithContext(c.ctx))
	switch {
	case err != nil:
		c.failure = err
	case answer.StatusCode < 200 || answer.StatusCode > 299:
		c.status, c.after, c.line = answer.StatusCode, outbound.RetryAfter(answer.Header), answer.Status+firstLine(answer)
	default:
		c.answered = true
	}
	return answer, err
}

// outcome is the error of a Sender. What the service has taken is sent, though the library cannot read the answer.
func (c *call) outcome(name string, failed error, hidden []string) error {
	switch {
	case c.ctx.Err() != nil:
		return fmt.Errorf("sending to %s: %w", name, c.ctx.Err())
	case c.failure != nil:
		var f *outbound.Failure
		if errors.As(c.failure, &f) {
			return fmt.Errorf("sending to %s: %w", name, f)
		}
		return fmt.Errorf("sending to %s: the call has failed", name)
	case c.status != 0:
		err := fmt.Errorf("sending to %s: it answered %s", name, outbound.Redact(c.line, hidden...))
		return notify.StatusError(c.status, c.after, err)
	case c.answered:
		return nil
	case failed != nil:
		return fmt.Errorf("sending to %s: %w: the library makes no request of this message and URL", name, notify.ErrPermanent)
	}
	return fmt.Errorf("sending to %s: %w: the library has made no request", name, notify.ErrPermanent)
}
