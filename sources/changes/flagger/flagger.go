// Package flagger reads the events of Flagger's webhooks of type event
// (https://docs.flagger.app/usage/webhooks#event-webhooks).
//
//	phase                                          becomes
//	Progressing                                    started
//	Succeeded                                      succeeded
//	Failed                                         failed
//	all others (Waiting, Promoting, Finalising …)  ignored
//
// Flagger signs nothing and sends no header of people's choice, so that its secret is part of the
// address: set as the password in the URL (https://pushback:SECRET@…), it comes as basic authentication.
//
// A canary has no version: its name for what it rolls out is the checksum of the pod spec
// (lastAppliedSpec where Flagger sends it). metadata.version, metadata.environment and metadata.service of the
// webhook are read where people set them.
package flagger

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Flagger in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	return webhook.NewToken(o, c.TokenConfig, read)
}

// payload is flagger's CanaryWebhookPayload.
type payload struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	Phase     string `json:"phase"`
	Checksum  string `json:"checksum"`
	BuildID   string `json:"buildId"`
	Metadata  struct {
		Timestamp        json.RawMessage `json:"timestamp"`
		LastAppliedSpec  string          `json:"lastAppliedSpec"`
		LastPromotedSpec string          `json:"lastPromotedSpec"`
		Service          string          `json:"service"`     // set by people, as the next two
		Environment      string          `json:"environment"` //
		Version          string          `json:"version"`     //
	} `json:"metadata"`
}

// phases are those that begin or end a rollout.
var phases = map[string]sources.Status{"Progressing": sources.Started, "Succeeded": sources.Succeeded, "Failed": sources.Failed}

func read(_ http.Header, body []byte) ([]sources.Event, error) {
	var p payload
	if err := changes.Decode(body, &p); err != nil {
		return nil, err
	}
	if err := (webhook.Required{{"name", p.Name}, {"phase", p.Phase}}).Check(); err != nil {
		return nil, err
	}
	status, known := phases[p.Phase]
	if !known {
		return nil, changes.Ignored("the phase neither begins nor ends a rollout")
	}
	spec := cmp.Or(p.Checksum, p.Metadata.LastAppliedSpec)
	if spec == "" {
		return nil, changes.Bad("checksum is missing: Flagger sends it from 1.22 on")
	}
	at, err := webhook.Milliseconds("metadata.timestamp", p.Metadata.Timestamp)
	if err != nil {
		return nil, err
	}
	version, previous := p.versions(spec)
	change := webhook.ID("flagger", p.Namespace, p.Name, spec, p.BuildID)
	return []sources.Event{{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: at,
		Service: cmp.Or(p.Metadata.Service, p.Name), Environment: p.Metadata.Environment, Version: version, Previous: previous,
		Labels: webhook.Labels(map[string]string{"namespace": p.Namespace, "checksum": p.Checksum}),
	}}, nil
}

// versions are what people set, or else the checksums. Those of the spec before are of the same kind
// only where Flagger sends both.
func (p payload) versions(spec string) (version, previous string) {
	if p.Metadata.Version != "" {
		return p.Metadata.Version, ""
	}
	if applied := p.Metadata.LastAppliedSpec; applied != "" {
		if p.Metadata.LastPromotedSpec != applied {
			previous = p.Metadata.LastPromotedSpec
		}
		return applied, previous
	}
	return spec, ""
}
