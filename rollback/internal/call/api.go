package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
)

// MaxAnswer bounds the size of an answer, in bytes. An Argo CD application of a
// large cluster takes several hundred kilobytes.
const MaxAnswer = 8 << 20

// Options say how to reach an API.
type Options struct {
	Name      string // the tool, as errors call it
	URL       string // http or https, without credentials
	TokenFile string // read anew for every call
	Scheme    string // precedes the token in Authorization, such as "Bearer "; may be empty
	Header    http.Header
	HTTP      config.HTTPClientConfig
}

// API calls the API of one tool. It is safe for concurrent use.
type API struct {
	options Options
	client  *outbound.Client
}

// New checks the options and reads the token file. It sends no request.
func New(o Options) (*API, error) {
	if err := outbound.CheckURL(o.URL); err != nil {
		return nil, err
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	if o.TokenFile == "" {
		return nil, errors.New("token_file is missing: a file that holds the token and nothing else")
	}
	if _, err := outbound.Secret(o.TokenFile); err != nil {
		return nil, fmt.Errorf("token_file: %w", err)
	}
	client, err := outbound.New(o.HTTP)
	return &API{options: o, client: client}, err
}

// URL is the address of the API, without a trailing slash.
func (a *API) URL() string { return a.options.URL }

// Request is one changing request. Path is relative to the API's address, and
// already escaped: see the function Path. A Path with a scheme is a whole URL.
type Request struct {
	Method      string
	Path        string
	Body        any    // encoded as JSON; nil: no body
	ContentType string // "": application/json
	Key         string // sent as Idempotency-Key; "": not sent
}

// Path joins parts to a path and escapes each part as one segment.
func Path(parts ...string) string {
	escaped := make([]string, len(parts))
	for i, p := range parts {
		escaped[i] = url.PathEscape(p)
	}
	return "/" + strings.Join(escaped, "/")
}

// Get reads path and decodes its JSON. See the package comment for its errors.
func (a *API) Get(ctx context.Context, path string, into any) error {
	answer, err := a.send(ctx, Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return fmt.Errorf("asking %s: %w: %w", a.options.Name, rollback.ErrNotSent, err)
	}
	if err := CheckReadAnswer(answer); err != nil {
		return fmt.Errorf("asking %s: %w", a.options.Name, err)
	}
	if err := answer.Decode(into); err != nil {
		return fmt.Errorf("asking %s: its answer to GET %s is not the JSON that its API documents: %w", a.options.Name, path, err)
	}
	return nil
}

// Act sends a changing request and decodes the answer, if into is not nil. If the
// answer is needed and cannot be decoded, the outcome is unknown, because there is
// nothing to follow.
func (a *API) Act(ctx context.Context, r Request, into any) (outbound.Answer, error) {
	answer, err := a.send(ctx, r)
	if err != nil {
		return answer, fmt.Errorf("calling %s: %w: %w", a.options.Name, ClassifySendError(err), err)
	}
	if err := CheckActAnswer(answer); err != nil {
		return answer, fmt.Errorf("calling %s: %w", a.options.Name, err)
	}
	if into == nil {
		return answer, nil
	}
	if err := answer.Decode(into); err != nil {
		return answer, fmt.Errorf("calling %s: %w: its answer cannot be read: %w", a.options.Name, rollback.ErrOutcomeUnknown, err)
	}
	return answer, nil
}

func (a *API) send(ctx context.Context, r Request) (outbound.Answer, error) {
	request, secret, err := a.request(ctx, r)
	if err != nil {
		return outbound.Answer{}, err
	}
	return a.client.DoUpTo(request, MaxAnswer, secret)
}

func (a *API) request(ctx context.Context, r Request) (*http.Request, string, error) {
	body, err := encodeBody(r.Body)
	if err != nil {
		return nil, "", err
	}
	address := r.Path
	if strings.HasPrefix(address, "/") {
		address = a.options.URL + address
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return nil, "", outbound.NotSent("the url is invalid")
	}
	a.setHeaders(request.Header, r)
	secret, err := outbound.Secret(a.options.TokenFile)
	if err != nil {
		return nil, "", outbound.NotSent(err.Error())
	}
	request.Header.Set("Authorization", a.options.Scheme+secret)
	return request, secret, nil
}

func (a *API) setHeaders(h http.Header, r Request) {
	for name, values := range a.options.Header {
		h[name] = values
	}
	if h.Get("Accept") == "" {
		h.Set("Accept", "application/json")
	}
	if r.Body != nil {
		h.Set("Content-Type", "application/json")
	}
	if r.ContentType != "" {
		h.Set("Content-Type", r.ContentType)
	}
	if r.Key != "" {
		h.Set("Idempotency-Key", r.Key)
	}
}

func encodeBody(body any) (*bytes.Reader, error) {
	if body == nil {
		return bytes.NewReader(nil), nil
	}
	text, err := json.Marshal(body)
	if err != nil {
		return nil, outbound.NotSent("the request cannot be written as JSON: " + err.Error())
	}
	return bytes.NewReader(text), nil
}
