// Package opsgenie sends messages to Opsgenie through its Alert API: an alert for each thread, with an alias by
// which later messages find it; an acknowledge when somebody has decided what people were asked; and a close for the
// end of the thread.
//
// An alert that is created again stays one alert: Opsgenie notes the new text in its log, and leaves message and
// description as they were. What becomes of a rollback is news, so that both are then updated as well.
//
// Opsgenie answers 202 when it has queued a request. Jira Service Management takes the same requests below
// https://api.atlassian.com/jsm/ops/integration, with the key of an integration of its own.
//
// See https://docs.opsgenie.com/docs/alert-api.
package opsgenie

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

// DefaultURL is the address of the API, except for accounts in the EU.
const DefaultURL = "https://api.opsgenie.com"

// The limits that the API documents, in characters. We count bytes, which are at least as many.
const (
	maxMessage     = 130
	maxDescription = 15000
	maxDetails     = 8000 // of all details together
	maxUser        = 100
	maxNote        = 25000
	maxTags        = 20
	maxTag         = 50
	maxResponders  = 50
)

// Config is a receiver of kind opsgenie in pushback.yml.
type Config struct {
	TokenFile  string                  `yaml:"token_file"` // the key of an API integration
	URL        string                  `yaml:"url"`        // "": DefaultURL; https://api.eu.opsgenie.com for EU accounts
	Priorities map[string]string       `yaml:"priorities"` // severity → P1 to P5; by default critical P1, error P2, warning P3, info P5
	Teams      []string                `yaml:"teams"`      // who is responsible; by default that of the integration
	Tags       []string                `yaml:"tags"`
	HTTP       config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

var priority = regexp.MustCompile(`^P[1-5]$`)

func (c Config) check() error {
	var errs []error
	for severity, p := range c.Priorities {
		if _, known := defaultPriorities[notify.Severity(severity)]; !known || !priority.MatchString(p) {
			errs = append(errs, errors.New("priorities maps what is no severity, or to no priority: write critical, error, warning or info, and P1 to P5"))
		}
	}
	if len(c.Tags) > maxTags || len(strings.Join(c.Tags, "")) > maxTags*maxTag {
		errs = append(errs, fmt.Errorf("tags are more than %d, or longer than %d characters", maxTags, maxTag))
	}
	for _, tag := range c.Tags {
		if len(tag) > maxTag || tag == "" {
			errs = append(errs, fmt.Errorf("tags hold one that is empty or longer than %d characters", maxTag))
		}
	}
	if len(c.Teams) > maxResponders {
		errs = append(errs, fmt.Errorf("teams are more than %d", maxResponders))
	}
	return errors.Join(errs...)
}

var defaultPriorities = map[notify.Severity]string{notify.Critical: "P1", notify.Error: "P2", notify.Warning: "P3", notify.Info: "P5"}

// Sender sends alerts. It is safe for concurrent use.
type Sender struct {
	config Config
	api    *delivery.API
}

// New checks the configuration, the key's file included.
func New(c Config) (*Sender, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	api, err := delivery.NewAPI(delivery.APIOptions{Tool: "opsgenie", URL: c.URL, TokenFile: c.TokenFile, Scheme: "GenieKey ", HTTP: c.HTTP})
	return &Sender{c, api}, err
}

// Send queues what a message asks for.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	m = m.Truncated().Plain()
	switch {
	case m.Resolved:
		return s.do(ctx, http.MethodPost, of(m, "close"), action{Source: source, Note: note(m)})
	case m.TakenBy != "":
		return s.do(ctx, http.MethodPost, of(m, "acknowledge"), action{User: notify.Truncate(m.TakenBy, maxUser), Source: source, Note: note(m)})
	}
	if err := s.do(ctx, http.MethodPost, "/v2/alerts", s.render(m)); err != nil {
		return err
	}
	if m.Kind != orderKind {
		return nil
	}
	a := s.render(m)
	if err := s.do(ctx, http.MethodPut, of(m, "message"), map[string]string{"message": a.Message}); err != nil {
		return err
	}
	return s.do(ctx, http.MethodPut, of(m, "description"), map[string]string{"description": a.Description})
}

// orderKind is the kind of the messages that say what becomes of a rollback.
const orderKind = "order"

// do makes a request. That the address or the key is wrong can be repaired: the message should arrive then.
func (s *Sender) do(ctx context.Context, method, path string, body any) error {
	err := s.api.Call(ctx, method, path, body, nil)
	if delivery.StatusOf(err) == http.StatusNotFound {
		return delivery.Passing(err)
	}
	return err
}

const source = "Pushback"

// alert is the body that creates one.
type alert struct {
	Message     string            `json:"message"`
	Alias       string            `json:"alias"`
	Description string            `json:"description,omitempty"`
	Responders  []responder       `json:"responders,omitempty"`
	Tags        []string          `json:"tags,omitempty"`
	Details     map[string]string `json:"details,omitempty"`
	Entity      string            `json:"entity,omitempty"`
	Source      string            `json:"source"`
	Priority    string            `json:"priority"`
}

type responder struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// action is the body that acknowledges or closes an alert.
type action struct {
	User   string `json:"user,omitempty"`
	Source string `json:"source"`
	Note   string `json:"note,omitempty"`
}

func (s *Sender) render(m notify.Message) alert {
	a := alert{
		Message: notify.Truncate(m.Title, maxMessage), Alias: alias(m), Description: notify.Truncate(description(m), maxDescription),
		Tags: s.config.Tags, Details: details(m), Entity: m.FieldValues()["service"], Source: source, Priority: s.priority(m.Severity),
	}
	for _, team := range s.config.Teams {
		a.Responders = append(a.Responders, responder{team, "team"})
	}
	return a
}

func (s *Sender) priority(severity notify.Severity) string {
	if p := s.config.Priorities[string(severity)]; p != "" {
		return p
	}
	return defaultPriorities[severity]
}

// description begins with the whole title, of which the message may be only the beginning.
func description(m notify.Message) string {
	lines := append([]string{m.Title}, m.Lines()...)
	if m.Link != "" {
		lines = append(lines, m.Link)
	}
	return strings.Join(lines, "\n")
}

func details(m notify.Message) map[string]string {
	all, size := map[string]string{}, 0
	if m.Link != "" {
		all["link"], size = m.Link, len("link")+len(m.Link)
	}
	for _, f := range m.Fields {
		value := f.Value
		if f.Name == "runbook" && notify.WebLink(value) == "" {
			continue
		}
		if size += len(f.Name) + len(value); size > maxDetails {
			break
		}
		all[f.Name] = value
	}
	return all
}

func note(m notify.Message) string { return notify.Truncate(description(m), maxNote) }

// alias identifies the alert of a thread. It is part of addresses, where a thread's key with its slashes cannot be.
func alias(m notify.Message) string {
	sum := sha256.Sum256([]byte(m.Key))
	return "pushback-" + hex.EncodeToString(sum[:16])
}

// of is the path of something that is done to the alert of a message.
func of(m notify.Message, what string) string {
	return "/v2/alerts/" + alias(m) + "/" + what + "?identifierType=alias"
}
