// Package webhook sends messages to any other program: one POST of a CloudEvent in
// structured mode, signed as in the Standard Webhooks specification.
//
//	{
//	  "specversion": "1.0",
//	  "id": "…",                      equal at every attempt: ignore an id that came before
//	  "source": "pushback",
//	  "type": "pushback.certain",     the message's kind, or pushback.resolved
//	  "subject": "…",                 the thread of the message
//	  "time": "2026-11-20T12:00:00Z",
//	  "datacontenttype": "application/json",
//	  "data": {…}                     a notify.Message
//	}
//
// See https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md
// and https://github.com/standard-webhooks/standard-webhooks.
package webhook

import (
	"context"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const receiver = "webhook"

// Config is a receiver of kind webhook in pushback.yml.
type Config struct {
	delivery.SignedConfig `yaml:",inline"`
}

// Sender posts messages. It is safe for concurrent use.
type Sender struct{ signed *delivery.Signed }

// New checks the configuration, the secret included.
func New(c Config) (*Sender, error) {
	signed, err := delivery.NewSigned(receiver, c.SignedConfig)
	if err != nil {
		return nil, err
	}
	return &Sender{signed}, nil
}

// Send posts one message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	m = m.Truncated()
	data, err := delivery.Encode(receiver, m)
	if err != nil {
		return err
	}
	kind := m.Kind
	if m.Resolved {
		kind = "resolved"
	}
	return s.signed.Post(ctx, delivery.Event{
		ID: delivery.DigestID(data), Source: "pushback", Type: "pushback." + kind, Subject: m.Key, Time: m.At, Data: m,
	})
}
