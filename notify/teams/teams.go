// Package teams posts messages to Microsoft Teams through the webhook of a workflow ("Post to a channel when a
// webhook request is received"), as an Adaptive Card. A workflow takes no clicks back, so that a question leads to the page
// where it is answered.
//
// Texts from outside are runs of a RichTextBlock, which Teams shows as they are. A FactSet is read as Markdown; what
// Markdown would act on is replaced in it by characters that look alike.
//
// See https://adaptivecards.io/explorer/ and
// https://learn.microsoft.com/microsoftteams/platform/task-modules-and-cards/cards/cards-format.
package teams

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const (
	receiver = "teams"

	// maxBytes is the size of a message that Teams takes, 28 KB.
	maxBytes = 28_000
)

// Config is a receiver of kind teams in pushback.yml.
type Config struct {
	URLFile string                  `yaml:"url_file"` // a file with the URL of the workflow, which is itself a secret
	HTTP    config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.URLFile = config.JoinDir(dir, c.URLFile)
	c.HTTP.SetDirectory(dir)
}

// Sender posts to one channel or chat. It is safe for concurrent use.
type Sender struct {
	config Config
	client *outbound.Client
}

// New checks the configuration, the URL in its file included.
func New(c Config) (*Sender, error) {
	if c.URLFile == "" {
		return nil, errors.New("url_file is missing: a file that holds the workflow's URL and nothing else")
	}
	if _, err := outbound.SecretURL(c.URLFile); err != nil {
		return nil, fmt.Errorf("url_file: %w", err)
	}
	client, err := outbound.New(c.HTTP)
	return &Sender{c, client}, err
}

// Send posts one message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	address, err := outbound.SecretURL(s.config.URLFile)
	if err != nil {
		return err
	}
	body, err := encode(m.Truncated().Plain())
	if err != nil {
		return err
	}
	return delivery.Post(ctx, s.client, delivery.Request{
		Receiver: receiver, URL: address, Body: body, Secrets: append(secrets(address), address),
	})
}

// secrets are the parts of a workflow's URL: its path, the signature in its query, and the path's parts.
func secrets(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return []string{u.Path, path.Base(u.Path), u.RawQuery, u.Query().Get("sig")}
}

// encode renders the message within what Teams takes: the last lines go first, and then the last facts.
func encode(m notify.Message) ([]byte, error) {
	lines, fields := m.Lines(), m.Fields
	for {
		body, err := delivery.Encode(receiver, render(m, lines, fields))
		switch {
		case err != nil || len(body) <= maxBytes:
			return body, err
		case len(lines) > 1:
			lines = append(lines[:len(lines)-2:len(lines)-2], "…")
		case len(fields) > 0:
			fields = fields[:len(fields)-1]
		default:
			return nil, fmt.Errorf("encoding a message for %s: %w: it is longer than %d bytes", receiver, notify.ErrPermanent, maxBytes)
		}
	}
}
