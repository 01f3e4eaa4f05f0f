package outbound

import (
	"context"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// publicHeaders are the headers whose values may be echoed back. Any other may
// have come from a configuration and is taken for a secret.
var publicHeaders = []string{
	"Accept", "Accept-Encoding", "Connection", "Content-Length", "Content-Type", "Host", "User-Agent",
	"Idempotency-Key", "Webhook-Id", "Webhook-Timestamp", "X-Grafana-Org-Id", "X-Github-Api-Version",
}

// minSecretBytes is the length from which on a value is worth blotting out; shorter
// ones would tear holes into ordinary text.
const minSecretBytes = 6

// callTrace is what can be seen of one call from inside the transport. The
// options add credentials to a copy of the request, so that only the trace
// knows what was really sent.
type callTrace struct {
	mu        sync.Mutex
	connected bool
	secrets   []string
}

func (s *callTrace) clientTrace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.connected = true
		},
		WroteHeaderField: func(key string, values []string) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.secrets = append(s.secrets, headerSecrets(key, values)...)
		},
	}
}

// headerSecrets are a header's values, and what follows the scheme in each.
func headerSecrets(key string, values []string) []string {
	if slices.Contains(publicHeaders, textproto.CanonicalMIMEHeaderKey(key)) {
		return nil
	}
	parts := slices.Clone(values)
	for _, v := range values {
		if _, credentials, found := strings.Cut(v, " "); found {
			parts = append(parts, credentials)
		}
	}
	return parts
}

// querySecrets gives what a URL's query holds: tokens are passed there.
func querySecrets(u *url.URL) []string {
	secrets := []string{u.RawQuery}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	return secrets
}

// redact takes every secret out of a text, the longest first.
func (s *callTrace) redact(text string) string {
	s.mu.Lock()
	secrets := slices.Clone(s.secrets)
	s.mu.Unlock()
	return Redact(text, secrets...)
}

// Redact takes secrets out of a text, the longest first, so that no part of one
// is left by another. Values under six characters stay.
func Redact(text string, secrets ...string) string {
	secrets = slices.Clone(secrets)
	slices.SortFunc(secrets, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range secrets {
		if len(secret) >= minSecretBytes {
			text = strings.ReplaceAll(text, secret, "[secret]")
		}
	}
	return text
}

func (s *callTrace) failure(ctx context.Context, err error) *Failure {
	text := truncate(s.redact(err.Error()), 500)
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Failure{Sent: s.connected, text: text, cause: ctx.Err()}
}
