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

// Idempotent is the kind's own nature: a flag is turned to a value once.
func (c *Config) Idempotent() bool { return true }

// CallTimeout is how long a rollback may take.
func (c *Config) CallTimeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

// Hook turns flags. It is safe for concurrent use.
type Hook struct {
	config Config
	api    *call.API
	now    func() time.Time
}

// New checks the configuration, the token included, and calls nobody.
func New(c Config) (*Hook, error) {
	c.To, c.Timeout = cmp.Or(c.To, flag.ToOff), cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	place, err := c.Place.Whole()
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

// Do turns the flag. A share comes before on, so that nobody sees more on the
// way than at its end.
func (h *Hook) Do(ctx context.Context, w rollback.Warrant) (rollback.Receipt, error) {
	if !w.Valid() {
		return rollback.Receipt{}, rollback.ErrNoWarrant
	}
	ctx, cancel := context.WithTimeout(ctx, h.config.Timeout)
	defer cancel()
	t, err := h.look(ctx, w.Plan())
	if err != nil {
		return rollback.Receipt{}, err
	}
	if len(t.steps) == 0 {
		return call.Settled(h.now(), t.to.String()), nil
	}
	var log call.Log
	err = h.carryOut(ctx, t, &log)
	return log.Receipt(h.now(), fmt.Sprintf("%s to %s", t.place, t.to)), err
}

func (h *Hook) carryOut(ctx context.Context, t turn, l *call.Log) error {
	for i, step := range t.steps {
		answer, err := h.api.Act(ctx, step, nil)
		l.Add("%s %s: %s", step.Method, step.Path, answer.Status)
		l.Add("%s", answer.Body)
		if err != nil && i > 0 {
			err = fmt.Errorf("%d of %d steps are done: %w", i, len(t.steps), call.Begun(err))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DryRun looks at the flag and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	t, err := h.look(ctx, p)
	if err != nil {
		return rollback.Preview{}, err
	}
	preview := rollback.Preview{AlreadyLive: len(t.steps) == 0}
	for _, step := range t.steps {
		text := fmt.Sprintf("%s %s%s", step.Method, h.api.URL(), step.Path)
		if step.Body != nil {
			text += fmt.Sprintf(" /parameters/rollout: %s", flag.Percent(t.to.Thousandth))
		}
		preview.Steps = append(preview.Steps, text)
	}
	return preview, nil
}

// Verify looks at what the flag serves.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	t, err := h.look(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	return rollback.RunningVersion{At: h.now().UTC(), TargetRuns: len(t.steps) == 0, Version: t.now, Detail: t.place.String()}, nil
}

// Preflight looks whether the token is taken and the flag can be turned.
// Whether the environment wants change requests Unleash tells at the attempt
// alone, by a 403.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "put the token of a service account that may turn flags into token_file"
	if !p.Known() && naming.Fixed(h.config.Place.Project) && !naming.Fixed(h.config.Place.Environment+h.config.Place.Flag) {
		err := h.api.Get(ctx, call.Path("api", "admin", "projects", h.config.Place.Project, "features"), &struct{}{})
		return []rollback.Check{
			call.Reached("Unleash takes the token", err, hint),
			{What: "the flag", Skipped: "it follows from the change: " + h.config.Place.Flag},
		}
	}
	if !p.Known() && !naming.Fixed(h.config.Place.Project) {
		return []rollback.Check{{What: "the project", Skipped: "it follows from the change: " + h.config.Place.Project}}
	}
	if !p.Known() {
		p.Target = "off" // a fixed flag can be looked at without a change
	}
	t, err := h.look(ctx, p)
	return []rollback.Check{call.Reached(t.place.String()+" can be turned", err, hint)}
}

// operation is one step of a JSON patch, RFC 6902.
type operation struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value string `json:"value"`
}

func turnTo(p flag.Place, word string) call.Request {
	return call.Request{Method: http.MethodPost, Path: pathOf(p, word), ContentType: "application/json"} // asked for even without a body
}

func share(p flag.Place, strategy string, thousandths int) call.Request {
	return call.Request{
		Method: http.MethodPatch, Path: pathOf(p, "strategies", strategy),
		Body: []operation{{Op: "replace", Path: "/parameters/rollout", Value: flag.Percent(thousandths)}},
	}
}
