// Package gitlab turns GitLab's webhooks into events
// (docs.gitlab.com/user/project/integrations/webhook_events): deployment and feature_flag, and
// by choice pipeline and release.
//
//	deployment: status                becomes
//	running                           started
//	success                           succeeded
//	failed, canceled                  failed
//	created, blocked, approved, rejected, skipped   ignored
//
//	pipeline: status                  becomes
//	running                           started
//	success                           succeeded
//	failed, canceled                  failed
//	all others                        ignored
//
// A deployment that waits for an approval is blocked, and then approved or rejected: nothing
// rolls out until it is running. Only pipelines of the refs that the settings name are
// changes, and those of merge requests never. A flag that was switched is a change of kind
// flag, its name the group, with version on or off. A release is a change that succeeded when
// it was created.
//
// A delivery proves itself by Standard Webhooks (webhook-signature), by X-Gitlab-Signature, the hex
// HMAC-SHA256 of the body, or by X-Gitlab-Token, a plain text. Where it carries several, the first of
// these binds. X-Gitlab-Signature comes with external status checks, which hold a merge request back
// (Question), and no event is read by it.
//
// The change is project.id and the deployment's id, and the event adds the status. A flag's
// delivery has neither an id nor a time: its id is that of the delivery, which GitLab repeats
// when it sends it again, and its time the signed one, or the arrival.
//
// With a token, the source asks GitLab's API for the version that ran before (Complete), and
// for deployments whose deliveries were lost (Recent).
//
// See adr/0116 and adr/0128.
package gitlab

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Source turns deliveries into events under its own name. It is a changes.Completer, a
// changes.Lister and a changes.Asker.
type Source struct {
	signature.Verifier
	name   string
	config Config
	api    *ask.API // nil without a token
	now    func() time.Time
}

// New reads the secrets and checks the settings. The service of its events is the project
// ("group/name"), which the catalogue maps.
func New(o changes.Options, c Config) (*Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, signature.StandardWebhooks(), signature.HexHMAC(checkSignature, ""), signature.Token("X-Gitlab-Token"))
	if err != nil {
		return nil, err
	}
	api, err := c.api()
	if err != nil {
		return nil, err
	}
	return &Source{Verifier: verifier, name: o.Name, config: c, api: api, now: time.Now}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// The kinds of deliveries that are read, as object_kind names them.
const (
	deploymentKind = "deployment"
	pipelineKind   = "pipeline"
	flagKind       = "feature_flag"
	releaseKind    = "release"
)

// kinds are all of them.
var kinds = []string{deploymentKind, pipelineKind, flagKind, releaseKind}

// Parse reads a verified delivery. What it is says object_kind in the body, and not the header
// X-Gitlab-Event, which no signature covers.
func (s *Source) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	kind, err := s.kindOf(body)
	if err != nil {
		return nil, err
	}
	e, project, err := s.read(kind, h, body)
	if err != nil {
		return nil, err
	}
	if project == "" {
		return nil, changes.Bad("project.path_with_namespace is missing")
	}
	return s.complete(e, project), nil
}

// kindOf is the kind of a delivery that the settings choose. What reports no deploy is ignored
// before it is read strictly: GitLab writes a key twice in some of it.
func (s *Source) kindOf(body []byte) (string, error) {
	var k struct {
		Kind string `json:"object_kind"`
		Name string `json:"event_name"` // of system hooks, which have no object_kind
	}
	if json.Unmarshal(body, &k) == nil && k.Kind+k.Name != "" && !slices.Contains(kinds, k.Kind) {
		return "", changes.Ignored("its object_kind reports no deploy")
	}
	if err := changes.Decode(body, &k); err != nil {
		return "", err
	}
	if k.Kind == "" {
		return "", changes.Bad("object_kind is missing: is this a webhook of GitLab? Let it send deployment events")
	}
	if !slices.Contains(s.config.events(), k.Kind) {
		return "", changes.Ignored("object_kind is " + k.Kind + ", which the source's events do not choose")
	}
	return k.Kind, nil
}

// read reads the body of one kind: its event, without source and service, and its project.
func (s *Source) read(kind string, h http.Header, body []byte) (e sources.Event, project string, err error) {
	switch kind {
	case pipelineKind:
		var d pipelineDelivery
		if err = changes.Decode(body, &d); err == nil {
			e, err = s.config.pipelineEvent(d)
		}
		return e, d.Project.Path, err
	case flagKind:
		var d flagDelivery
		if err = changes.Decode(body, &d); err == nil {
			e, err = s.config.flagEvent(d, h, s.now())
		}
		return e, d.Project.Path, err
	case releaseKind:
		var d releaseDelivery
		if err = changes.Decode(body, &d); err == nil {
			e, err = s.config.releaseEvent(d)
		}
		return e, d.Project.Path, err
	}
	var d deploymentDelivery
	if err = changes.Decode(body, &d); err == nil {
		e, err = d.event()
	}
	return e, d.Project.Path, err
}

// environmentLabel holds GitLab's name of an environment that the settings call otherwise.
const environmentLabel = "gitlab_environment"

// complete puts the event into Pushback's words.
func (s *Source) complete(e sources.Event, project string) []sources.Event {
	e.Source = s.name
	e.Service = project
	if _, renamed := s.config.Environments[e.Environment]; renamed {
		e.Labels[environmentLabel] = e.Environment
	}
	return s.config.Translate(e)
}
