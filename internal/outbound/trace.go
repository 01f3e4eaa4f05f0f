package outbound

import (
	"context"
	"net/http"
	"net/http/httptrace"
	"slices"
	"sync"
)

// callTrace records what the transport does during one call: whether it got a
// connection, and which secrets it sent. The HTTP options add credentials to a
// copy of the request, so that only a trace can see them.
type callTrace struct {
	mu        sync.Mutex
	connected bool
	secrets   []string
}

// clientTrace returns the hooks that fill the callTrace.
func (t *callTrace) clientTrace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GotConn: func(httptrace.GotConnInfo) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.connected = true
		},
		WroteHeaderField: func(key string, values []string) {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.secrets = append(t.secrets, headerSecrets(key, values)...)
		},
	}
}

// redact removes every secret of the call from a text.
func (t *callTrace) redact(text string) string {
	t.mu.Lock()
	secrets := slices.Clone(t.secrets)
	t.mu.Unlock()
	return Redact(text, secrets...)
}

// failure returns the Failure of a call that ended with err.
func (t *callTrace) failure(ctx context.Context, err error) *Failure {
	text := truncate(t.redact(err.Error()), 500)
	t.mu.Lock()
	defer t.mu.Unlock()
	return &Failure{Sent: t.connected, text: text, cause: ctx.Err()}
}

// Traced returns the request with a trace of the secrets that are sent with it, beside those
// that are given, and a
// function that removes them from a text, such as an error of the other side that repeats
// the request's headers.
func Traced(r *http.Request, secrets ...string) (traced *http.Request, redact func(text string) string) {
	trace := &callTrace{secrets: append(secrets, querySecrets(r.URL)...)}
	return r.WithContext(httptrace.WithClientTrace(r.Context(), trace.clientTrace())), trace.redact
}
