package kubernetes

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
	Namespace      string        `yaml:"namespace"`   // a name, or $environment and the like
	Deployment     string        `yaml:"deployment"`  // its name; "" where the next two are too: $service
	StatefulSet    string        `yaml:"statefulset"` // instead of a Deployment
	DaemonSet      string        `yaml:"daemonset"`   // instead of a Deployment
	Container      string        `yaml:"container"`   // whose image has the version; "": any
	Timeout        time.Duration `yaml:"timeout"`     // of the whole, the rollout included; 0: DefaultTimeout
}

// Idempotent is the kind's own nature: an exact revision is put back once.
func (c *Config) Idempotent() bool { return true }

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls workloads of one kind back. It is safe for concurrent use.
type Hook struct {
	config  Config
	kind    workload
	name    string // of the workload, as configured
	cluster *cluster.Cluster
	now     func() time.Time
}

// New checks the configuration, the kubeconfig included, and calls nobody.
func New(c Config) (*Hook, error) {
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	kind, name, several := c.workload()
	switch {
	case several:
		return nil, errors.New("deployment, statefulset and daemonset exclude each other: keep one of them")
	case c.Namespace == "":
		return nil, errors.New("namespace is missing: a name, or $environment and the like")
	case c.Timeout < 0:
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if err := errors.Join(naming.Check("namespace", c.Namespace), naming.Check(kind.key, name)); err != nil {
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
	return cluster.Name(h.kind.resource, h.config.Namespace, h.name, h.kind.key, p)
}

// standing is a workload as it stands, and what a rollback of it comes to.
type standing struct {
	object  cluster.Object
	found   *unstructured.Unstructured
	here    bool // its template is of the wanted version
	settled bool // and it is what runs
	to      cluster.Revision
}

func (h *Hook) look(ctx context.Context, p rollback.Plan) (d standing, err error) {
	if d.object, err = h.object(p); err != nil {
		return d, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if d.found, err = h.cluster.Get(ctx, d.object); err != nil {
		return d, err
	}
	wanted := h.wanted(p)
	now := template(d.found)
	if d.here, err = wanted.Here(now); err != nil {
		return d, err
	}
	if d.here {
		d.settled, err = h.kind.complete(d.found)
		return d, err
	}
	if err := h.refuse(d.found); err != nil {
		return d, err
	}
	history, err := h.kind.history(ctx, h.cluster, d.found)
	if err != nil {
		return d, err
	}
	d.to, err = wanted.Find(history, now)
	return d, err
}

func (h *Hook) wanted(p rollback.Plan) cluster.Wanted {
	return cluster.Wanted{Version: p.Target, Left: p.Change.Version, Container: h.config.Container}
}

// refuse says why a workload must not be changed by us.
func (h *Hook) refuse(found *unstructured.Unstructured) error {
	if err := h.kind.rolls(found); err != nil {
		return err
	}
	if keeper := cluster.Keeper(found); keeper != "" {
		return fmt.Errorf("%s keeps it as git says and would undo the rollback: revert in git (kind github, does: revert)", keeper)
	}
	return nil
}

// Do puts the revision back, and follows the rollout to its end.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	d, err := h.look(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("%s: %w", d.object, err)
	}
	if d.settled {
		return call.Settled(h.now(), w.Target()), nil
	}
	var log call.Log
	if !d.here {
		log.Add("patch %s to the template of revision %d, %s", d.object, d.to.Number, d.to.Template.Running(h.config.Container))
		if err := h.cluster.Patch(ctx, d.object, h.kind.undo(d.found, d.to)); err != nil {
			return log.Receipt(h.now(), "patched"), err
		}
	}
	status, err := h.follow(ctx, d, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) follow(ctx context.Context, d standing, l *call.Log) (string, error) {
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		found, err := h.cluster.Get(ctx, d.object)
		if err != nil {
			return false, err
		}
		return h.kind.complete(found)
	})
	if err != nil {
		return "the rollout was begun", err
	}
	l.Add("the rollout is complete")
	return "rolled out", nil
}
