package github

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// maxInputs is how many inputs a workflow may have.
const maxInputs = 25

func (c Config) withDefaults() Config {
	c.URL = strings.TrimSuffix(cmp.Or(c.URL, defaultURL), "/")
	c.Environment = cmp.Or(c.Environment, "$environment")
	c.Ref = cmp.Or(c.Ref, "main")
	c.Task = cmp.Or(c.Task, "deploy")
	c.Commit = cmp.Or(c.Commit, "$version")
	c.MergeMethod = cmp.Or(c.MergeMethod, "merge")
	c.Timeout = cmp.Or(c.Timeout, DefaultTimeout)
	return c
}

// check says everything that is wrong, not only the first of it.
func (c Config) check() error {
	var wrong []error
	note := func(is bool, format string, args ...any) {
		if is {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	note(!slices.Contains([]string{"workflow", "deployment", "revert"}, c.Does), "does: write workflow, deployment or revert")
	note(c.Repository == "", "repository is missing: owner/name, or $service")
	note(c.Does == "workflow" && !naming.Plain(c.Workflow), "workflow: write the name of its file, such as rollback.yml, or its number")
	note(c.Does != "workflow" && (c.Workflow != "" || len(c.Inputs) > 0), "workflow and inputs belong to does: workflow")
	note(len(c.Inputs) > maxInputs, "inputs: GitHub takes at most %d", maxInputs)
	note(!slices.Contains([]string{"", "auto", "now"}, c.Merge), "merge: write auto or now, or leave it out to wait for a person")
	note(c.Does != "revert" && c.Merge != "", "merge belongs to does: revert")
	note(!slices.Contains([]string{"merge", "squash", "rebase"}, c.MergeMethod), "merge_method: write merge, squash or rebase")
	note(c.Timeout < 0, "timeout is negative: %s", c.Timeout)
	wrong = append(wrong, naming.Check("repository", c.Repository), naming.Check("environment", c.Environment), naming.Check("commit", c.Commit))
	for name, value := range c.Inputs {
		wrong = append(wrong, naming.Check("inputs."+name, value))
	}
	return errors.Join(wrong...)
}

// repository is owner and name, each fit to be a part of a path.
type repository struct{ owner, name string }

func (r repository) String() string { return r.owner + "/" + r.name }

// path is the address of something in the repository.
func (r repository) path(parts ...string) string {
	return call.Path(append([]string{"repos", r.owner, r.name}, parts...)...)
}

func (h *Hook) repository(p rollback.Plan) (repository, error) {
	full, err := naming.Fill("repository", h.config.Repository, p)
	if err != nil {
		return repository{}, err
	}
	owner, name, _ := strings.Cut(full, "/")
	if !naming.Plain(owner) || !naming.Plain(name) {
		return repository{}, fmt.Errorf("repository: %q is not owner/name", full)
	}
	return repository{owner, name}, nil
}
