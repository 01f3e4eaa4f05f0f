package flag

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// Place is one flag in one environment. Inline in a hook's Config its fields are
// settings, which may have placeholders; Resolve turns them into names.
type Place struct {
	Project     string `yaml:"project"`     // "": default
	Environment string `yaml:"environment"` // "": $environment
	Flag        string `yaml:"flag"`        // "": $group, which all steps of one flag's ramp have in common
}

// WithDefaults returns the settings with defaults for empty ones, and an error for
// placeholders that are wrong.
func (p Place) WithDefaults() (Place, error) {
	p.Project, p.Environment, p.Flag = cmp.Or(p.Project, "default"), cmp.Or(p.Environment, "$environment"), cmp.Or(p.Flag, "$group")
	return p, errors.Join(naming.CheckPlaceholders("project", p.Project), naming.CheckPlaceholders("environment", p.Environment), naming.CheckPlaceholders("flag", p.Flag))
}

// Resolve returns the names for a plan. tool is the name of the tool, for errors. It
// refuses anything but plain names, before a request is sent.
func (p Place) Resolve(plan rollback.Plan, tool string) (Place, error) {
	for _, one := range []struct {
		key  string
		name *string
	}{{"project", &p.Project}, {"environment", &p.Environment}, {"flag", &p.Flag}} {
		name, err := naming.Fill(one.key, *one.name, plan)
		if err != nil {
			return Place{}, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
		}
		if !naming.IsPlainName(name) {
			return Place{}, fmt.Errorf("%w: %s: %q is not a valid name in %s", rollback.ErrNotSent, one.key, name, tool)
		}
		*one.name = name
	}
	return p, nil
}

// String describes the place for people.
func (p Place) String() string { return fmt.Sprintf("flag %s in %s", p.Flag, p.Environment) }
