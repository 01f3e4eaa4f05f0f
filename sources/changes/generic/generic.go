// Package generic takes events in Pushback's own JSON (POST /v1/events), from
// any tool that can send a request: a line in a deploy script, `pushback
// deploy`, a job's last step.
//
// The body is one sources.Event. Keys are strict, an unknown one is refused
// by its name; what may be left out has a default:
//
//	status       succeeded
//	kind         the source's, else deploy
//	environment  production
//	event_id     made from service, environment, region, kind, group (but of a
//	             deploy), change_id and status: one CI run may deploy several services
//	change_id    made from service, environment, region, kind, group, version and
//	             at; a change reported in two steps (started, then the end) must name it
//
// Required are service and at: the sender knows when it happened, and a retry
// with another time would be another change. Whether the event makes
// sense, a deploy without a version for one, sources.Admit says.
//
// The sender proves itself by a token in Authorization or by Standard Webhooks; one
// secret serves both.
package generic

import (
	"net/http"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is one generic source in pushback.yml.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // any one of them is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	changes.Scope `yaml:",inline"`
}

// Source turns deliveries into events under its own name.
type Source struct {
	signature.Verifier
	name   string
	config Config
}

// New reads the secrets and checks the scope.
func New(o changes.Options, c Config) (*Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, signature.StandardWebhooks(), signature.Token("Authorization"))
	if err != nil {
		return nil, err
	}
	return &Source{Verifier: verifier, name: o.Name, config: c}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse reads one event. The name under which it was verified replaces the
// source that it claims.
func (s *Source) Parse(_ http.Header, body []byte) ([]sources.Event, error) {
	var e sources.Event
	if err := changes.DecodeStrict(body, &e); err != nil {
		return nil, err
	}
	e.Source = s.name
	if err := checkRequired(e); err != nil {
		return nil, err
	}
	return s.config.Translate(s.config.Identify(e)), nil
}

// checkRequired refuses an event that lacks what no default can give.
func checkRequired(e sources.Event) error {
	for _, f := range []struct {
		name    string
		missing bool
	}{
		{"service", strings.TrimSpace(e.Service) == ""},
		{"at", e.At.IsZero()},
		{
			"change_id (a started change needs one, for its end to find it)",
			e.ChangeID == "" && e.Status == sources.Started,
		},
	} {
		if f.missing {
			return changes.Bad("%s is missing", f.name)
		}
	}
	return nil
}
