// Package slack tells a Slack channel through an incoming webhook, in Block
// Kit. A webhook can neither update what it posted nor take clicks: every
// message of a matter is a post of its own.
//
// Every text is escaped as Slack asks — & < > — so that a version named
// <!channel> wakes nobody.
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
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const (
	receiver   = "slack"
	maxSection = 3000 // characters in a section's text
	maxField   = 2000 // and in a field's
	maxFields  = 10
)

// Config is a receiver of kind slack in pushback.yml.
type Config struct {
	URLFile string                  `yaml:"url_file"` // holds the webhook's URL, which is itself the secret
	HTTP    config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory makes relative file names start at dir.
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
	address, err := outbound.Secret(c.URLFile)
	if err != nil {
		return nil, fmt.Errorf("url_file: %w", err)
	}
	if err := outbound.CheckURL(address); err != nil {
		return nil, fmt.Errorf("url_file: %w", err)
	}
	client, err := outbound.New(c.HTTP)
	return &Sender{c, client}, err
}

// Send posts one message.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	address, err := outbound.Secret(s.config.URLFile)
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

// secrets are the parts of a webhook's URL that make it one: the path, whose
// last element is the token.
func secrets(address string) []string {
	u, err := url.Parse(address)
	if err != nil {
		return nil
	}
	return []string{u.Path, path.Base(u.Path)}
}

type payload struct {
	Text   string  `json:"text"` // what a notification shows
	Blocks []block `json:"blocks"`
}

type block struct {
	Type   string `json:"type"`
	Text   *text  `json:"text,omitempty"`
	Fields []text `json:"fields,omitempty"`
}

type text struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

func render(m notify.Message) payload {
	title := escape(m.Title)
	blocks := []block{section("*" + headline(m, title) + "*")}
	if lines := m.Lines(); len(lines) > 0 {
		blocks = append(blocks, section(escape(strings.Join(lines, "\n"))))
	}
	if fields := fields(m); len(fields) > 0 {
		blocks = append(blocks, block{Type: "section", Fields: fields})
	}
	return payload{Text: statusWord(m) + ": " + title, Blocks: blocks}
}

// headline is the title behind its severity, linked to the page.
func headline(m notify.Message, title string) string {
	if u, err := url.Parse(m.Link); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		title = "<" + strings.ReplaceAll(escape(u.String()), "|", "%7C") + "|" + title + ">"
	}
	return statusWord(m) + ": " + title
}

func statusWord(m notify.Message) string {
	if m.Resolved {
		return "resolved"
	}
	return string(m.Severity)
}

// section is cut at a line, because a cut within an escape would show.
func section(lines string) block {
	for len(lines) > maxSection {
		shorter := strings.LastIndexByte(lines, '\n')
		if shorter < 0 {
			lines = notify.Truncate(lines, maxSection)
			break
		}
		lines = lines[:shorter]
	}
	return block{Type: "section", Text: &text{"mrkdwn", lines}}
}

func fields(m notify.Message) []text {
	var fields []text
	for _, f := range m.Fields[:min(len(m.Fields), maxFields)] {
		shown := "*" + escape(f.Name) + "*\n" + escape(f.Value)
		fields = append(fields, text{"mrkdwn", notify.Truncate(shown, maxField)})
	}
	return fields
}

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

func escape(s string) string { return escaper.Replace(s) }
