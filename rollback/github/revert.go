package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/call"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// revert rolls back by a pull request that reverts the one which introduced the version.
type revert struct{ *Hook }

// pull is a pull request in an answer of the REST API.
type pull struct {
	Number    int    `json:"number"`
	Node      string `json:"node_id"`
	State     string `json:"state"`
	Title     string `json:"title"`
	Body      string `json:"body"`
	HTML      string `json:"html_url"`
	MergedAt  string `json:"merged_at"`
	MergeSHA  string `json:"merge_commit_sha"`
	Mergeable *bool  `json:"mergeable"` // only if one pull request was read; null while GitHub computes it
	Head      struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	} `json:"head"`
}

func (p pull) merged() bool { return p.MergedAt != "" }

// findIntroducing returns the merged pull request that introduced a commit.
func (v revert) findIntroducing(ctx context.Context, r repository, commit string) (pull, error) {
	var all []pull
	if err := v.api.Get(ctx, r.path("commits", commit, "pulls")+"?per_page=100", &all); err != nil {
		return pull{}, err
	}
	var merged []pull
	for _, p := range all {
		if p.merged() && naming.SameVersion(p.MergeSHA, commit) {
			return p, nil
		}
		if p.merged() {
			merged = append(merged, p)
		}
	}
	if len(merged) == 1 {
		return merged[0], nil
	}
	return pull{}, fmt.Errorf("commit %s of %s was introduced by %d merged pull requests: exactly one can be reverted", commit, r, len(merged))
}

// findRevert returns the newest revert of a pull request that is open or merged, ours or
// a person's. GitHub names its branch after the reverted pull request.
func (v revert) findRevert(ctx context.Context, r repository, of pull, key string) (pull, bool, error) {
	var all []pull
	err := v.api.Get(ctx, r.path("pulls")+"?state=all&sort=created&direction=desc&per_page=100", &all)
	if err != nil {
		return pull{}, false, err
	}
	for _, p := range all {
		reverts := strings.HasPrefix(p.Head.Ref, fmt.Sprintf("revert-%d-", of.Number))
		if (reverts || strings.Contains(p.Body, keyMarker(key))) && (p.merged() || p.State == "open") {
			return p, true, nil
		}
	}
	return pull{}, false, nil
}

// keyMarker is the line that marks a pull request as ours.
func keyMarker(key string) string { return "Pushback-Key: " + key }

// revertAction is what the rollback has to do.
type revertAction struct {
	repository  repository
	introducing pull // the pull request to revert
	found       bool // there is a revert already
	revert      pull // the revert: found, or opened by us
}

// inspect finds the pull request to revert, and an existing revert of it.
func (v revert) inspect(ctx context.Context, p rollback.Plan) (a revertAction, err error) {
	if a.repository, err = v.repository(p); err != nil {
		return a, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	commit, err := naming.Fill("commit", v.config.Commit, p)
	if err != nil {
		return a, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if a.introducing, err = v.findIntroducing(ctx, a.repository, commit); err != nil {
		return a, err
	}
	a.revert, a.found, err = v.findRevert(ctx, a.repository, a.introducing, p.Change.Key())
	return a, err
}

func (v revert) do(ctx context.Context, p rollback.Plan, l *call.Log) (string, error) {
	a, err := v.inspect(ctx, p)
	if err != nil {
		return "", err
	}
	if a.found && a.revert.merged() {
		return fmt.Sprintf("already reverted by #%d", a.revert.Number), nil
	}
	if !a.found {
		if a.revert, err = v.open(ctx, a.introducing, p, l); err != nil {
			return "", err
		}
	}
	l.Add("#%d reverts #%d: %s", a.revert.Number, a.introducing.Number, a.revert.HTML)
	if v.config.Merge == "" {
		return fmt.Sprintf("#%d is open and waits for a person", a.revert.Number), nil
	}
	if err := v.merge(ctx, a, l); err != nil {
		return fmt.Sprintf("#%d is open", a.revert.Number), err
	}
	return fmt.Sprintf("#%d is merged", a.revert.Number), nil
}

const revertMutation = `mutation($input: RevertPullRequestInput!) {
  revertPullRequest(input: $input) { revertPullRequest { id number url } }
}`

// open creates the revert, with the title that GitHub gives it.
func (v revert) open(ctx context.Context, introducing pull, p rollback.Plan, l *call.Log) (pull, error) {
	var data struct {
		Revert struct {
			Made struct {
				ID     string `json:"id"`
				Number int    `json:"number"`
				URL    string `json:"url"`
			} `json:"revertPullRequest"`
		} `json:"revertPullRequest"`
	}
	body := fmt.Sprintf("%s.\n\nReverts #%d.\n\n%s\n", describeRollback(p), introducing.Number, keyMarker(p.Change.Key()))
	err := v.mutate(ctx, revertMutation, map[string]any{"pullRequestId": introducing.Node, "body": body}, &data, l)
	if err != nil {
		return pull{}, err
	}
	made := data.Revert.Made
	if made.Number <= 0 {
		return pull{}, fmt.Errorf("%w: GitHub answered without the number of a pull request", rollback.ErrOutcomeUnknown)
	}
	return pull{Number: made.Number, Node: made.ID, HTML: rollback.Output(made.URL), State: "open"}, nil
}

// merge merges the revert as configured, and waits until it is merged.
func (v revert) merge(ctx context.Context, a revertAction, l *call.Log) error {
	if v.config.Merge == "auto" {
		err := v.autoMerge(ctx, a.revert, l)
		if err != nil && !errors.Is(err, errMergeableNow) {
			return err
		}
		if err == nil {
			return v.followMerge(ctx, a)
		}
	}
	if err := v.waitMergeable(ctx, a); err != nil {
		return err
	}
	path := a.repository.path("pulls", strconv.Itoa(a.revert.Number), "merge")
	answer, err := v.api.Act(ctx, call.Request{Method: http.MethodPut, Path: path, Body: map[string]string{"merge_method": v.config.MergeMethod}}, nil)
	l.Add("PUT %s: %s", path, answer.Status)
	if err != nil {
		return fmt.Errorf("the revert is open and could not be merged: %w", call.WrapAfterAct(err))
	}
	return v.followMerge(ctx, a)
}

// waitMergeable waits until GitHub has computed whether the revert can be merged.
func (v revert) waitMergeable(ctx context.Context, a revertAction) error {
	return call.Follow(ctx, func(ctx context.Context) (bool, error) {
		var now pull
		if err := v.getPull(ctx, a, &now); err != nil || now.Mergeable == nil && !now.merged() {
			return false, err
		}
		if now.Mergeable != nil && !*now.Mergeable {
			return false, &call.FailedError{Why: fmt.Sprintf("#%d is open and conflicts with later changes: merge it by hand", a.revert.Number)}
		}
		return true, nil
	})
}

func (v revert) followMerge(ctx context.Context, a revertAction) error {
	return call.Follow(ctx, func(ctx context.Context) (bool, error) {
		var now pull
		if err := v.getPull(ctx, a, &now); err != nil || now.merged() {
			return err == nil, err
		}
		if now.State == "closed" {
			return false, &call.FailedError{Why: fmt.Sprintf("#%d was closed and not merged", a.revert.Number)}
		}
		return false, nil
	})
}

func (v revert) getPull(ctx context.Context, a revertAction, into *pull) error {
	return v.api.Get(ctx, a.repository.path("pulls", strconv.Itoa(a.revert.Number)), into)
}
