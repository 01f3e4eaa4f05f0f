// Package github turns GitHub's webhooks into events (docs.github.com/en/webhooks,
// X-Hub-Signature-256): deployment and deployment_status, and by choice workflow_run and
// release.
//
//	deployment_status          becomes
//	in_progress                started
//	pending, queued            started, unless a workflow run stands behind it
//	(deployment created)       started, unless a workflow run stands behind it
//	success                    succeeded
//	failure, error             failed
//	waiting, inactive          ignored
//
// GitHub Actions reports in_progress itself, and may wait days for an approval
// before it. Until then nothing rolls out, and with a start reported too early the
// watch would give up before the change begins. Scripts that call the API often
// report nothing between creating a deployment and its end, so for them the
// creation is the start.
//
//	workflow_run               becomes
//	requested, in_progress     started
//	completed: success         succeeded
//	completed: failure, cancelled, timed_out, startup_failure   failed
//	completed: skipped, neutral, stale, action_required         ignored
//
// Only runs of the workflows that the settings name are changes, and never those of a pull
// request or of a fork: anybody can open one, and what it runs is not deployed. A release
// is a change that succeeded when it was published; a pre-release is none.
//
// Identity comes from the signed body: the event is the status's id, never
// X-GitHub-Delivery, which a replay may renew; the change is the deployment's
// id. deployment.payload may hold two keys for Pushback: pushback_rollback_of
// (the change or order that this one undoes) and reversible (false: never
// rolled back).
//
// With a token, the source asks GitHub's API for the version that ran before (Complete), and
// for deployments whose deliveries were lost (Recent).
//
// See adr/0007 and adr/0115.
package github

import (
	"net/http"
	"slices"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/ask"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Source turns deliveries into events under its own name. It is a changes.Completer and a
// changes.Lister.
type Source struct {
	signature.Verifier
	name   string
	config Config
	api    *ask.API // nil without a token
}

// New reads the secrets and checks the settings. The service of its events is the repository
// ("owner/name"), which the catalogue maps.
func New(o changes.Options, c Config) (*Source, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	// The older header, of SHA-1, is not read. GitHub signs no time.
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, signature.HexHMAC("X-Hub-Signature-256", "sha256="))
	if err != nil {
		return nil, err
	}
	api, err := c.api()
	if err != nil {
		return nil, err
	}
	return &Source{Verifier: verifier, name: o.Name, config: c, api: api}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse reads a verified delivery.
func (s *Source) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	kind := h.Get("X-GitHub-Event")
	if err := s.checkKind(kind); err != nil {
		return nil, err
	}
	e, repository, err := s.read(kind, body)
	if err != nil {
		return nil, err
	}
	e.Source = s.name
	e.Service = repository
	return s.translate(e), nil
}

// read reads the body of a webhook event: its event, without source and service, and the
// repository that it is about.
func (s *Source) read(kind string, body []byte) (e sources.Event, repository string, err error) {
	switch kind {
	case workflowRun:
		var d runDelivery
		if err = changes.Decode(body, &d); err == nil {
			e, err = s.config.runEvent(d)
		}
		return e, d.Repository.FullName, err
	case release:
		var d releaseDelivery
		if err = changes.Decode(body, &d); err == nil {
			e, err = s.config.releaseEvent(d)
		}
		return e, d.Repository.FullName, err
	}
	var d delivery
	if err = changes.Decode(body, &d); err == nil {
		e, err = d.event(kind)
	}
	return e, d.Repository.FullName, err
}

// environmentLabel holds GitHub's name of an environment that the settings call otherwise.
const environmentLabel = "github_environment"

// translate puts the event into Pushback's words.
func (s *Source) translate(e sources.Event) []sources.Event {
	if _, renamed := s.config.Environments[e.Environment]; renamed {
		e.Labels[environmentLabel] = e.Environment
	}
	return s.config.Translate(e)
}

// The events that are read, as X-GitHub-Event names them.
const (
	deploymentMade   = "deployment"
	deploymentStatus = "deployment_status"
	workflowRun      = "workflow_run"
	release          = "release"
)

// checkKind accepts the events that the settings choose, and ignores all others. GitHub adds
// events, and a webhook may send everything.
func (s *Source) checkKind(kind string) error {
	switch {
	case slices.Contains(s.config.events(), kind):
		return nil
	case kind == workflowRun || kind == release:
		return changes.Ignored("X-GitHub-Event is " + kind + ", which the source's events do not choose")
	case kind != "" && len(kind) <= 64 && strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz0123456789_") == "":
		return changes.Ignored("X-GitHub-Event is " + kind + ", which reports no deploy")
	}
	return changes.Bad("X-GitHub-Event is missing or malformed: GitHub sends one with every delivery; let the webhook send deployment and deployment_status")
}
