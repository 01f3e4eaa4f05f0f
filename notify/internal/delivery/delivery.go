// Package delivery is the one way in which senders hand a rendered message
// over, so that every one of them sorts failures alike and leaks nothing.
package delivery

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
)

// Request is a rendered message on its way.
type Request struct {
	Receiver string // what kind of receiver, for errors
	URL      string
	Body     []byte
	Header   http.Header
	Secrets  []string // never shown, whatever the receiver answers
}

// Post hands the parcel over. Its errors are those of notify.Sender.
func Post(ctx context.Context, c *outbound.Client, p Request) error {
	answer, err := c.Post(ctx, p.URL, p.Body, p.Header, p.Secrets...)
	if err != nil {
		return fmt.Errorf("telling %s: %w", p.Receiver, err)
	}
	if answer.OK() {
		return nil
	}
	err = fmt.Errorf("telling %s: it answered %s: %s", p.Receiver, answer.Status, answer.FirstLine())
	return notify.StatusError(answer.Code, answer.RetryAfter, err)
}

// Encode renders a body. What cannot be rendered now never can.
func Encode(receiver string, v any) ([]byte, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("rendering for %s: %w: %w", receiver, notify.ErrPermanent, err)
	}
	return body, nil
}
