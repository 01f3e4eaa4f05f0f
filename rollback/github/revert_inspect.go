package github

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
)

func (v revert) dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	a, err := v.inspect(ctx, p)
	if err != nil {
		return rollback.Preview{}, err
	}
	if a.found && a.revert.merged() {
		return rollback.Preview{AlreadyLive: true, Notes: []string{fmt.Sprintf("#%d is merged", a.revert.Number)}}, nil
	}
	step := fmt.Sprintf("POST %s revertPullRequest of #%d %q", v.graphql(), a.introducing.Number, rollback.Output(a.introducing.Title))
	if a.found {
		step = fmt.Sprintf("#%d reverts #%d already", a.revert.Number, a.introducing.Number)
	}
	preview := rollback.Preview{Steps: []string{step}}
	switch v.config.Merge {
	case "auto":
		preview.Steps = append(preview.Steps, "enable auto-merge ("+v.config.MergeMethod+"), and wait until its checks pass and it is merged")
	case "now":
		preview.Steps = append(preview.Steps, "merge it at once ("+v.config.MergeMethod+")")
	default:
		preview.Notes = []string{"merge is not set: the pull request waits for a person to merge it"}
	}
	return preview, nil
}

// verify reports whether the revert is merged. Which version then runs depends on what
// deploys the branch, and that reports its own change.
func (v revert) verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	a, err := v.inspect(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	s := rollback.RunningVersion{At: v.now().UTC(), Version: p.Change.Version, Detail: fmt.Sprintf("no pull request reverts #%d", a.introducing.Number)}
	if a.found {
		s.Detail = fmt.Sprintf("#%d is open and not merged: %s", a.revert.Number, rollback.Output(a.revert.HTML))
	}
	if a.found && a.revert.merged() {
		s.TargetRuns, s.Version = true, rollback.Output(a.revert.MergeSHA)
		s.Detail = fmt.Sprintf("#%d is merged", a.revert.Number)
	}
	return s, nil
}

func (v revert) preflight(ctx context.Context, r repository) []rollback.Check {
	if v.config.Merge != "auto" {
		return nil
	}
	var found repositoryAnswer
	c := rollback.Check{What: "the repository allows auto-merge"}
	if err := v.api.Get(ctx, r.path(), &found); err != nil || found.AllowAutoMerge == nil {
		c.Skipped = "GitHub does not show the setting to this token"
	} else if !*found.AllowAutoMerge {
		c.Problem, c.Hint = "the repository does not allow it", "enable Allow auto-merge in Settings, General; or set `merge: now`"
	}
	return []rollback.Check{c}
}
