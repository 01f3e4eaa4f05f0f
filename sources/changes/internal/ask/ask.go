// Package ask reads the API of a deploy tool, for what its deliveries leave out and for
// deliveries that were lost.
//
// It only reads. Every answer is bounded in size and time, errors name what the operator
// can mend and hold neither the token nor what the tool wrote, and after a rate limit
// nothing is sent until it is over: a webhook that waits for its answer costs the tool no
// request then.
package ask

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources/changes"
)

// The bounds of one request.
const (
	MaxAnswer = 4 << 20 // bytes; a page of a hundred deployments takes some three hundred kilobytes
	timeout   = 10 * time.Second
	// limited is how long a tool is left alone that does not say how long.
	limited = time.Minute
)

// Options say how to reach an API.
type Options struct {
	Tool      string // the tool's name, for errors
	URL       string // http or https, without credentials
	TokenFile string // read anew for every request
	Auth      string // the header of the token, such as "Authorization"
	Scheme    string // precedes the token in that header, such as "Bearer "; may be empty
	Header    http.Header
	MaxAnswer int64 // bytes; 0: MaxAnswer
	HTTP      config.HTTPClientConfig
}

// API is the API of one tool. It is safe for concurrent use.
type API struct {
	options Options
	client  *outbound.Client

	mu     sync.Mutex
	closed time.Time // until then the rate limit is used up
}

// New checks the options and reads the token's file. It sends no request.
func New(o Options) (*API, error) {
	if err := outbound.CheckURL(o.URL); err != nil {
		return nil, fmt.Errorf("api_url: %w", err)
	}
	o.URL = strings.TrimSuffix(o.URL, "/")
	if _, err := outbound.Secret(o.TokenFile); err != nil {
		return nil, fmt.Errorf("token_file: %w", err)
	}
	client, err := outbound.New(o.HTTP)
	if err != nil {
		return nil, fmt.Errorf("http: %w", err)
	}
	return &API{options: o, client: client}, nil
}

// URL is the address of the API, without a trailing slash.
func (a *API) URL() string { return a.options.URL }

// Get decodes what the tool answers for a path, which is escaped and relative to the URL.
func (a *API) Get(ctx context.Context, path string, into any) error {
	return a.ask(ctx, http.MethodGet, a.options.URL+path, nil, into)
}

// Query sends a query of GraphQL to an address, which is a whole URL, and decodes its data.
func (a *API) Query(ctx context.Context, address, query string, variables map[string]any, into any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return fmt.Errorf("asking %s: %w", a.options.Tool, err)
	}
	answer := struct {
		Data   any `json:"data"`
		Errors []struct {
			Type string `json:"type"`
		} `json:"errors"`
	}{Data: into}
	if err := a.ask(ctx, http.MethodPost, address, body, &answer); err != nil {
		return err
	}
	if len(answer.Errors) == 0 {
		return nil
	}
	if answer.Errors[0].Type == "RATE_LIMITED" {
		return a.close(limited)
	}
	return fmt.Errorf("asking %s: it did not answer the query: see whether the token may read the repository and its deployments", a.options.Tool)
}

func (a *API) ask(ctx context.Context, method, address string, body []byte, into any) error {
	if rest := a.rest(); rest > 0 {
		return &changes.RateLimited{Tool: a.options.Tool, After: rest}
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	answer, err := a.send(ctx, method, address, body)
	if err != nil {
		return fmt.Errorf("asking %s: %w", a.options.Tool, err)
	}
	if err := a.check(answer); err != nil {
		return err
	}
	if err := answer.Decode(into); err != nil {
		return fmt.Errorf("asking %s: its answer is not the JSON that its API documents: is the URL that of the API?", a.options.Tool)
	}
	return nil
}

func (a *API) send(ctx context.Context, method, address string, body []byte) (outbound.Answer, error) {
	var content io.Reader = http.NoBody
	if body != nil {
		content = bytes.NewReader(body)
	}
	r, err := http.NewRequestWithContext(ctx, method, address, content)
	if err != nil {
		return outbound.Answer{}, errors.New("the url cannot be called")
	}
	token, err := outbound.Secret(a.options.TokenFile)
	if err != nil {
		return outbound.Answer{}, fmt.Errorf("token_file: %w", err)
	}
	for name, values := range a.options.Header {
		r.Header[name] = values
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Set(a.options.Auth, a.options.Scheme+token)
	return a.client.DoUpTo(r, cmp.Or(a.options.MaxAnswer, MaxAnswer), token)
}

// check returns the error of an answer that is none. GitHub answers a used-up limit with 403
// as well as with 429, and a token that lacks a permission with 403 too: the headers tell
// them apart.
func (a *API) check(answer outbound.Answer) error {
	switch {
	case answer.OK():
		return nil
	case answer.Code == http.StatusTooManyRequests, answer.Code == http.StatusForbidden && answer.RetryAfter > 0:
		return a.close(max(answer.RetryAfter, limited))
	case answer.Code == http.StatusUnauthorized:
		return a.refused(answer, "the token in token_file is wrong or has expired")
	case answer.Code == http.StatusForbidden:
		return a.refused(answer, "the token in token_file lacks a permission")
	case answer.Code == http.StatusNotFound:
		return a.refused(answer, "there is nothing of that name, or the token may not see it")
	}
	return a.refused(answer, "it is asked again later")
}

func (a *API) refused(answer outbound.Answer, why string) error {
	return fmt.Errorf("asking %s: it answered with status %d: %s", a.options.Tool, answer.Code, why)
}

// rest is how long nothing may be sent.
func (a *API) rest() time.Duration {
	a.mu.Lock()
	defer a.mu.Unlock()
	return time.Until(a.closed)
}

// close sends nothing for a while.
func (a *API) close(after time.Duration) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = time.Now().Add(after)
	return &changes.RateLimited{Tool: a.options.Tool, After: after}
}
