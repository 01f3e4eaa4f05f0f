package unleash

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/flag"
	"github.com/pushback/pushback/rollback/internal/naming"
)

const (
	tool = "Unleash"
	// DefaultTimeout bounds a rollback where the configuration does not.
	DefaultTimeout = time.Minute
)

// Config is a hook of kind unleash in pushback.yml.
type Config struct {
	URL       string                  `yaml:"url"`        // of Unleash itself, without /api
	TokenFile string                  `yaml:"token_file"` // of a service account that may update strategies and turn flags on and off
	Place     flag.Place              `yaml:",inline"`
	To        flag.To                 `yaml:"to"`      // off, or previous; "": off
	Timeout   time.Duration           `yaml:"timeout"` // 0: DefaultTimeout
	HTTP      config.HTTPClientConfig `yaml:"http"`    // TLS, proxy and headers, as Prometheus writes them
}

// SetDirectory makes relative file names start at dir.
func (c *Config) SetDirectory(dir string) {
	c.TokenFile = config.JoinDir(dir, c.TokenFile)
	c.HTTP.SetDirectory(dir)
}

// Idempotent is true: setting a flag to the same value again changes nothing.
func (c *Config) Idempotent() bool { return true }

// FixedTarget is off, unless the flag is set to what it served before.
func (c *Config) FixedTarget() string { return c.To.FixedTarget() }

// CallTimeout bounds a whole rollback.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook sets flags. It is safe for concurrent use.
type Hook struct {
	config Config
	api    *call.API
	now    func() time.Time
}

// New checks the configuration and reads the token file. It sends no request.
func New(c Config) (*Hook, error) {
	c.To, c.Timeout = cmp.Or(c.To, flag.ToOff), cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	place, err := c.Place.WithDefaults()
	if err := errors.Join(c.To.Check(), err); err != nil {
		return nil, err
	}
	c.Place = place
	api, err := call.New(call.Options{Name: tool, URL: c.URL, TokenFile: c.TokenFile, HTTP: c.HTTP})
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, api: api, now: time.Now}, nil
}

// Do sets the flag. The share is set before the flag is turned on, so that at no time more
// users get the new behaviour than at the end.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	a, err := h.inspect(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, err
	}
	if len(a.steps) == 0 {
		return call.AlreadyLive(h.now(), a.target.String()), nil
	}
	var log call.Log
	err = h.carryOut(ctx, a, &log)
	return log.Receipt(h.now(), fmt.Sprintf("%s to %s", a.place, a.target)), err
}

func (h *Hook) carryOut(ctx context.Context, a action, l *call.Log) error {
	for i, step := range a.steps {
		answer, err := h.api.Act(ctx, step, nil)
		l.Add("%s %s: %s", step.Method, step.Path, answer.Status)
		l.Add("%s", answer.Body)
		if err != nil && i > 0 {
			err = fmt.Errorf("%d of %d steps are done, and then: %w", i, len(a.steps), call.WrapAfterAct(err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DryRun reads the flag and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	a, err := h.inspect(ctx, p)
	if err != nil {
		return rollback.Preview{}, err
	}
	preview := rollback.Preview{AlreadyLive: len(a.steps) == 0}
	for _, step := range a.steps {
		text := fmt.Sprintf("%s %s%s", step.Method, h.api.URL(), step.Path)
		if step.Body != nil {
			text += fmt.Sprintf(" /parameters/rollout: %s", flag.FormatPercent(a.target.Thousandths))
		}
		preview.Steps = append(preview.Steps, text)
	}
	return preview, nil
}

// Verify reads what the flag serves.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	a, err := h.inspect(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	return rollback.RunningVersion{At: h.now().UTC(), TargetRuns: len(a.steps) == 0, Version: a.served, Detail: a.place.String()}, nil
}

// Preflight checks that Unleash accepts the token and that the flag can be set. It cannot
// check whether the environment requires change requests: Unleash only says so, by status
// 403, when a flag is set.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "token_file must hold the token of a service account that may turn flags on and off"
	if !p.Known() && naming.IsFixed(h.config.Place.Project) && !naming.IsFixed(h.config.Place.Environment+h.config.Place.Flag) {
		err := h.api.Get(ctx, call.Path("api", "admin", "projects", h.config.Place.Project, "features"), &struct{}{})
		return []rollback.Check{
			call.ReachCheck("Unleash accepts the token", err, hint),
			{What: "the flag", Skipped: "the flag depends on the change: " + h.config.Place.Flag},
		}
	}
	if !p.Known() && !naming.IsFixed(h.config.Place.Project) {
		return []rollback.Check{{What: "the project", Skipped: "the project depends on the change: " + h.config.Place.Project}}
	}
	if !p.Known() {
		p.Target = "off" // a fixed flag can be read without a change
	}
	a, err := h.inspect(ctx, p)
	return []rollback.Check{call.ReachCheck(a.place.String()+" can be set", err, hint)}
}

// operation is one step of a JSON patch, RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

func toggleRequest(p flag.Place, word string) call.Request {
	return call.Request{Method: http.MethodPost, Path: flagPath(p, word), ContentType: "application/json"} // required even without a body
}

func shareRequest(p flag.Place, strategy string, thousandths int) call.Request {
	return call.Request{
		Method: http.MethodPatch, Path: flagPath(p, "strategies", strategy),
		Body: []operation{{Op: "replace", Path: "/parameters/rollout", Value: flag.FormatPercent(thousandths)}},
	}
}
