// Package pagerduty sends messages to PagerDuty through its Events API v2: a
// trigger for every message of a thread, with the thread's key as dedup_key, an
// acknowledge when somebody has decided what people were asked, and a resolve for
// its end. Deploys is a report that sends a change event for every change.
//
// PagerDuty answers 202 when it has queued an event. It accepts about 120 events a
// minute for one routing key, and answers 429 above that. The official client is
// not used, because these two calls need little of it and it is seldom released.
//
// See https://developer.pagerduty.com/docs/events-api-v2-overview.
package pagerduty

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

const (
	// DefaultURL is the address of the Events API, except for accounts in the EU
	// service region.
	DefaultURL = "https://events.pagerduty.com"

	receiver    = "pagerduty"
	maxDedupKey = 255
)

// Config is a receiver of kind pagerduty in pushback.yml.
type Config struct {
	RoutingKeyFile string                  `yaml:"routing_key_file"` // the integration key, 32 characters
	URL            string                  `yaml:"url"`              // "": DefaultURL; https://events.eu.pagerduty.com for EU accounts
	ChangeEvents   bool                    `yaml:"change_events"`    // send info messages as change events, which page nobody
	HTTP           config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.RoutingKeyFile = config.JoinDir(dir, c.RoutingKeyFile)
	c.HTTP.SetDirectory(dir)
}

// Sender sends events. It is safe for concurrent use.
type Sender struct {
	config Config
	client *outbound.Client
}

// New checks the configuration, the routing key's file included.
func New(c Config) (*Sender, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	c.URL = strings.TrimRight(c.URL, "/")
	if err := outbound.CheckURL(c.URL); err != nil {
		return nil, err
	}
	if c.RoutingKeyFile == "" {
		return nil, errors.New("routing_key_file is missing: a file that holds the routing key and nothing else")
	}
	if _, err := outbound.Secret(c.RoutingKeyFile); err != nil {
		return nil, fmt.Errorf("routing_key_file: %w", err)
	}
	client, err := outbound.New(c.HTTP)
	return &Sender{c, client}, err
}

// Send queues one event.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	key, err := outbound.Secret(s.config.RoutingKeyFile)
	if err != nil {
		return err
	}
	m = m.Truncated()
	path, event := "/v2/enqueue", any(render(key, m))
	if s.config.ChangeEvents && m.Severity == notify.Info && !m.Resolved && m.TakenBy == "" {
		path, event = "/v2/change/enqueue", renderChange(key, m)
	}
	body, err := delivery.Encode(receiver, event)
	if err != nil {
		return err
	}
	return delivery.Post(ctx, s.client, delivery.Request{
		Receiver: receiver, URL: s.config.URL + path, Body: body, Secrets: []string{key},
	})
}

// event is the body of /v2/enqueue.
type event struct {
	RoutingKey string   `json:"routing_key"`
	Action     string   `json:"event_action"` // trigger, acknowledge or resolve
	DedupKey   string   `json:"dedup_key"`
	Payload    *payload `json:"payload,omitempty"` // only a trigger has one
	Links      []link   `json:"links,omitempty"`
	Client     string   `json:"client,omitempty"`
	ClientURL  string   `json:"client_url,omitempty"`
}

type payload struct {
	Summary   string         `json:"summary"`
	Source    string         `json:"source"`
	Severity  string         `json:"severity,omitempty"` // critical, error, warning or info; a change event has none
	Timestamp time.Time      `json:"timestamp"`
	Component string         `json:"component,omitempty"`
	Group     string         `json:"group,omitempty"`
	Class     string         `json:"class,omitempty"`
	Details   map[string]any `json:"custom_details,omitempty"`
}

type link struct {
	Href string `json:"href"`
	Text string `json:"text"`
}

func render(key string, m notify.Message) event {
	switch {
	case m.Resolved:
		return event{RoutingKey: key, Action: "resolve", DedupKey: m.DedupKey(maxDedupKey)}
	case m.TakenBy != "":
		return event{RoutingKey: key, Action: "acknowledge", DedupKey: m.DedupKey(maxDedupKey)}
	}
	p := payloadOf(m)
	p.Severity = string(m.Severity)
	return event{
		RoutingKey: key, Action: "trigger", DedupKey: m.DedupKey(maxDedupKey), Payload: &p,
		Links: links(m), Client: "Pushback", ClientURL: m.Link,
	}
}

// change is the body of /v2/change/enqueue.
type change struct {
	RoutingKey string  `json:"routing_key"`
	Payload    payload `json:"payload"`
	Links      []link  `json:"links,omitempty"`
}

func renderChange(key string, m notify.Message) change {
	p := payloadOf(m)
	p.Component, p.Group, p.Class = "", "", ""
	return change{RoutingKey: key, Payload: p, Links: links(m)}
}

func payloadOf(m notify.Message) payload {
	lines := m.Lines()
	for i, line := range lines {
		lines[i] = notify.Plain(line)
	}
	values, details := map[string]string{}, map[string]any{"what": lines}
	for name, value := range m.FieldValues() {
		values[name] = notify.Plain(value)
		details[notify.Plain(name)] = values[name]
	}
	source := values["service"]
	if source == "" {
		source = "pushback"
	}
	return payload{
		Summary: notify.Plain(m.Title), Source: source, Timestamp: m.At.UTC(),
		Component: values["service"], Group: values["environment"], Class: m.Kind, Details: details,
	}
}

func links(m notify.Message) (all []link) {
	if m.Link != "" {
		all = append(all, link{Href: m.Link, Text: "The change in Pushback"})
	}
	if runbook := notify.WebLink(m.FieldValues()["runbook"]); runbook != "" {
		all = append(all, link{Href: runbook, Text: "The runbook of the rule"})
	}
	return all
}
