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
	DefaultTimeout    = time.Minute
	defaultURL        = "https://app.launchdarkly.com"
	apiVersion        = "20240415"
	semanticPatchType = "application/json; domain-model=launchdarkly.semanticpatch"
)

// Config is a hook of kind launchdarkly in pushback.yml.
type Config struct {
	URL       string                  `yaml:"url"`        // "": https://app.launchdarkly.com
	TokenFile string                  `yaml:"token_file"` // an access token that may update flags
	Place     flag.Place              `yaml:",inline"`    // the keys in LaunchDarkly
	To        flag.To                 `yaml:"to"`         // off, or previous; "": off
	Timeout   time.Duration           `yaml:"timeout"`    // 0: DefaultTimeout
	HTTP      config.HTTPClientConfig `yaml:"http"`       // TLS, proxy and headers, as Prometheus writes them
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
	c.URL, c.To, c.Timeout = cmp.Or(c.URL, defaultURL), cmp.Or(c.To, flag.ToOff), cmp.Or(c.Timeout, DefaultTimeout)
	if c.Timeout < 0 {
		return nil, fmt.Errorf("timeout is negative: %s", c.Timeout)
	}
	place, err := c.Place.WithDefaults()
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

// flagPath is the URL path of a flag.
func flagPath(p flag.Place) string { return call.Path("api", "v2", "flags", p.Project, p.Flag) }

// action is what a rollback of the flag has to do.
type action struct {
	place  flag.Place
	served string        // what the flag serves, for people
	target flag.Value    // the value to set
	steps  []instruction // none: the flag has the value already
}

// inspect reads the flag and decides how to set it to the plan's target.
func (h *Hook) inspect(ctx context.Context, p rollback.Plan) (a action, err error) {
	if a.place, err = h.config.Place.Resolve(p, tool); err != nil {
		return a, err
	}
	var f feature
	if err := h.api.Get(ctx, flagPath(a.place)+"?"+url.Values{"env": {a.place.Environment}}.Encode(), &f); err != nil {
		return a, err
	}
	e, found := f.Environments[a.place.Environment]
	if !found || f.Archived {
		return a, fmt.Errorf("%s is archived, or does not exist in this environment", a.place)
	}
	a.served = f.servedValue(e)
	if a.target, err = h.config.To.Value(p.Target); err != nil {
		return a, err
	}
	a.steps, err = f.instructions(e, a.target)
	return a, err
}

// patch is the body of a semantic patch.
type patch struct {
	Environment  string        `json:"environmentKey"`
	Comment      string        `json:"comment"`
	Instructions []instruction `json:"instructions"`
}

func (a action) patch(p rollback.Plan) patch {
	comment := fmt.Sprintf("Pushback: %s back to %s, order %s", a.place.Flag, a.target, p.Change.Key())
	return patch{Environment: a.place.Environment, Comment: comment, Instructions: a.steps}
}

// Do sets the flag.
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
	answer, err := h.api.Act(ctx, call.Request{
		Method: http.MethodPatch, Path: flagPath(a.place), Body: a.patch(w.Plan()), ContentType: semanticPatchType,
	}, nil)
	log.Add("PATCH %s, from %s to %s: %s", flagPath(a.place), a.served, a.target, answer.Status)
	log.Add("%s", answer.Body)
	status := answer.Status
	if err == nil {
		status = fmt.Sprintf("%s is %s", a.place, rollback.Output(a.target.String()))
	}
	return log.Receipt(h.now(), status), err
}

// DryRun reads the flag and says what Do would send.
func (h *Hook) DryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	a, err := h.inspect(ctx, p)
	if err != nil || len(a.steps) == 0 {
		return rollback.Preview{AlreadyLive: err == nil}, err
	}
	text, err := json.Marshal(a.patch(p))
	if err != nil {
		return rollback.Preview{}, fmt.Errorf("encoding the patch: %w", err)
	}
	return rollback.Preview{Steps: []string{fmt.Sprintf("PATCH %s%s %s", h.api.URL(), flagPath(a.place), text)}}, nil
}

// Verify reads what the flag serves.
func (h *Hook) Verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	a, err := h.inspect(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	return rollback.RunningVersion{At: h.now().UTC(), TargetRuns: len(a.steps) == 0, Version: a.served, Detail: a.place.String()}, nil
}

// Preflight checks that LaunchDarkly accepts the token, that the flag can be set, and
// whether LaunchDarkly requires an approval first. Without a plan it checks only the token
// if the flag depends on the change.
func (h *Hook) Preflight(ctx context.Context, p rollback.Plan) []rollback.Check {
	const hint = "token_file must hold an access token that may update flags"
	if !p.Known() && !naming.IsFixed(h.config.Place.Project+h.config.Place.Environment+h.config.Place.Flag) {
		err := h.api.Get(ctx, "/api/v2/caller-identity", &struct{}{})
		return []rollback.Check{
			call.ReachCheck("LaunchDarkly accepts the token", err, hint),
			{What: "the flag", Skipped: "the flag depends on the change: " + h.config.Place.Flag},
		}
	}
	place, err := h.config.Place.Resolve(p, tool)
	if err != nil {
		return []rollback.Check{{What: "the flag has a valid name", Problem: rollback.Output(err.Error()), Hint: "correct `flag`"}}
	}
	if !p.Known() {
		p.Target = "off" // a fixed flag can be read without a change
	}
	_, err = h.inspect(ctx, p)
	return []rollback.Check{call.ReachCheck(place.String()+" can be set", err, hint), h.checkApprovals(ctx, place)}
}

// checkApprovals checks whether LaunchDarkly requires that people approve changes of the
// environment. It would then refuse ours.
func (h *Hook) checkApprovals(ctx context.Context, p flag.Place) rollback.Check {
	var found struct {
		Approval struct {
			Required bool `json:"required"`
		} `json:"approvalSettings"`
	}
	c := rollback.Check{What: "LaunchDarkly requires no approval"}
	err := h.api.Get(ctx, call.Path("api", "v2", "projects", p.Project, "environments", p.Environment), &found)
	switch {
	case err != nil:
		c.Skipped = rollback.Output(err.Error())
	case found.Approval.Required:
		c.Skipped = "changes of the environment require an approval: LaunchDarkly refuses ours unless the token's role may bypass required approvals"
	}
	return c
}
