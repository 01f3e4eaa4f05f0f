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

// featureEnvironment is what is read of GET …/environments/{environment}.
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

// rollout is the flag's one gradual rollout, and its share.
func (f featureEnvironment) rollout() (id string, share flag.Value, err error) {
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
		return "", flag.Value{}, fmt.Errorf("a share is of a flag with one gradual rollout: this one has %d", n)
	case err != nil:
		return "", flag.Value{}, fmt.Errorf("its rollout is no share: %w", err)
	case !naming.Plain(id):
		return "", flag.Value{}, fmt.Errorf("its rollout's id %q is none", rollback.Output(id))
	}
	return id, share, nil
}

// serving is what is served, for people.
func (f featureEnvironment) serving() string {
	if !f.Enabled {
		return string(flag.Off)
	}
	if _, share, err := f.rollout(); err == nil {
		return share.String()
	}
	return string(flag.On)
}

// pathOf is where Unleash keeps a flag in an environment.
func pathOf(p flag.Place, parts ...string) string {
	return call.Path(append([]string{"api", "admin", "projects", p.Project, "features", p.Flag, "environments", p.Environment}, parts...)...)
}

// turn is what leads a flag to where a plan wants it.
type turn struct {
	place flag.Place
	now   string // what is served
	to    flag.Value
	steps []call.Request
}

func (h *Hook) look(ctx context.Context, p rollback.Plan) (t turn, err error) {
	if t.place, err = h.config.Place.Of(p, tool); err != nil {
		return t, err
	}
	var f featureEnvironment
	if err := h.api.Get(ctx, pathOf(t.place), &f); err != nil {
		return t, err
	}
	t.now = f.serving()
	if t.to, err = h.config.To.Target(p.Target); err != nil {
		return t, err
	}
	t.steps, err = steps(t.place, f, t.to)
	return t, err
}

// steps lead from how a flag is to a value; none where it is that already.
func steps(p flag.Place, f featureEnvironment, to flag.Value) (steps []call.Request, err error) {
	switch to.Kind {
	case flag.Off:
		if f.Enabled {
			steps = append(steps, turnTo(p, "off"))
		}
		return steps, nil
	case flag.Variation:
		return nil, fmt.Errorf("a flag of Unleash serves off, on or a share, and no variation %q", to.Name)
	case flag.Share:
		id, now, err := f.rollout()
		if err == nil && to.Thousandth%1000 != 0 {
			err = errors.New("a share in Unleash is of whole percents")
		}
		if err != nil {
			return nil, err
		}
		if now != to {
			steps = append(steps, share(p, id, to.Thousandth))
		}
	}
	if !f.Enabled {
		steps = append(steps, turnTo(p, "on"))
	}
	return steps, nil
}
