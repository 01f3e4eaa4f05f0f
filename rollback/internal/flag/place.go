package flag

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Place is one flag in one environment. In a hook's own Config, where it
// stands inline, it is the settings that name them; Of makes names of these.
type Place struct {
	Project     string `yaml:"project"`     // "": default
	Environment string `yaml:"environment"` // "": $environment
	Flag        string `yaml:"flag"`        // "": $group, which ramps of one flag share
}

// Whole is the settings with what holds where nothing is said, and what is
// wrong with them.
func (p Place) Whole() (Place, error) {
	p.Project, p.Environment, p.Flag = cmp.Or(p.Project, "default"), cmp.Or(p.Environment, "$environment"), cmp.Or(p.Flag, "$group")
	return p, errors.Join(naming.Check("project", p.Project), naming.Check("environment", p.Environment), naming.Check("flag", p.Flag))
}

// Of is the place that a plan is about. What is no plain name of the tool's is
// refused before anything is sent.
func (p Place) Of(plan rollback.Plan, tool string) (Place, error) {
	for _, one := range []struct {
		key  string
		name *string
	}{{"project", &p.Project}, {"environment", &p.Environment}, {"flag", &p.Flag}} {
		name, err := naming.Fill(one.key, *one.name, plan)
		if err != nil {
			return Place{}, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
		}
		if !naming.Plain(name) {
			return Place{}, fmt.Errorf("%w: %s: %q is no name in %s", rollback.ErrNotSent, one.key, name, tool)
		}
		*one.name = name
	}
	return p, nil
}

// String is how people call it.
func (p Place) String() string { return fmt.Sprintf("flag %s in %s", p.Flag, p.Environment) }
