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
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const receiver = "webhook"

// Config is a receiver of kind webhook in pushback.yml.
type Config struct {
	URL        string                  `yaml:"url"`
	SecretFile string                  `yaml:"secret_file"` // a file with the key that signs every message: whsec_<base64>, or at least 24 bytes of text
	HTTP       config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.SecretFile = config.JoinDir(dir, c.SecretFile)
	c.HTTP.SetDirectory(dir)
}

// Sender posts messages. It is safe for concurrent use.
type Sender struct {
	config Config
	client *outbound.Client
	now    func() time.Time
}

// New checks the configuration, the secret included.
func New(c Config) (*Sender, error) {
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	if c.SecretFile == "" {
		return nil, errors.New("secret_file is missing: it holds the key that signs every message")
	}
	client, err := outbound.New(c.HTTP)
	if err != nil {
		return nil, err
	}
	s := &Sender{c, client, time.Now}
	if _, _, err = s.sign("check", nil); err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	return s, nil
}

// Send posts one message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	event, err := render(m)
	if err != nil {
		return err
	}
	body, err := delivery.Encode(receiver, event)
	if err != nil {
		return err
	}
	header, secret, err := s.sign(event.ID, body)
	if err != nil {
		return err
	}
	header.Set("Content-Type", "application/cloudevents+json")
	return delivery.Post(ctx, s.client, delivery.Request{
		Receiver: receiver, URL: s.config.URL, Body: body, Header: header, Secrets: []string{secret},
	})
}

// sign returns the headers that sign a body, and the secret, which is removed from
// errors. It signs the time of the attempt and not that of the message, because
// receivers refuse a timestamp that is more than five minutes old.
func (s *Sender) sign(id string, body []byte) (http.Header, string, error) {
	secret, err := outbound.Secret(s.config.SecretFile)
	if err != nil {
		return nil, "", err
	}
	header := http.Header{}
	return header, secret, outbound.Sign(header, secret, id, s.now(), body)
}

type event struct {
	SpecVersion string         `json:"specversion"`
	ID          string         `json:"id"`
	Source      string         `json:"source"`
	Type        string         `json:"type"`
	Subject     string         `json:"subject"`
	Time        time.Time      `json:"time"`
	ContentType string         `json:"datacontenttype"`
	Data        notify.Message `json:"data"`
}

func render(m notify.Message) (event, error) {
	m = m.Truncated()
	data, err := delivery.Encode(receiver, m)
	if err != nil {
		return event{}, err
	}
	kind := m.Kind
	if m.Resolved {
		kind = "resolved"
	}
	sum := sha256.Sum256(data)
	return event{
		SpecVersion: "1.0", ID: hex.EncodeToString(sum[:16]), Source: "pushback", Type: "pushback." + kind,
		Subject: m.Key, Time: m.At.UTC(), ContentType: "application/json", Data: m,
	}, nil
}
