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

// revert opens a pull request that reverts the one which brought the version.
type revert struct{ *Hook }

// pull is a pull request, as the REST API lists it.
type pull struct {
	Number    int    `json:"number"`
	Node      string `json:"node_id"`
	State     string `json:"state"`
	Title     string `json:"title"`
	Body      string `json:"body"`
	HTML      string `json:"html_url"`
	MergedAt  string `json:"merged_at"`
	MergeSHA  string `json:"merge_commit_sha"`
	Mergeable *bool  `json:"mergeable"` // of one pull request alone; null while GitHub finds out
	Head      struct {
		Ref string `json:"ref"`
		SHA string `json:"sha"`
	} `json:"head"`
}

func (p pull) merged() bool { return p.MergedAt != "" }

// culprit is the merged pull request that brought a commit.
func (v revert) culprit(ctx context.Context, r repository, commit string) (pull, error) {
	var all []pull
	if err := v.api.Get(ctx, r.path("commits", commit, "pulls")+"?per_page=100", &all); err != nil {
		return pull{}, err
	}
	var merged []pull
	for _, p := range all {
		if p.merged() && naming.Same(p.MergeSHA, commit) {
			return p, nil
		}
		if p.merged() {
			merged = append(merged, p)
		}
	}
	if len(merged) == 1 {
		return merged[0], nil
	}
	return pull{}, fmt.Errorf("commit %s of %s was brought by %d merged pull requests: there must be one to revert", commit, r, len(merged))
}

// reverting is the newest revert of a pull request that is open or merged,
// ours or a person's. GitHub names its branch after what it reverts.
func (v revert) reverting(ctx context.Context, r repository, of pull, key string) (pull, bool, error) {
	var all []pull
	err := v.api.Get(ctx, r.path("pulls")+"?state=all&sort=created&direction=desc&per_page=100", &all)
	if err != nil {
		return pull{}, false, err
	}
	for _, p := range all {
		named := strings.HasPrefix(p.Head.Ref, fmt.Sprintf("revert-%d-", of.Number))
		if (named || strings.Contains(p.Body, marker(key))) && (p.merged() || p.State == "open") {
			return p, true, nil
		}
	}
	return pull{}, false, nil
}

// marker is the line by which a pull request of ours is known.
func marker(key string) string { return "Pushback-Key: " + key }

// way is what is to be done: nothing, go on with what is there, or revert.
type way struct {
	repository repository
	culprit    pull
	found      bool
	revert     pull
}

func (v revert) way(ctx context.Context, p rollback.Plan) (w way, err error) {
	if w.repository, err = v.repository(p); err != nil {
		return w, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	commit, err := naming.Fill("commit", v.config.Commit, p)
	if err != nil {
		return w, fmt.Errorf("%w: %w", rollback.ErrNotSent, err)
	}
	if w.culprit, err = v.culprit(ctx, w.repository, commit); err != nil {
		return w, err
	}
	w.revert, w.found, err = v.reverting(ctx, w.repository, w.culprit, p.Change.Key())
	return w, err
}

func (v revert) do(ctx context.Context, p rollback.Plan, l *call.Log) (string, error) {
	w, err := v.way(ctx, p)
	if err != nil {
		return "", err
	}
	if w.found && w.revert.merged() {
		return fmt.Sprintf("already reverted by #%d", w.revert.Number), nil
	}
	if !w.found {
		if w.revert, err = v.open(ctx, w.culprit, p, l); err != nil {
			return "", err
		}
	}
	l.Add("#%d reverts #%d: %s", w.revert.Number, w.culprit.Number, w.revert.HTML)
	if v.config.Merge == "" {
		return fmt.Sprintf("#%d is open and waits for a person", w.revert.Number), nil
	}
	if err := v.merge(ctx, w, l); err != nil {
		return fmt.Sprintf("#%d is open", w.revert.Number), err
	}
	return fmt.Sprintf("#%d is merged", w.revert.Number), nil
}

const revertMutation = `mutation($input: RevertPullRequestInput!) {
  revertPullRequest(input: $input) { revertPullRequest { id number url } }
}`

// open asks GitHub for the revert. The title is GitHub's own.
func (v revert) open(ctx context.Context, culprit pull, p rollback.Plan, l *call.Log) (pull, error) {
	var data struct {
		Revert struct {
			Made struct {
				ID     string `json:"id"`
				Number int    `json:"number"`
				URL    string `json:"url"`
			} `json:"revertPullRequest"`
		} `json:"revertPullRequest"`
	}
	body := fmt.Sprintf("%s.\n\nReverts #%d.\n\n%s\n", purpose(p), culprit.Number, marker(p.Change.Key()))
	err := v.mutate(ctx, revertMutation, map[string]any{"pullRequestId": culprit.Node, "body": body}, &data, l)
	if err != nil {
		return pull{}, err
	}
	made := data.Revert.Made
	if made.Number <= 0 {
		return pull{}, fmt.Errorf("%w: GitHub answered without a pull request", rollback.ErrOutcomeUnknown)
	}
	return pull{Number: made.Number, Node: made.ID, HTML: rollback.Output(made.URL), State: "open"}, nil
}

// merge merges the revert as configured, and looks until it is merged.
func (v revert) merge(ctx context.Context, w way, l *call.Log) error {
	if v.config.Merge == "auto" {
		err := v.autoMerge(ctx, w.revert, l)
		if err != nil && !errors.Is(err, errClean) {
			return err
		}
		if err == nil {
			return v.followMerge(ctx, w)
		}
	}
	if err := v.mergeable(ctx, w); err != nil {
		return err
	}
	path := w.repository.path("pulls", strconv.Itoa(w.revert.Number), "merge")
	answer, err := v.api.Act(ctx, call.Request{Method: http.MethodPut, Path: path, Body: map[string]string{"merge_method": v.config.MergeMethod}}, nil)
	l.Add("PUT %s: %s", path, answer.Status)
	if err != nil {
		return fmt.Errorf("the revert is open and not merged: %w", call.Begun(err))
	}
	return v.followMerge(ctx, w)
}

// mergeable waits until GitHub has found out whether the revert fits.
func (v revert) mergeable(ctx context.Context, w way) error {
	return call.Follow(ctx, func(ctx context.Context) (bool, error) {
		var now pull
		if err := v.pull(ctx, w, &now); err != nil || now.Mergeable == nil && !now.merged() {
			return false, err
		}
		if now.Mergeable != nil && !*now.Mergeable {
			return false, &call.Ended{Why: fmt.Sprintf("#%d is open, and conflicts with what came after: merge it by hand", w.revert.Number)}
		}
		return true, nil
	})
}

func (v revert) followMerge(ctx context.Context, w way) error {
	return call.Follow(ctx, func(ctx context.Context) (bool, error) {
		var now pull
		if err := v.pull(ctx, w, &now); err != nil || now.merged() {
			return err == nil, err
		}
		if now.State == "closed" {
			return false, &call.Ended{Why: fmt.Sprintf("#%d was closed and not merged", w.revert.Number)}
		}
		return false, nil
	})
}

func (v revert) pull(ctx context.Context, w way, into *pull) error {
	return v.api.Get(ctx, w.repository.path("pulls", strconv.Itoa(w.revert.Number)), into)
}
