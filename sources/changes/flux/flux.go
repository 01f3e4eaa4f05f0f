// Package flux reads the events of Flux's notification controller (Provider of type generic-hmac,
// https://fluxcd.io/flux/components/notification/providers/#generic-webhook-with-hmac).
//
//	kind             reason                                        becomes
//	Kustomization    Progressing                                   started; succeeded once its message says that
//	                                                               the health check passed, or with apply_is_end
//	                 ReconciliationSucceeded                       succeeded
//	HelmRelease      InstallSucceeded, UpgradeSucceeded,
//	                 RollbackSucceeded                             succeeded
//	                 InstallFailed, UpgradeFailed, RollbackFailed  failed
//	Kustomization    severity error, any reason                    failed
//	all others                                                     ignored
//
// The kustomize-controller gives every event the reason of the Ready condition, which is Progressing until
// all is done, so that its message has to tell the end of a health check. Without `wait: true` there is no
// health check and no event of the end.
//
// Events have no id. That of a Kustomization is made of its object, revision and status, so that one
// repeated at each interval is a duplicate. A HelmRelease may go back to a version that it had, and tells each
// upgrade once, so that its event's time counts as well.
package flux

import (
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Flux in pushback.yml.
type Config struct {
	webhook.Config `yaml:",inline"`
	// EnvironmentFrom is the key of the Alert's eventMetadata that names the environment; environment if empty.
	EnvironmentFrom string `yaml:"environment_from"`
	// ApplyIsEnd takes the apply of a Kustomization for its end, for those without wait and healthChecks.
	ApplyIsEnd bool `yaml:"apply_is_end"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	if c.EnvironmentFrom == "" {
		c.EnvironmentFrom = "environment"
	}
	return webhook.New(o, c.Config, c.read, signature.HexHMAC("X-Signature", "sha256="))
}

// event is an event of Flux (https://fluxcd.io/flux/components/notification/events/).
type event struct {
	InvolvedObject struct {
		Kind      string `json:"kind"`
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
		UID       string `json:"uid"`
	} `json:"involvedObject"`
	Severity  string            `json:"severity"`
	Timestamp time.Time         `json:"timestamp"`
	Message   string            `json:"message"`
	Reason    string            `json:"reason"`
	Metadata  map[string]string `json:"metadata"`
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var v event
	if err := changes.Decode(body, &v); err != nil {
		return nil, err
	}
	required := webhook.Required{{"involvedObject.kind", v.InvolvedObject.Kind}, {"involvedObject.name", v.InvolvedObject.Name}, {"reason", v.Reason}}
	if err := required.Check(); err != nil {
		return nil, err
	}
	status, err := c.status(v)
	if err != nil {
		return nil, err
	}
	if v.Timestamp.IsZero() {
		return nil, changes.Bad("timestamp is missing")
	}
	revision := v.meta("revision")
	if revision == "" {
		return nil, changes.Ignored("the event names no revision, as one about the object's own settings does not")
	}
	return []sources.Event{c.event(v, status, revision)}, nil
}

// status maps kind, severity, reason and message; the package comment has the table.
func (c Config) status(v event) (sources.Status, error) {
	switch v.InvolvedObject.Kind {
	case "Kustomization":
		return c.kustomizationStatus(v)
	case "HelmRelease":
		return helmStatus(v.Reason)
	}
	return "", changes.Ignored("the event is about neither a Kustomization nor a HelmRelease")
}

func (c Config) kustomizationStatus(v event) (sources.Status, error) {
	switch {
	case v.Severity == "error":
		return sources.Failed, nil
	case v.Reason == "ReconciliationSucceeded":
		return sources.Succeeded, nil
	case v.Reason != "Progressing":
		return "", changes.Ignored("the reason tells of neither a start nor an end")
	case c.ApplyIsEnd || strings.HasPrefix(v.Message, "Health check passed"):
		return sources.Succeeded, nil
	}
	return sources.Started, nil
}

func helmStatus(reason string) (sources.Status, error) {
	switch reason {
	case "InstallSucceeded", "UpgradeSucceeded", "RollbackSucceeded":
		return sources.Succeeded, nil
	case "InstallFailed", "UpgradeFailed", "RollbackFailed":
		return sources.Failed, nil
	}
	return "", changes.Ignored("the reason tells of no install, upgrade or rollback")
}

// event is v as an event of its object.
func (c Config) event(v event, status sources.Status, revision string) sources.Event {
	o := v.InvolvedObject
	change := webhook.ID("flux", o.Kind, o.Namespace, o.Name, o.UID, revision)
	if o.Kind == "HelmRelease" {
		change = webhook.ID("flux", o.Kind, o.Namespace, o.Name, o.UID, revision, v.meta("token"), v.Timestamp.UTC().Format(time.RFC3339Nano))
	}
	return sources.Event{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: v.Timestamp.UTC(),
		Service: o.Name, Environment: v.meta(c.EnvironmentFrom), Version: version(v),
		Labels: webhook.Labels(map[string]string{
			"namespace": o.Namespace, "revision": revision, "app_version": v.meta("app-version"), "cluster": v.meta("cluster"),
		}),
	}
}

// meta is a value of the metadata. Controllers put their own API group before the key, people who write
// eventMetadata do not, and some versions of Flux put a group of its own before theirs.
func (v event) meta(key string) string {
	if value := v.Metadata[key]; value != "" {
		return value
	}
	for _, group := range []string{"kustomize.toolkit.fluxcd.io", "helm.toolkit.fluxcd.io", "event.toolkit.fluxcd.io"} {
		if value := v.Metadata[group+"/"+key]; value != "" {
			return value
		}
	}
	return ""
}

// version is the commit, the digest or the chart's version of a revision: main@sha1:731f7e… and
// latest@sha256:0b31… end in it, and main/731f7e… is the form of Flux before 2.0. An artifact that was built of a
// commit is known by that.
func version(v event) string {
	revision := v.meta("originRevision")
	if revision == "" {
		revision = v.meta("revision")
	}
	if _, digest, found := strings.Cut(revision, "@"); found {
		return strings.TrimPrefix(digest, "sha1:")
	}
	if branch, commit, found := strings.Cut(revision, "/"); found && branch != "" && commit != "" {
		return commit[strings.LastIndex(commit, "/")+1:]
	}
	return strings.TrimPrefix(revision, "sha1:")
}
