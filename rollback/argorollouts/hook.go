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
	Namespace      string        `yaml:"namespace"`  // a name, or placeholders such as $environment
	Rollout        string        `yaml:"rollout"`    // "": $service
	Container      string        `yaml:"container"`  // the container whose image has the version; "": any
	AbortOnly      bool          `yaml:"abort_only"` // never change the spec: for Rollouts that a GitOps tool manages
	Timeout        time.Duration `yaml:"timeout"`    // of the whole rollback, with the steps; 0: DefaultTimeout
}

// Idempotent is true: restoring the same template, or aborting again, changes nothing.
func (c *Config) Idempotent() bool { return true }

// Aborts is true: this hook can stop a rollout that is in progress.
func (c *Config) Aborts() bool { return true }

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls Rollouts back. It is safe for concurrent use.
type Hook struct {
	config  Config
	cluster *cluster.Cluster
	now     func() time.Time
}

// New checks the configuration and reads the kubeconfig. It sends no request.
func New(c Config) (*Hook, error) {
	c.Rollout = cmp.Or(c.Rollout, "$service")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	switch {
	case c.Namespace == "":
		return nil, errors.New("namespace is missing: set a name, or a placeholder such as $environment")
	case c.Timeout < 0:
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	if err := errors.Join(naming.CheckPlaceholders("namespace", c.Namespace), naming.CheckPlaceholders("rollout", c.Rollout)); err != nil {
		return nil, err
	}
	open, err := cluster.Open(c.Config)
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, cluster: open, now: time.Now}, nil
}

// Do aborts a rollout that is in progress, restores the template, and follows the
// Rollout until it is healthy.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	a, err := h.inspect(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("%s: %w", a.object, err)
	}
	if a.alreadyLive() {
		return call.AlreadyLive(h.now(), w.Target()), nil
	}
	var log call.Log
	status, err := h.carryOut(ctx, a, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) carryOut(ctx context.Context, a action, l *call.Log) (string, error) {
	if a.abort {
		if err := h.abort(ctx, a.object); err != nil {
			return "", err
		}
		l.Add("abort %s", a.object)
	}
	if a.undo {
		l.Add("patch %s to the template of revision %d, %s", a.holderRef, a.revision.Number, cluster.ImageNames(a.revision.Template, h.config.Container))
		err := h.cluster.Patch(ctx, a.holderRef, a.templatePatch())
		if err != nil && a.abort {
			return "aborted", fmt.Errorf("the rollout was aborted and not undone: %w", call.WrapAfterAct(err))
		}
		if err != nil {
			return "", err
		}
	}
	if h.config.AbortOnly {
		return h.follow(ctx, a, abortTakenUp, "aborted", l)
	}
	return h.follow(ctx, a, a.finished, "rolled back", l)
}

// abort sets status.abort. Argo Rollouts before 0.9 has no status subresource; then it
// is set in the object itself.
func (h *Hook) abort(ctx context.Context, o cluster.Object) error {
	patch := map[string]any{"status": map[string]any{"abort": true}}
	err := h.cluster.Merge(ctx, o, patch, "status")
	if call.StatusCode(err) == http.StatusNotFound {
		err = h.cluster.Merge(ctx, o, patch)
	}
	return err
}

func (h *Hook) follow(ctx context.Context, a action, end func(rollout) (bool, error), status string, l *call.Log) (string, error) {
	phase := ""
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		found, err := h.cluster.Get(ctx, a.object)
		if err != nil {
			return false, err
		}
		now := rollout{found}
		phase = now.phase()
		rollback.ReportProgress(ctx, now.progress())
		return end(now)
	})
	if err != nil {
		return rollback.Output("started; the Rollout is " + cmp.Or(phase, "in an unknown phase")), err
	}
	l.Add("the Rollout is %s", rollback.Output(phase))
	return status, nil
}
