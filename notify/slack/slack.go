// Package slack posts messages to a Slack channel through an incoming webhook, as
// Block Kit. A webhook can neither update a post nor receive clicks, so that every
// message of a thread is a post of its own.
//
// The characters & < > are escaped in every text, and texts are verbatim, so that a version
// named <!channel> notifies nobody and one named like an address is no link. The links are
// those to the page of the change, and to the rule's runbook; Slack does not open them itself.
//
// See https://api.slack.com/messaging/webhooks and
// https://api.slack.com/reference/surfaces/formatting#escaping.
package slack

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/notify/internal/mrkdwn"
)

const (
	receiver   = "slack"
	maxSection = 3000 // bytes of a section's text; Slack counts characters
	maxField   = 2000 // bytes of a field
	maxFields  = 10   // of a section
)

// Config is a receiver of kind slack in pushback.yml.
type Config struct {
	URLFile string                  `yaml:"url_file"` // a file with the URL of the webhook, which is itself a secret
	HTTP    config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.URLFile = config.JoinDir(dir, c.URLFile)
	c.HTTP.SetDirectory(dir)
}

// Sender posts to one channel. It is safe for concurrent use.
type Sender struct {
	config Config
	client *outbound.Client
}

// New checks the configuration, the URL in its file included.
func New(c Config) (*Sender, error) {
	if c.URLFile == "" {
		return nil, errors.New("url_file is missing: a file that holds the webhook's URL and nothing else")
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
	body, err := delivery.Encode(receiver, render(m.Truncated()))
	if err != nil {
		return err
	}
	return delivery.Post(ctx, s.client, delivery.Request{
		Receiver: receiver, URL: address, Body: body, Secrets: append(secrets(address), address),
	})
}

// secrets returns the secret parts of a webhook's URL: the path, and its last
// element, which is the token.
func secrets(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return []string{u.Path, path.Base(u.Path)}
}

type payload struct {
	Text        string  `json:"text"` // shown in notifications
	Blocks      []block `json:"blocks"`
	UnfurlLinks bool    `json:"unfurl_links"` // false: Slack does not open the links, of which one approves
	UnfurlMedia bool    `json:"unfurl_media"`
}

type block struct {
	Type   string `json:"type"`
	Text   *text  `json:"text,omitempty"`
	Fields []text `json:"fields,omitempty"`
}

type text struct {
	Type     string `json:"type"`
	Text     string `json:"text"`
	Verbatim bool   `json:"verbatim"`
}

// verbatim is a text in which nothing becomes a link or a mention by itself.
func verbatim(s string) text { return text{"mrkdwn", s, true} }

func render(m notify.Message) payload {
	title := mrkdwn.Escape(m.Title)
	blocks := []block{section("*" + headline(m, title) + "*")}
	if lines := m.Lines(); len(lines) > 0 {
		blocks = append(blocks, section(mrkdwn.Linked(strings.Join(lines, "\n"), m.Link)))
	}
	for some := range slices.Chunk(fields(m), maxFields) {
		blocks = append(blocks, block{Type: "section", Fields: some})
	}
	if ids := mrkdwn.Members(m.People); len(ids) > 0 && !m.Resolved {
		blocks = append(blocks, section("cc <@"+strings.Join(ids, "> <@")+">"))
	}
	return payload{Text: statusWord(m) + ": " + title, Blocks: blocks}
}

// headline returns the severity and the title, which links to the page of the change.
func headline(m notify.Message, title string) string {
	if m.Link != "" {
		title = mrkdwn.Anchor(m.Link, title)
	}
	return statusWord(m) + ": " + title
}

// statusWord returns "resolved" or the severity.
func statusWord(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

// section truncates at the end of a line, because an escape that is cut off would be
// shown as text.
func section(lines string) block {
	for len(lines) > maxSection {
		shorter := strings.LastIndexByte(lines, '\n')
		if shorter < 0 {
			lines = notify.Truncate(lines, maxSection)
			break
		}
		lines = lines[:shorter]
	}
	return block{Type: "section", Text: new(verbatim(lines))}
}

func fields(m notify.Message) []text {
	var fields []text
	for _, f := range m.Fields {
		value := mrkdwn.Escape(f.Value)
		if link := notify.WebLink(f.Value); f.Name == "runbook" && link != "" {
			value = mrkdwn.Anchor(link, value)
		}
		fields = append(fields, verbatim(notify.Truncate("*"+mrkdwn.Escape(f.Name)+"*\n"+value, maxField)))
	}
	return fields
}
