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

// sight is what became of one call, as seen from inside the transport.
type sight struct {
	mu        sync.Mutex
	connected bool
	answer    *outbound.Answer // nil: none came, or it was a success
	succeeded bool
}

type sightKey struct{}

// watch follows the one call that is made with the context.
func watch(ctx context.Context) (context.Context, *sight) {
	s := &sight{}
	ctx = context.WithValue(ctx, sightKey{}, s)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.connected = true
	}}), s
}

// looked is the fate of a look that came to err.
func (s *sight) looked(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case s.answer != nil:
		return fmt.Errorf("asking Kubernetes: %w", call.Looked(*s.answer))
	case s.succeeded:
		return fmt.Errorf("asking Kubernetes: its answer cannot be read: %w", err)
	}
	return fmt.Errorf("asking Kubernetes: %w: %w", rollback.ErrNotSent, err)
}

// acted is the fate of an act that came to err.
func (s *sight) acted(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case err == nil:
		return nil
	case s.answer != nil:
		return fmt.Errorf("calling Kubernetes: %w", call.Acted(*s.answer))
	case s.succeeded:
		return nil // the status says so; nobody needs the object that came with it
	case s.connected:
		return fmt.Errorf("calling Kubernetes: %w: %w", rollback.ErrOutcomeUnknown, err)
	}
	return fmt.Errorf("calling Kubernetes: %w: %w", rollback.ErrNotSent, err)
}

// transport takes client-go's habits away: see the package comment.
type transport struct{ next http.RoundTripper }

// refusal ends a call whose answer client-go must not see.
type refusal struct{ status string }

func (r *refusal) Error() string { return "it answered " + r.status }

// RoundTrip makes one call.
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("%s", outbound.Redact(err.Error(), secrets(r)...))
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, call.MaxAnswer+1))
	if len(body) > call.MaxAnswer {
		err = fmt.Errorf("the answer is over %d bytes", call.MaxAnswer)
	}
	seen, _ := r.Context().Value(sightKey{}).(*sight)
	if seen == nil {
		seen = &sight{}
	}
	if response.StatusCode >= 200 && response.StatusCode <= 299 {
		seen.success()
		response.Body = io.NopCloser(bytes.NewReader(body))
		return response, err
	}
	return nil, seen.failure(response, body, r)
}

func (s *sight) success() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.succeeded = true
}

func (s *sight) failure(response *http.Response, body []byte, r *http.Request) error {
	said := outbound.Redact(strings.ToValidUTF8(message(body), "�"), secrets(r)...)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = &outbound.Answer{
		Code: response.StatusCode, Status: response.Status, Body: rollback.Output(said),
		RetryAfter: outbound.RetryAfter(response.Header),
	}
	return &refusal{response.Status}
}

// message is what a Status of the API says, or all of what was answered.
func message(body []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(body, &status) == nil && status.Message != "" {
		return status.Message
	}
	return string(body[:min(len(body), outbound.MaxAnswer)])
}

// secrets are what the call proves itself with, with and without the scheme.
func secrets(r *http.Request) []string {
	whole := r.Header.Get("Authorization")
	_, credentials, _ := strings.Cut(whole, " ")
	return []string{whole, credentials}
}
