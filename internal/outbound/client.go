package outbound

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/common/config"
)

// MaxAnswer is how much of an answer Do reads, in bytes.
const MaxAnswer = 64 << 10

// Client makes calls with one set of HTTP options: TLS, authorization,
// proxy, headers.
type Client struct {
	transport http.RoundTripper
	options   config.HTTPClientConfig
}

// New makes a client. Its error is about the options and contains no secret.
func New(options config.HTTPClientConfig) (*Client, error) {
	transport, err := newTransport(options, "pushback",
		config.WithKeepAlivesDisabled(), config.WithHTTP2Disabled(), config.WithUserAgent("pushback"), config.WithDialContextFunc(Dial))
	if err != nil {
		return nil, fmt.Errorf("reading the http options: %w", err)
	}
	return &Client{transport, options}, nil
}

// Answer is the answer to a call, with any status code.
type Answer struct {
	Code       int
	Status     string        // "200 OK"
	Body       string        // for people: at most MaxAnswer bytes, without secrets
	RetryAfter time.Duration // 0 if the answer has no Retry-After
	raw        []byte
	header     http.Header
	truncated  bool // the body is longer than raw
}

// Decode decodes the body as JSON. It uses the body as it arrived, because the
// program may need a value that is removed from Body.
func (a Answer) Decode(into any) error {
	if a.truncated {
		return fmt.Errorf("the answer is over %d bytes", len(a.raw))
	}
	return json.Unmarshal(a.raw, into)
}

// OK reports whether the status is 2xx. A redirect is not OK.
func (a Answer) OK() bool { return a.Code >= 200 && a.Code <= 299 }

// FirstLine returns the first line of the body, for errors: at most 200 bytes.
func (a Answer) FirstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(a.Body), "\n")
	return truncate(strings.TrimSpace(line), 200)
}

// Do makes one call and reads the answer, until the request's context ends. Every
// error is a *Failure. The answer and the error do not contain the given secrets,
// nor those that the client sent: credentials, cookies and the URL's query.
//
// Once the status has arrived, Do returns an answer even if reading the body fails.
func (c *Client) Do(r *http.Request, secrets ...string) (Answer, error) {
	return c.DoUpTo(r, MaxAnswer, secrets...)
}

// DoUpTo is Do for large answers that a program decodes: it reads up to maxBytes of
// the body. Answer.Body still has at most MaxAnswer bytes.
func (c *Client) DoUpTo(r *http.Request, maxBytes int64, secrets ...string) (Answer, error) {
	if err := checkHost(r.URL.Hostname()); err != nil {
		return Answer{}, NotSent(err.Error())
	}
	trace := &callTrace{secrets: slices.Concat(secrets, querySecrets(r.URL), oauthSecrets(c.options))}
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace.clientTrace()))
	r.GetBody = nil // without it the transport cannot send the body twice
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		return Answer{}, trace.failure(r.Context(), err)
	}
	defer response.Body.Close()
	observed(r, response.StatusCode)
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	return Answer{
		Code:       response.StatusCode,
		Status:     trace.redact(response.Status),
		Body:       truncate(trace.redact(strings.ToValidUTF8(string(body), "�")), MaxAnswer),
		RetryAfter: RetryAfter(response.Header),
		raw:        body[:min(int64(len(body)), maxBytes)],
		header:     response.Header,
		truncated:  int64(len(body)) > maxBytes,
	}, nil
}

// Failure is the error of a call without an answer.
type Failure struct {
	Sent  bool // the request may have arrived
	text  string
	cause error // the context's error, if that ended the call
}

// Error contains no URL and no secret.
func (f *Failure) Error() string { return f.text }

// Unwrap returns the context's error only, because the transport's error may contain
// a secret.
func (f *Failure) Unwrap() error { return f.cause }

// NotSent returns the Failure of a call that could not be made.
func NotSent(why string) *Failure { return &Failure{text: why} }

// IsNotSent reports whether err is the Failure of a call that certainly did not arrive.
func IsNotSent(err error) bool {
	var f *Failure
	return errors.As(err, &f) && !f.Sent
}

// truncate returns at most n bytes of s, without splitting a character.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Post makes one POST of a JSON document. header replaces the default headers of
// the same name, such as Content-Type.
func (c *Client) Post(ctx context.Context, url string, body []byte, header http.Header, secrets ...string) (Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return Answer{}, NotSent("the url cannot be called")
	}
	r.Header.Set("Content-Type", "application/json")
	for name, values := range header {
		r.Header[name] = values
	}
	return c.Do(r, secrets...)
}
