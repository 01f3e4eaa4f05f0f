package argocd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// DefaultTimeout bounds a rollback where the configuration does not.
const DefaultTimeout = 10 * time.Minute

// Config is a hook of kind argocd in pushback.yml.
type Config struct {
	URL             string                  `yaml:"url"`               // of Argo CD's server
	TokenFile       string                  `yaml:"token_file"`        // of an account with applications, get and sync (and rollback, where it is enforced)
	Application     string                  `yaml:"application"`       // "": $service
	AppNamespace    string                  `yaml:"app_namespace"`     // where the application lives, if not with Argo CD
	Project         string                  `yaml:"project"`           // narrows the look-up; "": any
	Prune           bool                    `yaml:"prune"`             // delete what the version to go back to did not have
	DisableAutoSync bool                    `yaml:"disable_auto_sync"` // switch auto-sync off first, and leave it off
	Timeout         time.Duration           `yaml:"timeout"`           // of the whole; 0: DefaultTimeout
	HTTP            config.HTTPClientConfig `yaml:"http"`              // TLS, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Idempotent is the kind's own nature: an exact entry is rolled back to once.
func (c *Config) Idempotent() bool { return true }

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls applications back. It is safe for concurrent use.
type Hook struct {
	config Config
	api    *call.API
	now    func() time.Time
}

// New checks the configuration, the token included, and calls nobody.
func New(c Config) (*Hook, error) {
	c.Application = cmp.Or(c.Application, "$service")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	err := errors.Join(naming.Check("application", c.Application), naming.Check("app_namespace", c.AppNamespace), naming.Check("project", c.Project))
	if err != nil {
		return nil, err
	}
	api, err := call.New(call.Options{Name: "Argo CD", URL: c.URL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP})
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, api: api, now: time.Now}, nil
}

// named is one application, as it is called there.
type named struct{ name, namespace, project string }

func (h *Hook) named(p rollback.Plan) (n named, err error) {
	for _, one := range []struct {
		into         *string
		key, setting string
	}{
		{&n.name, "application", h.config.Application},
		{&n.namespace, "app_namespace", h.config.AppNamespace},
		{&n.project, "project", h.config.Project},
	} {
		if *one.into, err = naming.Fill(one.key, one.setting, p); err != nil {
			return n, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
		}
		if *one.into != "" && !naming.Plain(*one.into) {
			return n, fmt.Errorf("%w: %s: %q is no name in Argo CD", rollback.ErrNotSent, one.key, *one.into)
		}
	}
	return n, nil
}

func (n named) path(parts ...string) string {
	return call.Path(append([]string{"api", "v1", "applications", n.name}, parts...)...)
}

func (h *Hook) application(ctx context.Context, n named) (application, error) {
	query := url.Values{}
	for name, value := range map[string]string{"appNamespace": n.namespace, "project": n.project} {
		if value != "" {
			query.Set(name, value)
		}
	}
	path := n.path()
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	var a application
	return a, h.api.Get(ctx, path, &a)
}

// Do rolls the application back, and follows the operation to its end.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	n, err := h.named(w.Plan())
	if err != nil {
		return rollback.Receipt{}, err
	}
	a, err := h.application(ctx, n)
	if err != nil {
		return rollback.Receipt{}, err
	}
	step, err := a.step(w.Target())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("application %s: %w", n.name, err)
	}
	if step.settled {
		return call.Settled(h.now(), w.Target()), nil
	}
	var log call.Log
	status, err := h.carryOut(ctx, n, a, step, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) carryOut(ctx context.Context, n named, a application, s step, l *call.Log) (string, error) {
	before := a.Status.Operation.StartedAt
	if s.follow {
		return h.follow(ctx, n, "", l)
	}
	switched, err := h.disableAutoSync(ctx, n, a, l)
	if err != nil {
		return "", err
	}
	answer, err := h.api.Act(ctx, call.Request{Method: http.MethodPost, Path: n.path("rollback"), Body: h.request(n, s.to)}, nil)
	l.Add("POST %s, history id %d: %s", n.path("rollback"), s.to.ID, answer.Status)
	if err != nil {
		l.Add("%s", answer.FirstLine())
	}
	if err != nil && switched {
		return answer.Status, fmt.Errorf("auto-sync is off now, and: %w", call.Begun(err))
	}
	if err != nil {
		return answer.Status, err
	}
	l.Add("%s", answer.Body)
	return h.follow(ctx, n, before, l)
}

// rollbackRequest is the body of POST …/rollback.
type rollbackRequest struct {
	Name         string `json:"name"`
	ID           int64  `json:"id"`
	Prune        bool   `json:"prune"`
	DryRun       bool   `json:"dryRun"`
	AppNamespace string `json:"appNamespace,omitempty"`
	Project      string `json:"project,omitempty"`
}

func (h *Hook) request(n named, to entry) rollbackRequest {
	return rollbackRequest{Name: n.name, ID: to.ID, Prune: h.config.Prune, AppNamespace: n.namespace, Project: n.project}
}

// patchRequest is the body of PATCH …/{name}: the patch is a text in it.
type patchRequest struct {
	Name         string `json:"name"`
	Patch        string `json:"patch"`
	PatchType    string `json:"patchType"`
	AppNamespace string `json:"appNamespace,omitempty"`
	Project      string `json:"project,omitempty"`
}

// manual takes the automated policy out. Argo CD before 3 does not know
// `enabled: false` and would go on.
const manual = `{"spec":{"syncPolicy":{"automated":null}}}`

// disableAutoSync switches auto-sync off where the configuration says so. It
// is what Argo CD needs, and nothing that a rollback may do unasked.
func (h *Hook) disableAutoSync(ctx context.Context, n named, a application, l *call.Log) (bool, error) {
	if !a.automated() {
		return false, nil
	}
	if !h.config.DisableAutoSync {
		return false, errors.New("auto-sync is on, and Argo CD would undo the rollback: set disable_auto_sync, or revert in git")
	}
	answer, err := h.api.Act(ctx, call.Request{Method: http.MethodPatch, Path: n.path(), Body: patchRequest{
		Name: n.name, Patch: manual, PatchType: "merge", AppNamespace: n.namespace, Project: n.project,
	}}, nil)
	l.Add("PATCH %s, auto-sync off: %s", n.path(), answer.Status)
	if err != nil {
		return false, fmt.Errorf("switching auto-sync off: %w", err)
	}
	return true, nil
}

// follow looks until the operation that began after before has ended.
func (h *Hook) follow(ctx context.Context, n named, before string, l *call.Log) (string, error) {
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		a, err := h.application(ctx, n)
		o := a.Status.Operation
		if err != nil || a.running() || o.StartedAt == before {
			return false, err
		}
		if o.Phase != "Succeeded" {
			return false, &call.Ended{Why: rollback.Output(fmt.Sprintf("the operation ended as %s: %s", o.Phase, o.Message))}
		}
		return true, nil
	})
	if err != nil {
		return "the operation was begun", err
	}
	l.Add("the operation succeeded")
	return "rolled back", nil
}
