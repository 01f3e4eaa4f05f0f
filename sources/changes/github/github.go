// Package github turns GitHub's deployment and deployment_status webhooks
// into events (docs.github.com/en/webhooks, X-Hub-Signature-256).
//
//	state                        becomes
//	in_progress                  started
//	pending, queued              started, unless a workflow run stands behind it
//	(deployment created)         started, unless a workflow run stands behind it
//	success                      succeeded
//	failure, error               failed
//	waiting, inactive            ignored
//
// GitHub Actions reports in_progress itself, and may wait days for an approval
// before it. Until then nothing rolls out, and with a start reported too early the
// watch would give up before the change begins. Scripts that call the API often
// report nothing between creating a deployment and its end, so for them the
// creation is the start.
//
// Identity comes from the signed body: the event is the status's id, never
// X-GitHub-Delivery, which a replay may renew; the change is the deployment's
// id. deployment.payload may hold two keys for Pushback: pushback_rollback_of
// (the change or order that this one undoes) and reversible (false: never
// rolled back).
//
// See adr/0007.
package github

import (
	"net/http"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
)

// Config is one GitHub source in pushback.yml. Environments maps GitHub's
// environment names to Pushback's.
type Config struct {
	SecretFiles   []string `yaml:"secret_files"` // the webhook's secret; any one is accepted
	Insecure      bool     `yaml:"insecure"`     // no secret: on loopback only
	changes.Scope `yaml:",inline"`
}

// Source turns deliveries into events under its own name.
type Source struct {
	signature.Verifier
	name   string
	config Config
}

// New reads the secrets and checks the scope. The service of its events is the repository
// ("owner/name"), which the catalogue maps.
func New(o changes.Options, c Config) (*Source, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	// The older header, of SHA-1, is not read. GitHub signs no time.
	verifier, err := signature.NewVerifier(c.SecretFiles, c.Insecure, signature.HexHMAC("X-Hub-Signature-256", "sha256="))
	if err != nil {
		return nil, err
	}
	return &Source{Verifier: verifier, name: o.Name, config: c}, nil
}

// Name is the source's name in pushback.yml, and in its events.
func (s *Source) Name() string { return s.name }

// Parse reads a verified delivery.
func (s *Source) Parse(h http.Header, body []byte) ([]sources.Event, error) {
	kind := h.Get("X-GitHub-Event")
	if err := checkKind(kind); err != nil {
		return nil, err
	}
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	e, err := d.event(kind)
	if err != nil {
		return nil, err
	}
	e.Source = s.name
	e.Service = d.Repository.FullName
	return s.config.Translate(e), nil
}

// checkKind accepts the two events that are read, ignores those that people often
// select along with them, and refuses the rest: a webhook that sends them was
// meant for something else.
func checkKind(kind string) error {
	switch kind {
	case "deployment", "deployment_status":
		return nil
	case "ping", "push", "release", "status", "check_run", "check_suite", "workflow_run", "workflow_job",
		"workflow_dispatch", "deployment_review", "deployment_protection_rule":
		return changes.Ignored("X-GitHub-Event is " + kind)
	}
	return changes.Bad("X-GitHub-Event: send deployment and deployment_status")
}
