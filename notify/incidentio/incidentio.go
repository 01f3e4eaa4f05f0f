// Package incidentio sends messages to incident.io as events of an alert source of kind HTTP: firing for every
// message of a thread, resolved for its end, with a deduplication key by which they are one alert.
//
// incident.io answers 202 when it has queued an event. It has no event for an acknowledge: who has decided what
// people were asked stands in the alert's text.
//
// See https://api-docs.incident.io/tag/Alert-Events-V2.
package incidentio

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/delivery"
)

// DefaultURL is the address of the API.
const DefaultURL = "https://api.incident.io"

const (
	maxTitle       = 500
	maxDescription = 15000
	maxKey         = 200
)

// Config is a receiver of kind incidentio in pushback.yml.
type Config struct {
	Source    string                  `yaml:"source"`     // the id of the alert source, the last part of the URL that incident.io shows for it
	TokenFile string                  `yaml:"token_file"` // the token of the alert source
	URL       string                  `yaml:"url"`        // "": DefaultURL
	HTTP      config.HTTPClientConfig `yaml:"http"`
}

// SetDirectory resolves relative file names against dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

var sourceID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)

// Sender sends events. It is safe for concurrent use.
type Sender struct {
	config Config
	api    *delivery.API
}

// New checks the configuration, the token's file included.
func New(c Config) (*Sender, error) {
	if c.URL == "" {
		c.URL = DefaultURL
	}
	if !sourceID.MatchString(c.Source) {
		return nil, errors.New("source is missing, or no id of an alert source: the last part of the URL that incident.io shows for it")
	}
	api, err := delivery.NewAPI(delivery.APIOptions{Tool: "incident.io", URL: c.URL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP})
	return &Sender{c, api}, err
}

// Send queues one event.
func (s *Sender) Send(ctx context.Context, m notify.Message) error {
	err := s.api.Call(ctx, http.MethodPost, "/v2/alert_events/http/"+s.config.Source, render(m.Truncated().Plain()), nil)
	if delivery.StatusOf(err) == http.StatusNotFound {
		return delivery.Passing(err) // a wrong id can be repaired
	}
	return err
}

// event is the body of an event.
type event struct {
	Title       string            `json:"title"`
	Description string            `json:"description,omitempty"`
	Key         string            `json:"deduplication_key"`
	Status      string            `json:"status"` // firing or resolved
	SourceURL   string            `json:"source_url,omitempty"`
	Metadata    map[string]string `json:"metadata"`
}

func render(m notify.Message) event {
	e := event{
		Title: notify.Truncate(m.Title, maxTitle), Description: notify.Truncate(strings.Join(m.Lines(), "\n"), maxDescription),
		Key: m.DedupKey(maxKey), Status: "firing", SourceURL: m.Link, Metadata: metadata(m),
	}
	if m.Resolved {
		e.Status = "resolved"
	}
	return e
}

// metadata are the facts by which incident.io routes: the fields, the severity and the kind.
func metadata(m notify.Message) map[string]string {
	all := map[string]string{}
	for _, f := range m.Fields {
		if f.Name == "runbook" && notify.WebLink(f.Value) == "" {
			continue
		}
		all[strings.ReplaceAll(f.Name, " ", "_")] = f.Value
	}
	all["severity"], all["kind"] = string(m.Severity), m.Kind
	if m.TakenBy != "" {
		all["taken_by"] = m.TakenBy
	}
	return all
}
