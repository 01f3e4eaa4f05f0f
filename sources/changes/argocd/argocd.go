// Package argocd reads what Argo CD's notifications controller sends by the templates that
// Pushback ships in deploy/argocd. Argo CD has no webhook format of its own: the body is what the
// admin's template says, so both ends are ours.
//
//	operationState.phase   health      becomes
//	Running, Terminating   any         started
//	Succeeded              Healthy     succeeded
//	Succeeded              Degraded    failed, unless the same operation was healthy before or after
//	Succeeded              any other   ignored: the rollout goes on
//	Failed, Error          any         failed
//
// A change is one sync operation, which its application and start name: a sync of the same revision
// again is another change. A Degraded is dated back to the end of the sync, so that it loses against a
// Healthy of the same operation: an application that was healthy and then breaks is for the rules to
// judge, and a failed change would never be rolled back.
//
// The version before is the newest other one in status.history. Of an application with several sources the
// version is the revision that this operation changed.
//
// See adr/0117.
package argocd

import (
	"errors"
	"net/http"
	"strings"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/internal/argoapps"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one Argo CD in pushback.yml.
type Config struct {
	webhook.TokenConfig `yaml:",inline"`
	// EnvironmentFrom is what of an application says where it deploys: cluster, namespace, project, or
	// labels.NAME. Empty: all its applications deploy to Environment.
	EnvironmentFrom string `yaml:"environment_from"`
	// Image is a glob of image names. With it, the version is the tag, or else the digest, of the first image
	// that matches, and not the revision: for metrics that are labelled with the image's tag.
	Image string `yaml:"image"`
	// API is how Argo CD is asked for notifications that were lost.
	API argoapps.Config `yaml:",inline"`
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) { c.API.SetDirectory(dir) }

// New checks the settings.
func New(o changes.Options, c Config) (*argoapps.Source, error) {
	switch from, label := strings.CutPrefix(c.EnvironmentFrom, "labels."); {
	case label && from != "":
	case c.EnvironmentFrom == "", c.EnvironmentFrom == "cluster", c.EnvironmentFrom == "namespace", c.EnvironmentFrom == "project":
	default:
		return nil, errors.New("environment_from is none of cluster, namespace, project, labels.NAME")
	}
	if err := (webhook.Globs{c.Image}).Check("image"); err != nil {
		return nil, err
	}
	source, err := webhook.NewToken(o, c.TokenConfig, c.read)
	if err != nil {
		return nil, err
	}
	return argoapps.With(source, c.API)
}

// read reads one notification.
func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var n notification
	if err := changes.Decode(body, &n); err != nil {
		return nil, err
	}
	if err := n.check(); err != nil {
		return nil, err
	}
	end, err := n.event()
	if err != nil {
		return nil, err
	}
	end.Environment = n.environment(c.EnvironmentFrom)
	if c.Image != "" {
		return c.withImage(n, end)
	}
	return c.withStart(n, end), nil
}

// withImage puts an image's version in the place of the revision. While a sync runs, the application
// still lists the images of before, so that only the end names the version, and the start is told with it.
func (c Config) withImage(n notification, end sources.Event) ([]sources.Event, error) {
	if end.Status == sources.Started {
		return nil, changes.Ignored("the images of a sync that runs are not known; its end will be told with its start")
	}
	for _, image := range n.Images {
		if version := webhook.ImageVersion(image); version != "" && (webhook.Globs{c.Image}).Match(webhook.ImageName(image)) {
			end.Version, end.Previous = version, ""
			break
		}
	}
	return c.withStart(n, end), nil
}

// withStart puts the start of the operation before its end: a short sync may be over before Argo CD
// looks at it.
func (c Config) withStart(n notification, end sources.Event) []sources.Event {
	if end.Status == sources.Started || c.Rollout > 0 {
		return []sources.Event{end}
	}
	start := end
	start.Status, start.At, start.Sequence = sources.Started, n.Operation.StartedAt.UTC(), 0
	start.EventID += ":start"
	return []sources.Event{start, end}
}
