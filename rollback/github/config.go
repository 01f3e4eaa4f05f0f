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

// maxInputs is the number of inputs that GitHub allows a workflow.
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

// check returns all mistakes in the configuration, joined.
func (c Config) check() error {
	var mistakes []error
	note := func(wrong bool, format string, args ...any) {
		if wrong {
			mistakes = append(mistakes, fmt.Errorf(format, args...))
		}
	}
	note(!slices.Contains([]string{"workflow", "deployment", "revert"}, c.Does), "does: write workflow, deployment or revert")
	note(c.Repository == "", "repository is missing: set owner/name, or $service")
	note(c.Does == "workflow" && !naming.IsPlainName(c.Workflow), "workflow: write the name of its file, such as rollback.yml, or its number")
	note(c.Does != "workflow" && (c.Workflow != "" || len(c.Inputs) > 0), "workflow and inputs need does: workflow")
	note(len(c.Inputs) > maxInputs, "inputs: GitHub allows at most %d", maxInputs)
	note(!slices.Contains([]string{"", "auto", "now"}, c.Merge), "merge: write auto or now, or leave it out to wait for a person")
	note(c.Does != "revert" && c.Merge != "", "merge needs does: revert")
	note(!slices.Contains([]string{"merge", "squash", "rebase"}, c.MergeMethod), "merge_method: write merge, squash or rebase")
	note(c.Timeout < 0, "timeout is negative: %s", c.Timeout)
	mistakes = append(mistakes, naming.CheckPlaceholders("repository", c.Repository), naming.CheckPlaceholders("environment", c.Environment), naming.CheckPlaceholders("commit", c.Commit))
	for name, value := range c.Inputs {
		mistakes = append(mistakes, naming.CheckPlaceholders("inputs."+name, value))
	}
	return errors.Join(mistakes...)
}

// repository names a repository. Both parts are valid segments of a URL path.
type repository struct{ owner, name string }

func (r repository) String() string { return r.owner + "/" + r.name }

// path is the URL path of something in the repository.
func (r repository) path(parts ...string) string {
	return call.Path(append([]string{"repos", r.owner, r.name}, parts...)...)
}

func (h *Hook) repository(p rollback.Plan) (repository, error) {
	full, err := naming.Fill("repository", h.config.Repository, p)
	if err != nil {
		return repository{}, err
	}
	owner, name, _ := strings.Cut(full, "/")
	if !naming.IsPlainName(owner) || !naming.IsPlainName(name) {
		return repository{}, fmt.Errorf("repository: %q is not owner/name", full)
	}
	return repository{owner, name}, nil
}
