// Package delivery posts the rendered messages of all senders, so that all of them
// classify failures in the same way and no error contains a secret.
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/internal/secret"
	"github.com/pushback/pushback/notify"
)

// Request is a rendered message and where to post it.
type Request struct {
	Receiver string // the kind of receiver, for errors
	URL      string
	Body     []byte
	Header   http.Header
	Secrets  []string // removed from errors, because a receiver may repeat them in its answer
}

// Post posts the request. Its errors are those of notify.Sender. They do not contain the
// token of an approval link either, which the receiver got and may repeat.
func Post(ctx context.Context, c *outbound.Client, r Request) error {
	secrets := append(r.Secrets, secret.LinkTokens(string(r.Body))...)
	answer, err := c.Post(ctx, r.URL, r.Body, r.Header, secrets...)
	if err != nil {
		return fmt.Errorf("sending to %s: %w", r.Receiver, err)
	}
	if answer.OK() {
		return nil
	}
	err = fmt.Errorf("sending to %s: it answered %s: %s", r.Receiver, answer.Status, answer.FirstLine())
	return notify.StatusError(answer.Code, answer.RetryAfter, err)
}

// Encode encodes a body as JSON. Its error wraps notify.ErrPermanent, because
// another attempt would fail in the same way.
func Encode(receiver string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding a message for %s: %w: %w", receiver, notify.ErrPermanent, err)
	}
	return body, nil
}
