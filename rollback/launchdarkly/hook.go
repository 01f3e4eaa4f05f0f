package launchdarkly

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/common/config"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/flag"
	"github.com/pushback/pushback/rollback/internal/naming"
)

const (
	tool = "LaunchDarkly"
	// DefaultTimeout bounds a rollback where the configuration does not.
	DefaultTimeout = time.Minute
	defaultURL     = "https://app.launchdarkly.com"
	apiVersion     = "20240415"
	semantic       = "application/json; domain-model=launchdarkly.semanticpatch"
)

// Config is a hook of kind launchdarkly in pushback.yml.
type Config struct {
	URL       string                  `yaml:"url"`        // "": https://app.launchdarkly.com
	TokenFile string                  `yaml:"token_file"` // an access token that may update flags
	Place     flag.Place              `yaml:",inline"`    // by their keys
	To        flag.To                 `yaml:"to"`         // off, or previous; "": off
	Timeout   time.Duration           `yaml:"timeout"`    // 0: DefaultTimeout
	HTTP      config.HTTPClientConfig `yaml:"http"`       // TLS, proxy and headers, as Prometheus writes them
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
	c.URL, c.To, c.Timeout = cmp.Or(c.URL, defaultURL), cmp.Or(c.To, flag.ToOff), cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	place, err := c.Place.Whole()
	if err := errors.Join(c.To.Check(), err); err != nil {
		return nil, err
	}
	c.Place = place
	api, err := call.New(call.Options{
		Name: tool, URL: c.URL, TokenFile: c.TokenFile, HTTP: c.HTTP, Header: http.Header{"Ld-Api-Version": {apiVersion}},
	})
	if err != nil {
		return nil, err
	}
	return &Hook{config: c, api: api, now: time.Now}, nil
}

// pathOf is where LaunchDarkly keeps a flag.
func pathOf(p flag.Place) string { return call.Path("api", "v2", "flags", p.Project, p.Flag) }

// turn is what leads a flag to where a plan wants it.
type turn struct {
	place flag.Place
	now   string // what is served
	to    flag.Value
	steps []instruction
}

func (h *Hook) look(ctx context.Context, p rollback.Plan) (t turn, err error) {
	if t.place, err = h.config.Place.Of(p, tool); err != nil {
		return t, err
	}
	var f feature
	if err := h.api.Get(ctx, pathOf(t.place)+"?"+url.Values{"env": {t.place.Environment}}.Encode(), &f); err != nil {
		return t, err
	}
	e, found := f.Environments[t.place.Environment]
	if !found || f.Archived {
		return t, fmt.Errorf("%s is archived, or not in this environment", t.place)
	}
	t.now = f.serving(e)
	if t.to, err = h.config.To.Target(p.Target); err != nil {
		return t, err
	}
	t.steps, err = f.instructions(e, t.to)
	return t, err
}

// patch is the body of a semantic patch.
type patch struct {
	Environment  string        `json:"environmentKey"`
	Comment      string        `json:"comment"`
	Instructions []instruction `json:"instructions"`
}

func (t turn) patch(p rollback.Plan) patch {
	comment := fmt.Sprintf("Pushback: %s back to %s, order %s", t.place.Flag, t.to, p.Change.Key())
	return patch{Environment: t.place.Environment, Comment: comment, Instructions: t.steps}
}

// Do turns the flag.
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
	answer, err := h.api.Act(ctx, call.Request{
		Method: http.MethodPatch, Path: pathOf(t.place), Body: t.patch(w.Plan()), ContentType: semantic,
	}, nil)
	log.Add("PATCH %s, from %s to %s: %s", pathOf(t.place), t.now, t.to, answer.Status)
	log.Add("%s", answer.Body)
	status := answer.Status
	if err == nil {
		status = fmt.Sprintf("%s is %s", t.place, rollback.Output(t.to.String()))
	}
	return log.Receipt(h.now(), status), err
}

// DryRun looks at the flag and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	t, err := h.look(ctx, p)
	if err != nil || len(t.steps) == 0 {
		return rollback.Preview{AlreadyLive: err == nil}, err
	}
	text, err := json.Marshal(t.patch(p))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("writing the patch: %w", err)
	}
	return rollback.Preview{Steps: []string{fmt.Sprintf("PATCH %s%s %s", h.api.URL(), pathOf(t.place), text)}}, nil
}

// Verify looks at what the flag serves.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	t, err := h.look(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	return rollback.RunningVersion{At: h.now().UTC(), TargetRuns: len(t.steps) == 0, Version: t.now, Detail: t.place.String()}, nil
}

// Preflight looks whether the token is taken, and whether the flag can be
// turned without asking people in LaunchDarkly first.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "put an access token that may update flags into token_file"
	if !p.Known() && !naming.Fixed(h.config.Place.Project+h.config.Place.Environment+h.config.Place.Flag) {
		err := h.api.Get(ctx, "/api/v2/caller-identity", &struct{}{})
		return []rollback.Check{
			call.Reached("LaunchDarkly takes the token", err, hint),
			{What: "the flag", Skipped: "it follows from the change: " + h.config.Place.Flag},
		}
	}
	place, err := h.config.Place.Of(p, tool)
	if err != nil {
		return []rollback.Check{{What: "the flag has a name", Problem: rollback.Output(err.Error()), Hint: "see `flag`"}}
	}
	if !p.Known() {
		p.Target = "off" // a fixed flag can be looked at without a change
	}
	_, err = h.look(ctx, p)
	return []rollback.Check{call.Reached(place.String()+" can be turned", err, hint), h.approvals(ctx, place)}
}

// approvals finds out whether LaunchDarkly wants people to approve changes of
// the environment: it would refuse ours.
func (h *Hook) approvals(ctx context.Context, p flag.Place) rollback.Check {
	var found struct {
		Approval struct {
			Required bool `json:"required"`
		} `json:"approvalSettings"`
	}
	c := rollback.Check{What: "LaunchDarkly asks nobody to approve"}
	err := h.api.Get(ctx, call.Path("api", "v2", "projects", p.Project, "environments", p.Environment), &found)
	switch {
	case err != nil:
		c.Skipped = rollback.Output(err.Error())
	case found.Approval.Required:
		c.Skipped = "changes of the environment need one: it refuses ours, unless the token's role may bypass required approvals"
	}
	return c
}
