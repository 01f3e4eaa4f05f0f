package unleash

import (
	"context"
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/flag"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// featureEnvironment holds the fields that are read from GET …/environments/{environment}.
type featureEnvironment struct {
	Enabled    bool       `json:"enabled"`
	Strategies []strategy `json:"strategies"`
}

type strategy struct {
	ID         string            `json:"id"`
	Name       string            `json:"name"`
	Disabled   bool              `json:"disabled"`
	Parameters map[string]string `json:"parameters"`
}

// gradualRollout returns the id and the share of the flag's only gradual rollout.
func (f featureEnvironment) gradualRollout() (id string, share flag.Value, err error) {
	n := 0
	for _, s := range f.Strategies {
		if s.Name != "flexibleRollout" || s.Disabled {
			continue
		}
		n++
		id = s.ID
		share, err = flag.Parse(s.Parameters["rollout"] + "%")
	}
	switch {
	case n != 1:
		return "", flag.Value{}, fmt.Errorf("a share needs a flag with one gradual rollout: this flag has %d", n)
	case err != nil:
		return "", flag.Value{}, fmt.Errorf("the share of its rollout is invalid: %w", err)
	case !naming.IsPlainName(id):
		return "", flag.Value{}, fmt.Errorf("the id %q of its rollout is invalid", rollback.Output(id))
	}
	return id, share, nil
}

// servedValue describes what the flag serves, for people.
func (f featureEnvironment) servedValue() string {
	if !f.Enabled {
		return string(flag.Off)
	}
	if _, share, err := f.gradualRollout(); err == nil {
		return share.String()
	}
	return string(flag.On)
}

// flagPath is the URL path of a flag in an environment, followed by parts.
func flagPath(p flag.Place, parts ...string) string {
	return call.Path(append([]string{"api", "admin", "projects", p.Project, "features", p.Flag, "environments", p.Environment}, parts...)...)
}

// action is what a rollback of the flag has to do.
type action struct {
	place  flag.Place
	served string         // what the flag serves, for people
	target flag.Value     // the value to set
	steps  []call.Request // none: the flag has the value already
}

// inspect reads the flag and decides how to set it to the plan's target.
func (h *Hook) inspect(ctx context.Context, p rollback.Plan) (a action, err error) {
	if a.place, err = h.config.Place.Resolve(p, tool); err != nil {
		return a, err
	}
	var f featureEnvironment
	if err := h.api.Get(ctx, flagPath(a.place), &f); err != nil {
		return a, err
	}
	a.served = f.servedValue()
	if a.target, err = h.config.To.Value(p.Target); err != nil {
		return a, err
	}
	a.steps, err = steps(a.place, f, a.target)
	return a, err
}

// steps returns the requests that set a flag to a value; none if it has the value already.
func steps(p flag.Place, f featureEnvironment, to flag.Value) (steps []call.Request, err error) {
	switch to.Kind {
	case flag.Off:
		if f.Enabled {
			steps = append(steps, toggleRequest(p, "off"))
		}
		return steps, nil
	case flag.Variation:
		return nil, fmt.Errorf("a flag of Unleash is off, on or a share, and cannot serve the variation %q", to.Name)
	case flag.Share:
		id, now, err := f.gradualRollout()
		if err == nil && to.Thousandths%1000 != 0 {
			err = errors.New("a share in Unleash must be in whole percents")
		}
		if err != nil {
			return nil, err
		}
		if now != to {
			steps = append(steps, shareRequest(p, id, to.Thousandths))
		}
	}
	if !f.Enabled {
		steps = append(steps, toggleRequest(p, "on"))
	}
	return steps, nil
}
