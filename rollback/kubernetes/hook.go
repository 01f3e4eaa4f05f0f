package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// DefaultTimeout bounds a rollback where the configuration does not.
const DefaultTimeout = 10 * time.Minute

// Config is a hook of kind kubernetes in pushback.yml.
type Config struct {
	cluster.Config `yaml:",inline"`
	Namespace      string        `yaml:"namespace"`   // a name, or placeholders such as $environment
	Deployment     string        `yaml:"deployment"`  // its name; "": $service, unless one of the next two is set
	StatefulSet    string        `yaml:"statefulset"` // instead of a Deployment
	DaemonSet      string        `yaml:"daemonset"`   // instead of a Deployment
	Container      string        `yaml:"container"`   // the container whose image has the version; "": any
	Timeout        time.Duration `yaml:"timeout"`     // of the whole rollback, with the rollout; 0: DefaultTimeout
}

// Idempotent is true: restoring the same revision again changes nothing.
func (c *Config) Idempotent() bool { return true }

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls workloads of one kind back. It is safe for concurrent use.
type Hook struct {
	config  Config
	kind    workload
	name    string // of the workload, as configured
	cluster *cluster.Cluster
	now     func() time.Time
}

// New checks the configuration and reads the kubeconfig. It sends no request.
func New(c Config) (*Hook, error) {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	kind, name, several := c.workload()
	switch {
	case several:
		return nil, errors.New("deployment, statefulset and daemonset exclude each other: set only one of them")
	case c.Namespace == "":
		return nil, errors.New("namespace is missing: set a name, or a placeholder such as $environment")
	case c.Timeout < 0:
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if err := errors.Join(naming.CheckPlaceholders("namespace", c.Namespace), naming.CheckPlaceholders(kind.key, name)); err != nil {
		return nil, err
	}
	open, err := cluster.Open(c.Config)
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, kind: kind, name: name, cluster: open, now: time.Now}, nil
}

// object is the workload of a plan.
func (h *Hook) object(p rollback.Plan) (cluster.Object, error) {
	return cluster.ResolveObject(h.kind.resource, h.config.Namespace, h.name, h.kind.key, p)
}

// inspection is a workload as it was read, and what a rollback of it has to do.
type inspection struct {
	object          cluster.Object
	found           *unstructured.Unstructured
	templateMatches bool             // the template has the target version
	alreadyLive     bool             // and all pods have the template
	revision        cluster.Revision // otherwise: the revision to restore
}

// inspect reads the workload and finds the revision with the target version.
func (h *Hook) inspect(ctx context.Context, p rollback.Plan) (i inspection, err error) {
	if i.object, err = h.object(p); err != nil {
		return i, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if i.found, err = h.cluster.Get(ctx, i.object); err != nil {
		return i, err
	}
	target := h.target(p)
	now := podTemplate(i.found)
	if i.templateMatches, err = target.Matches(now); err != nil {
		return i, err
	}
	if i.templateMatches {
		i.alreadyLive, err = h.kind.complete(i.found)
		return i, err
	}
	if err := h.checkChangeable(i.found); err != nil {
		return i, err
	}
	history, err := h.kind.history(ctx, h.cluster, i.found)
	if err != nil {
		return i, err
	}
	i.revision, err = target.FindRevision(history, now)
	return i, err
}

func (h *Hook) target(p rollback.Plan) cluster.Target {
	return cluster.Target{Version: p.Target, Leaving: p.Change.Version, Container: h.config.Container}
}

// checkChangeable says why a workload must not be changed.
func (h *Hook) checkChangeable(found *unstructured.Unstructured) error {
	if err := h.kind.checkRollsOut(found); err != nil {
		return err
	}
	if owner := kube.GitOpsOwner(found); owner != "" {
		return fmt.Errorf("%s manages it and would revert the rollback: revert in git (kind github, does: revert)", owner)
	}
	return nil
}

// Do restores the revision, and follows the rollout until it is complete.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	i, err := h.inspect(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("%s: %w", i.object, err)
	}
	if i.alreadyLive {
		return call.AlreadyLive(h.now(), w.Target()), nil
	}
	var log call.Log
	if !i.templateMatches {
		log.Add("patch %s to the template of revision %d, %s", i.object, i.revision.Number, cluster.ImageNames(i.revision.Template, h.config.Container))
		if err := h.cluster.Patch(ctx, i.object, h.kind.patch(i.found, i.revision)); err != nil {
			return log.Receipt(h.now(), "patched"), err
		}
	}
	status, err := h.follow(ctx, i, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) follow(ctx context.Context, i inspection, l *call.Log) (string, error) {
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		found, err := h.cluster.Get(ctx, i.object)
		if err != nil {
			return false, err
		}
		rollback.ReportProgress(ctx, h.kind.progress(found))
		return h.kind.complete(found)
	})
	if err != nil {
		return "the rollout was started", err
	}
	l.Add("the rollout is complete")
	return "rolled out", nil
}
