// Package webhook is what the sources of deploy tools' webhooks have in common: their settings, and
// the way from a verified delivery to events. A tool's package says how its deliveries
// are signed, by schemes of package signature, and reads them with a Reader:
//
//	delivery ─► Verifier ─► Reader ─► name, environment, service, scope ─► events
//
// Readers name fields as the tool does. They take every id from the signed body, because headers may be
// renewed when a delivery is repeated.
package webhook

import (
	"cmp"
	"errors"
	"net/http"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is what every source of a webhook may set in pushback.yml.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // any one of them is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	Environment   string   `yaml:"environment"`  // where the tool names none; production if empty
	changes.Scope `yaml:",inline"`
}

// Reader reads a verified delivery. Source, and an Environment that the tool does not name, are left
// empty. Service is the tool's name of it.
type Reader func(h http.Header, body []byte) ([]sources.Event, error)

// Source turns the deliveries of one tool into events.
type Source struct {
	signature.Verifier
	name   string
	config Config
	read   Reader
}

// New checks the settings, the files of secrets included.
func New(o changes.Options, c Config, read Reader, schemes ...signature.Scheme) (*Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	if err := sources.CheckName(c.Environment); err != nil {
		return nil, errors.New("environment " + err.Error())
	}
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, schemes...)
	if err != nil {
		return nil, err
	}
	return &Source{verifier, o.Name, c, read}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse reads a verified delivery.
func (s *Source) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	read, err := s.read(h, body)
	if err != nil {
		return nil, err
	}
	events := make([]sources.Event, 0, len(read))
	for _, e := range read {
		e.Source = s.name
		e.Environment = cmp.Or(e.Environment, s.config.Environment)
		events = append(events, s.config.Translate(e)...)
	}
	return events, nil
}
