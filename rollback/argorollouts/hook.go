package argorollouts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/cluster"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// DefaultTimeout bounds a rollback where the configuration does not.
const DefaultTimeout = 10 * time.Minute

// Config is a hook of kind argorollouts in pushback.yml.
type Config struct {
	cluster.Config `yaml:",inline"`
	Namespace      string        `yaml:"namespace"`  // a name, or $environment and the like
	Rollout        string        `yaml:"rollout"`    // "": $service
	Container      string        `yaml:"container"`  // whose image has the version; "": any
	AbortOnly      bool          `yaml:"abort_only"` // never touch the spec: for Rollouts that git keeps
	Timeout        time.Duration `yaml:"timeout"`    // of the whole, the steps included; 0: DefaultTimeout
}

// Idempotent is the kind's own nature: an exact template is put back once, and
// what is aborted stays so.
func (c *Config) Idempotent() bool { return true }

// Aborts: a Rollout that is half-way is what this hook stops best.
func (c *Config) Aborts() bool { return true }

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook takes Rollouts back. It is safe for concurrent use.
type Hook struct {
	config  Config
	cluster *cluster.Cluster
	now     func() time.Time
}

// New checks the configuration, the kubeconfig included, and calls nobody.
func New(c Config) (*Hook, error) {
	c.Rollout = cmp.Or(c.Rollout, "$service")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	switch {
	case c.Namespace == "":
		return nil, errors.New("namespace is missing: a name, or $environment and the like")
	case c.Timeout < 0:
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if err := errors.Join(naming.Check("namespace", c.Namespace), naming.Check("rollout", c.Rollout)); err != nil {
		return nil, err
	}
	open, err := cluster.Open(c.Config)
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, cluster: open, now: time.Now}, nil
}

// Do aborts what is under way, puts the template back, and follows the
// Rollout until it is well again.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	b, err := h.look(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("%s: %w", b.object, err)
	}
	if b.settled() {
		return call.Settled(h.now(), w.Target()), nil
	}
	var log call.Log
	status, err := h.carryOut(ctx, b, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) carryOut(ctx context.Context, b back, l *call.Log) (string, error) {
	if b.abort {
		if err := h.abort(ctx, b.object); err != nil {
			return "", err
		}
		l.Add("abort %s", b.object)
	}
	if b.undo {
		l.Add("patch %s to the template of revision %d, %s", b.host, b.to.Number, b.to.Template.Running(h.config.Container))
		err := h.cluster.Patch(ctx, b.host, b.patch())
		if err != nil && b.abort {
			return "aborted", fmt.Errorf("it is aborted and not undone: %w", call.Begun(err))
		}
		if err != nil {
			return "", err
		}
	}
	if h.config.AbortOnly {
		return h.follow(ctx, b, aborted, "aborted", l)
	}
	return h.follow(ctx, b, b.well, "rolled back", l)
}

// abort is written to the status, or to the object where it has no such
// subresource: Argo Rollouts before 0.9.
func (h *Hook) abort(ctx context.Context, o cluster.Object) error {
	patch := map[string]any{"status": map[string]any{"abort": true}}
	err := h.cluster.Merge(ctx, o, patch, "status")
	if call.Code(err) == http.StatusNotFound {
		err = h.cluster.Merge(ctx, o, patch)
	}
	return err
}

func (h *Hook) follow(ctx context.Context, b back, end func(rollout) (bool, error), status string, l *call.Log) (string, error) {
	phase := ""
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		found, err := h.cluster.Get(ctx, b.object)
		if err != nil {
			return false, err
		}
		now := rollout{found}
		phase = now.phase()
		return end(now)
	})
	if err != nil {
		return rollback.Output("begun; the Rollout is " + cmp.Or(phase, "unseen")), err
	}
	l.Add("the Rollout is %s", rollback.Output(phase))
	return status, nil
}
