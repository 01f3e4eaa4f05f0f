// Package argorollouts reads what Argo Rollouts' notifications send by the templates that Pushback ships
// in deploy/argorollouts. The body is what a template says, so both ends are ours.
//
//	trigger                becomes
//	on-rollout-updated     started
//	on-rollout-completed   succeeded
//	on-rollout-aborted     failed
//
// A change is one revision of one Rollout (metadata.uid and the annotation rollout.argoproj.io/revision,
// which every new pod template increases, a rollback's as well). The version is the image of a container. A
// Rollout does not know the image of its stable ReplicaSet, so that the version before is not told.
package argorollouts

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Argo Rollouts controller in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
	// EnvironmentFrom is what of a Rollout says where it deploys: namespace, or labels.NAME. Empty: all
	// deploy to Environment.
	EnvironmentFrom string `yaml:"environment_from"`
	Container       string `yaml:"container"` // whose image is the version; the first one if empty
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	label, labelled := strings.CutPrefix(c.EnvironmentFrom, "labels.")
	if c.EnvironmentFrom != "" && c.EnvironmentFrom != "namespace" && (!labelled || label == "") {
		return nil, errors.New("environment_from is none of namespace, labels.NAME")
	}
	return webhook.NewToken(o, c.TokenConfig, c.read)
}

// notification is the body of the shipped templates.
type notification struct {
	Event   string    `json:"event"`
	At      time.Time `json:"at"`
	Rollout struct {
		UID       string            `json:"uid"`
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
		Revision  string            `json:"revision"`
	} `json:"rollout"`
	Containers []container `json:"containers"`
}

type container struct {
	Name  string `json:"name"`
	Image string `json:"image"`
}

// statuses are the events of the shipped templates.
var statuses = map[string]sources.Status{"updated": sources.Started, "completed": sources.Succeeded, "aborted": sources.Failed}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var n notification
	if err := changes.Decode(body, &n); err != nil {
		return nil, err
	}
	required := webhook.Required{{"event", n.Event}, {"rollout.uid", n.Rollout.UID}, {"rollout.name", n.Rollout.Name}, {"rollout.revision", n.Rollout.Revision}}
	if err := required.Check(); err != nil {
		return nil, err
	}
	status, known := statuses[n.Event]
	switch {
	case !known:
		return nil, changes.Bad("event is none of updated, completed, aborted")
	case n.At.IsZero():
		return nil, changes.Bad("at is missing")
	}
	version, err := c.version(n.Containers)
	if err != nil {
		return nil, err
	}
	change := webhook.ID("argorollouts", n.Rollout.UID, n.Rollout.Revision)
	return []sources.Event{{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: n.At.UTC(),
		Service: n.Rollout.Name, Environment: c.environment(n), Version: version,
		Labels: webhook.Labels(map[string]string{"namespace": n.Rollout.Namespace, "revision": n.Rollout.Revision}),
	}}, nil
}

// version is the image's version of the container that counts.
func (c Config) version(all []container) (string, error) {
	for _, one := range all {
		if c.Container != "" && one.Name != c.Container {
			continue
		}
		version := webhook.ImageVersion(one.Image)
		if version == "" {
			return "", changes.Bad("containers: the image has neither a tag nor a digest, which name a version")
		}
		return version, nil
	}
	return "", changes.Bad("containers: there is no container of the configured name")
}

func (c Config) environment(n notification) string {
	if c.EnvironmentFrom == "namespace" {
		return n.Rollout.Namespace
	}
	return n.Rollout.Labels[strings.TrimPrefix(c.EnvironmentFrom, "labels.")]
}
