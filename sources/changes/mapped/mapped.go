// Package mapped takes any JSON that a tool sends, by a mapping of jq expressions in
// pushback.yml:
//
//	sources:
//	  builds:
//	    kind: mapped
//	    sign: {scheme: hmac, header: X-Signature, prefix: sha256=}
//	    secret_files: [secrets/builds]
//	    map: {service: .app, version: .build.sha, status: .state, change_id: .id, at: .finished}
//	    statuses: {RUNNING: started, SUCCESS: succeeded, FAILURE: failed, "*": ignore}
//
// Every body goes through four steps:
//
//	each      the changes that it reports: an expression that gives a list, or several values; by default the body itself
//	when      which of them are changes to production: select(...), or true and false
//	map       one expression a field of the event; $body is the whole body
//	statuses  the tool's words for started, succeeded and failed
//
// What is left out has the defaults of the generic format. An expression that gives null is a
// field that is left out. The events of a body are taken all or none.
//
// `pushback sources try NAME body.json` shows what would come of a body, and docs/mapping.md
// has the recipes.
//
// See adr/0120.
package mapped

import (
	"errors"
	"net/http"

	"github.com/pushback/pushback/internal/jq"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// MaxEvents is how many changes one body may report.
const MaxEvents = 100

// Config is one mapped source in pushback.yml.
type Config struct {
	SecretFiles   []string          `yaml:"secret_files"` // any one of them is accepted
	Insecure      bool              `yaml:"insecure"`     // no secret: on loopback only
	Sign          Sign              `yaml:"sign"`
	Map           Map               `yaml:"map" required:"true" example:"map: {service: .app, version: .build.sha, at: .finished}"`
	Statuses      map[string]string `yaml:"statuses"`  // the tool's word → started, succeeded, failed or ignore; "*" stands for all others
	Times         string            `yaml:"times"`     // the form of map.at; see newClock
	TimeZone      string            `yaml:"time_zone"` // of times without one; UTC
	changes.Scope `yaml:",inline"`
}

// Map is the expression of each field, as sources.Event names them.
type Map struct {
	Each        string `yaml:"each"`
	When        string `yaml:"when"`
	Service     string `yaml:"service"`
	Version     string `yaml:"version"`
	Environment string `yaml:"environment"`
	Region      string `yaml:"region"`
	Kind        string `yaml:"kind"`
	Group       string `yaml:"group"`
	Status      string `yaml:"status"`
	At          string `yaml:"at"`
	ChangeID    string `yaml:"change_id"`
	EventID     string `yaml:"event_id"`
	Sequence    string `yaml:"sequence"`
	Previous    string `yaml:"previous"`
	RollbackOf  string `yaml:"rollback_of"`
	Reversible  string `yaml:"reversible"`
	Actor       string `yaml:"actor"`
	URL         string `yaml:"url"`
	Riders      string `yaml:"riders"`
	Labels      Labels `yaml:"labels"`
}

// Source turns bodies into events under its own name.
type Source struct {
	signature.Verifier
	name    string
	config  Config
	mapping mapping
}

// New compiles the expressions and reads the secrets. It returns every mistake at once.
func New(o changes.Options, c Config) (*Source, error) {
	scheme, err := c.Sign.scheme()
	m, mistakes := compile(c)
	if err := errors.Join(c.Check(), err, mistakes); err != nil {
		return nil, err
	}
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, scheme)
	if err != nil {
		return nil, err
	}
	return &Source{Verifier: verifier, name: o.Name, config: c, mapping: m}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse makes the events of one body.
func (s *Source) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	events, _, err := s.read(body)
	return events, err
}

// Explain says which expression gave which field.
func (s *Source) Explain(_ http.Header, body []byte) ([]changes.Origin, error) {
	_, origins, err := s.read(body)
	return origins, err
}

// read makes the events of one body, and says where each field comes from.
func (s *Source) read(body []byte) (events []sources.Event, origins []changes.Origin, err error) {
	if err := sources.CheckJSON(body); err != nil {
		return nil, nil, changes.Bad("%s", err)
	}
	whole, err := jq.Decode(body)
	if err != nil {
		return nil, nil, changes.Bad("body is not JSON")
	}
	elements, err := s.mapping.elements(whole)
	if err != nil {
		return nil, nil, err
	}
	for i, element := range elements {
		r := reading{mapping: &s.mapping, index: i, of: len(elements), whole: whole, element: element}
		e, err := r.event(s.name)
		origins = append(origins, r.origins...)
		if err != nil {
			return nil, origins, err
		}
		if !r.ignored {
			events = append(events, s.config.Translate(s.identified(e, element))...)
		}
	}
	return events, origins, s.mapping.anything(len(elements), len(events))
}

// anything says why a body that is well formed reports no change.
func (m *mapping) anything(elements, events int) error {
	switch {
	case events > 0:
		return nil
	case elements == 0:
		return changes.Ignored("map.each gives nothing: the body names no change")
	case m.fields["status"] != nil && m.fields["when"] == nil:
		return changes.Ignored("statuses has ignore for the status of the body")
	}
	return changes.Ignored("map.when selects nothing of the body, or statuses has ignore for its status")
}
