package cluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
)

// callRecord is what the transport observes of one call.
type callRecord struct {
	mu        sync.Mutex
	connected bool
	answer    *outbound.Answer // nil: there was none, or it was a success
	succeeded bool
}

type callRecordKey struct{}

// recordCall returns a context whose next call is recorded. It is for one call.
func recordCall(ctx context.Context) (context.Context, *callRecord) {
	c := &callRecord{}
	ctx = context.WithValue(ctx, callRecordKey{}, c)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.connected = true
	}}), c
}

// readError returns the error of a read for which client-go returned err.
func (c *callRecord) readError(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case c.answer != nil:
		return fmt.Errorf("asking Kubernetes: %w", call.CheckReadAnswer(*c.answer))
	case c.succeeded:
		return fmt.Errorf("asking Kubernetes: its answer cannot be read: %w", err)
	}
	return fmt.Errorf("asking Kubernetes: %w: %w", rollback.ErrNotSent, err)
}

// actError returns the error of a changing call for which client-go returned err.
func (c *callRecord) actError(err error) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case c.answer != nil:
		return fmt.Errorf("calling Kubernetes: %w", call.CheckActAnswer(*c.answer))
	case c.succeeded:
		return nil // the status says that it succeeded; the object in the answer is not needed
	case c.connected:
		return fmt.Errorf("calling Kubernetes: %w: %w", rollback.ErrOutcomeUnknown, err)
	}
	return fmt.Errorf("calling Kubernetes: %w: %w", rollback.ErrNotSent, err)
}

// transport turns off what client-go does beyond one call: see the package comment.
//
// See adr/0046.
type transport struct{ next http.RoundTripper }

// refusedError ends a call whose answer is hidden from client-go, which would repeat it.
type refusedError struct{ status string }

func (r *refusedError) Error() string { return "it answered " + r.status }

// RoundTrip sends one request and records its answer.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s", outbound.Redact(err.Error(), secrets(r)...))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, call.MaxAnswer+1))
	if len(body) > call.MaxAnswer {
		err = fmt.Errorf("the answer is larger than %d bytes", call.MaxAnswer)
	}
	record, _ := r.Context().Value(callRecordKey{}).(*callRecord)
	if record == nil {
		record = &callRecord{}
	}
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		record.recordSuccess()
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, err
	}
	return nil, record.recordFailure(response, body, r)
}

func (c *callRecord) recordSuccess() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.succeeded = true
}

func (c *callRecord) recordFailure(response *http.Response, body []byte, r *http.Request) error {
	text := outbound.Redact(strings.ToValidUTF8(statusMessage(body), "�"), secrets(r)...)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answer = &outbound.Answer{
		Code: response.StatusCode, Status: response.Status, Body: rollback.Output(text),
		RetryAfter: outbound.RetryAfter(response.Header),
	}
	return &refusedError{response.Status}
}

// statusMessage is the message of an API status object, or the whole body if the
// body is none.
func statusMessage(body []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &status) == nil && status.Message != "" {
		return status.Message
	}
	return string(body[:min(len(body), outbound.MaxAnswer)])
}

// secrets are the credentials of a request, with and without the scheme.
func secrets(r *http.Request) []string {
	whole := r.Header.Get("Authorization")
	_, credentials, _ := strings.Cut(whole, " ")
	return []string{whole, credentials}
}
