package github

import (
	"context"
	"fmt"

	"github.com/pushback/pushback/rollback"
)

func (v revert) dryRun(ctx context.Context, p rollback.Plan) (rollback.Preview, error) {
	w, err := v.way(ctx, p)
	if err != nil {
		return rollback.Preview{}, err
	}
	if w.found && w.revert.merged() {
		return rollback.Preview{AlreadyLive: true, Notes: []string{fmt.Sprintf("#%d is merged", w.revert.Number)}}, nil
	}
	step := fmt.Sprintf("POST %s revertPullRequest of #%d %q", v.graphql(), w.culprit.Number, rollback.Output(w.culprit.Title))
	if w.found {
		step = fmt.Sprintf("#%d reverts #%d already", w.revert.Number, w.culprit.Number)
	}
	preview := rollback.Preview{Steps: []string{step}}
	switch v.config.Merge {
	case "auto":
		preview.Steps = append(preview.Steps, "let it merge itself when its checks pass ("+v.config.MergeMethod+"), and look until it has")
	case "now":
		preview.Steps = append(preview.Steps, "merge it at once ("+v.config.MergeMethod+")")
	default:
		preview.Notes = []string{"merge is not set: the pull request waits for a person"}
	}
	return preview, nil
}

// verify looks whether the revert is merged. What then runs is for whatever
// deploys the branch to say, and to tell us of.
func (v revert) verify(ctx context.Context, p rollback.Plan) (rollback.RunningVersion, error) {
	w, err := v.way(ctx, p)
	if err != nil {
		return rollback.RunningVersion{}, err
	}
	s := rollback.RunningVersion{At: v.now().UTC(), Version: p.Change.Version, Detail: fmt.Sprintf("nothing reverts #%d", w.culprit.Number)}
	if w.found {
		s.Detail = fmt.Sprintf("#%d is open and not merged: %s", w.revert.Number, rollback.Output(w.revert.HTML))
	}
	if w.found && w.revert.merged() {
		s.TargetRuns, s.Version = true, rollback.Output(w.revert.MergeSHA)
		s.Detail = fmt.Sprintf("#%d is merged", w.revert.Number)
	}
	return s, nil
}

func (v revert) preflight(ctx context.Context, r repository) []rollback.Check {
	if v.config.Merge != "auto" {
		return nil
	}
	var found repositoryAnswer
	c := rollback.Check{What: "pull requests may merge themselves"}
	if err := v.api.Get(ctx, r.path(), &found); err != nil || found.AllowAutoMerge == nil {
		c.Skipped = "GitHub does not tell this token"
	} else if !*found.AllowAutoMerge {
		c.Problem, c.Hint = "the repository does not allow it", "Settings, General, Allow auto-merge; or `merge: now`"
	}
	return []rollback.Check{c}
}
