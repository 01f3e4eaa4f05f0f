package delivery

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
)

// SignedConfig is a receiver of signed CloudEvents in pushback.yml.
type SignedConfig struct {
	URL        string                  `yaml:"url"`
	SecretFile string                  `yaml:"secret_file"` // a file with the key that signs every message: whsec_<base64>, or at least 24 bytes of text
	HTTP       config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *SignedConfig) SetDirectory(dir string) {
	c.SecretFile = config.JoinDir(dir, c.SecretFile)
	c.HTTP.SetDirectory(dir)
}

// Signed posts CloudEvents in structured mode, signed as in the Standard Webhooks specification. It is safe for
// concurrent use.
type Signed struct {
	receiver string
	config   SignedConfig
	client   *outbound.Client
	now      func() time.Time
}

// NewSigned checks the configuration, the secret included. receiver is the kind of receiver, for errors.
func NewSigned(receiver string, c SignedConfig) (*Signed, error) {
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
	s := &Signed{receiver, c, client, time.Now}
	if _, _, err = s.sign("check", nil); err != nil {
		return nil, fmt.Errorf("secret_file: %w", err)
	}
	return s, nil
}

// Event is a CloudEvent (v1.0.2, JSON format).
type Event struct {
	SpecVersion string    `json:"specversion"`
	ID          string    `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`
	Subject     string    `json:"subject"`
	Time        time.Time `json:"time"`
	ContentType string    `json:"datacontenttype"`
	Data        any       `json:"data"`
}

// DigestID is an event's id by its data, equal at every attempt.
func DigestID(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// Post posts one event. Its errors are those of notify.Sender.
func (s *Signed) Post(ctx context.Context, e Event) error {
	e.SpecVersion, e.ContentType, e.Time = "1.0", "application/json", e.Time.UTC()
	body, err := Encode(s.receiver, e)
	if err != nil {
		return err
	}
	header, secret, err := s.sign(e.ID, body)
	if err != nil {
		return err
	}
	header.Set("Content-Type", "application/cloudevents+json")
	return Post(ctx, s.client, Request{
		Receiver: s.receiver, URL: s.config.URL, Body: body, Header: header, Secrets: []string{secret},
	})
}

// sign returns the headers that sign a body, and the secret, which is removed from
// errors. It signs the time of the attempt and not that of the message, because
// receivers refuse a timestamp that is more than five minutes old.
func (s *Signed) sign(id string, body []byte) (http.Header, string, error) {
	secret, err := outbound.Secret(s.config.SecretFile)
	if err != nil {
		return nil, "", err
	}
	header := http.Header{}
	return header, secret, outbound.Sign(header, secret, id, s.now(), body)
}
