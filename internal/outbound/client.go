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
	"strings"
	"time"

	"github.com/prometheus/common/config"
)

// MaxAnswer is how much of an answer is read, in bytes.
const MaxAnswer = 64 << 10

// Client makes calls with one set of HTTP options: TLS, authorization,
// proxy, headers.
type Client struct{ transport http.RoundTripper }

// New makes a client. Errors are about the options and name no secret.
func New(options config.HTTPClientConfig) (*Client, error) {
	transport, err := config.NewRoundTripperFromConfig(options, "pushback",
		config.WithKeepAlivesDisabled(), config.WithHTTP2Disabled(), config.WithUserAgent("pushback"))
	if err != nil {
		return nil, fmt.Errorf("reading the http options: %w", err)
	}
	return &Client{transport}, nil
}

// Answer is what came back, whatever its code.
type Answer struct {
	Code       int
	Status     string        // "200 OK"
	Body       string        // for people: at most MaxAnswer bytes, secrets blotted out
	RetryAfter time.Duration // 0 where the answer named no time
	raw        []byte
	truncated  bool // there was more than was read
}

// Decode reads the body as JSON, as it came: what is blotted out of Body for
// people may be what a program looks for.
func (a Answer) Decode(into any) error {
	if a.truncated {
		return fmt.Errorf("the answer is over %d bytes", len(a.raw))
	}
	return json.Unmarshal(a.raw, into)
}

// OK says whether the call succeeded. A redirect has not.
func (a Answer) OK() bool { return a.Code >= 200 && a.Code <= 299 }

// FirstLine is the beginning of the body, for an error's text.
func (a Answer) FirstLine() string {
	line, _, _ := strings.Cut(strings.TrimSpace(a.Body), "\n")
	return truncate(strings.TrimSpace(line), 200)
}

// Do makes one call and reads the answer, until the request's context ends.
// Every error is a *Failure. secrets are blotted out of answer and error,
// beside what the client itself sent: credentials, cookies and the URL's query.
//
// Once the status has come, what becomes of the body changes nothing.
func (c *Client) Do(r *http.Request, secrets ...string) (Answer, error) {
	return c.DoUpTo(r, MaxAnswer, secrets...)
}

// DoUpTo is Do for an answer that a program decodes: up to most bytes of it are
// read. What people are shown stays bounded by MaxAnswer.
func (c *Client) DoUpTo(r *http.Request, most int64, secrets ...string) (Answer, error) {
	seen := &callTrace{secrets: append(secrets, querySecrets(r.URL)...)}
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), seen.clientTrace()))
	r.GetBody = nil // what cannot be had twice cannot be sent twice
	response, err := c.transport.RoundTrip(r)
	if err != nil {
		return Answer{}, seen.failure(r.Context(), err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(response.Body, most+1))
	return Answer{
		Code:       response.StatusCode,
		Status:     seen.redact(response.Status),
		Body:       truncate(seen.redact(strings.ToValidUTF8(string(body), "�")), MaxAnswer),
		RetryAfter: RetryAfter(response.Header),
		raw:        body[:min(int64(len(body)), most)],
		truncated:  int64(len(body)) > most,
	}, nil
}

// Failure is a call that got no answer.
type Failure struct {
	Sent  bool // the other side may have received it
	text  string
	cause error // the context's error, where that ended the call
}

// Error holds no URL and no secret.
func (f *Failure) Error() string { return f.text }

// Unwrap gives the context's error alone: the transport's may hold what was
// blotted out of the text.
func (f *Failure) Unwrap() error { return f.cause }

// NotSent is the failure of a call that could not even be written.
func NotSent(why string) *Failure { return &Failure{text: why} }

// IsNotSent says whether err is a call that certainly reached nobody.
func IsNotSent(err error) bool {
	var f *Failure
	return errors.As(err, &f) && !f.Sent
}

// truncate bounds s to n bytes without splitting a character.
func truncate(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}

// Post makes one POST of a JSON document. header may hold more; its
// Content-Type wins.
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
