package argocd

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
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
	TokenFile       string                  `yaml:"token_file"`        // of an account with the rights applications get and sync (and rollback, if that is enforced)
	Application     string                  `yaml:"application"`       // "": $service
	AppNamespace    string                  `yaml:"app_namespace"`     // where the application lives, if not with Argo CD
	Project         string                  `yaml:"project"`           // the application must be in this project; "": any
	Prune           bool                    `yaml:"prune"`             // delete resources that the target version did not have
	DisableAutoSync bool                    `yaml:"disable_auto_sync"` // switch auto-sync off first, and leave it off
	Timeout         time.Duration           `yaml:"timeout"`           // of the whole rollback; 0: DefaultTimeout
	HTTP            config.HTTPClientConfig `yaml:"http"`              // TLS, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Idempotent is true: rolling back to the same entry again changes nothing.
func (c *Config) Idempotent() bool { return true }

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook rolls applications back. It is safe for concurrent use.
type Hook struct {
	config Config
	api    *call.API
	now    func() time.Time
}

// New checks the configuration and reads the token file. It sends no request.
func New(c Config) (*Hook, error) {
	c.Application = cmp.Or(c.Application, "$service")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	err := errors.Join(naming.CheckPlaceholders("application", c.Application), naming.CheckPlaceholders("app_namespace", c.AppNamespace), naming.CheckPlaceholders("project", c.Project))
	if err != nil {
		return nil, err
	}
	api, err := call.New(call.Options{Name: "Argo CD", URL: c.URL, TokenFile: c.TokenFile, Scheme: "Bearer ", HTTP: c.HTTP})
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, api: api, now: time.Now}, nil
}

// appName identifies one application in Argo CD.
type appName struct{ name, namespace, project string }

// resolveName replaces the placeholders of the settings. An invalid name is refused
// before a request is sent.
func (h *Hook) resolveName(p rollback.Plan) (n appName, err error) {
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
		if *one.into != "" && !naming.IsPlainName(*one.into) {
			return n, fmt.Errorf("%w: %s: %q is not a valid name in Argo CD", rollback.ErrNotSent, one.key, *one.into)
		}
	}
	return n, nil
}

func (n appName) path(parts ...string) string {
	return call.Path(append([]string{"api", "v1", "applications", n.name}, parts...)...)
}

func (h *Hook) getApplication(ctx context.Context, n appName) (application, error) {
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

// Do rolls the application back, and follows the operation until it ends.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	n, err := h.resolveName(w.Plan())
	if err != nil {
		return rollback.Receipt{}, err
	}
	a, err := h.getApplication(ctx, n)
	if err != nil {
		return rollback.Receipt{}, err
	}
	action, err := a.nextAction(w.Target())
	if err != nil {
		return rollback.Receipt{}, fmt.Errorf("application %s: %w", n.name, err)
	}
	if action.alreadyLive {
		return call.AlreadyLive(h.now(), w.Target()), nil
	}
	var log call.Log
	status, err := h.carryOut(ctx, n, a, action, &log)
	return log.Receipt(h.now(), status), err
}

func (h *Hook) carryOut(ctx context.Context, n appName, a application, s action, l *call.Log) (string, error) {
	before := a.Status.Operation.StartedAt
	if s.follow {
		return h.follow(ctx, n, "", l)
	}
	switched, err := h.disableAutoSync(ctx, n, a, l)
	if err != nil {
		return "", err
	}
	answer, err := h.api.Act(ctx, call.Request{Method: http.MethodPost, Path: n.path("rollback"), Body: h.newRollbackRequest(n, s.to)}, nil)
	l.Add("POST %s, history id %d: %s", n.path("rollback"), s.to.ID, answer.Status)
	if err != nil {
		l.Add("%s", answer.FirstLine())
	}
	if err != nil && switched {
		return answer.Status, fmt.Errorf("auto-sync was switched off, and then: %w", call.WrapAfterAct(err))
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

func (h *Hook) newRollbackRequest(n appName, to entry) rollbackRequest {
	return rollbackRequest{Name: n.name, ID: to.ID, Prune: h.config.Prune, AppNamespace: n.namespace, Project: n.project}
}

// patchRequest is the body of PATCH …/{name}. The patch itself is a string in it.
type patchRequest struct {
	Name         string `json:"name"`
	Patch        string `json:"patch"`
	PatchType    string `json:"patchType"`
	AppNamespace string `json:"appNamespace,omitempty"`
	Project      string `json:"project,omitempty"`
}

// autoSyncOffPatch removes the automated policy. `enabled: false` would not do,
// because Argo CD before version 3 does not know it.
const autoSyncOffPatch = `{"spec":{"syncPolicy":{"automated":null}}}`

// disableAutoSync switches auto-sync off, and reports whether it did. It needs the
// setting disable_auto_sync, because it changes more than the rollback does.
func (h *Hook) disableAutoSync(ctx context.Context, n appName, a application, l *call.Log) (bool, error) {
	if !a.autoSyncOn() {
		return false, nil
	}
	if !h.config.DisableAutoSync {
		return false, errors.New("auto-sync is on and would revert the rollback: set disable_auto_sync, or revert in git")
	}
	answer, err := h.api.Act(ctx, call.Request{Method: http.MethodPatch, Path: n.path(), Body: patchRequest{
		Name: n.name, Patch: autoSyncOffPatch, PatchType: "merge", AppNamespace: n.namespace, Project: n.project,
	}}, nil)
	l.Add("PATCH %s, auto-sync off: %s", n.path(), answer.Status)
	if err != nil {
		return false, fmt.Errorf("switching auto-sync off: %w", err)
	}
	return true, nil
}

// follow waits until an operation has ended that started at another time than before.
func (h *Hook) follow(ctx context.Context, n appName, before string, l *call.Log) (string, error) {
	err := call.Follow(ctx, func(ctx context.Context) (bool, error) {
		a, err := h.getApplication(ctx, n)
		o := a.Status.Operation
		if err == nil && o.StartedAt != before {
			rollback.ReportProgress(ctx, strings.TrimSuffix("the operation is "+o.Phase+": "+o.Message, ": "))
		}
		if err != nil || a.operationRunning() || o.StartedAt == before {
			return false, err
		}
		if o.Phase != "Succeeded" {
			return false, &call.FailedError{Why: rollback.Output(fmt.Sprintf("the operation ended as %s: %s", o.Phase, o.Message))}
		}
		return true, nil
	})
	if err != nil {
		return "the operation was started", err
	}
	l.Add("the operation succeeded")
	return "rolled back", nil
}
