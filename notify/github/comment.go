package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
)

type commentBody struct {
	Body string `json:"body"`
}

// putComment updates the comment on the pull request, or makes it. A commit that came by no pull request has none.
func (g *Reporter) putComment(ctx context.Context, t target, r notify.Report, w *written) (err error) {
	if w.Pull == 0 {
		if w.Pull, err = g.findPull(ctx, t); err != nil {
			return fmt.Errorf("finding the pull request: %w", err)
		}
	}
	if w.Pull == 0 {
		return nil
	}
	if !g.config.Plot {
		r.Picture, r.PictureDark = "", ""
	}
	at := paths{t.repository + "/issues/comments/", fmt.Sprintf("%s/issues/%d/comments", t.repository, w.Pull)}
	err = g.update(ctx, &w.Comment, commentBody{comment.Render(r)}, at, func() (int64, error) { return g.findComment(ctx, at.create, r) })
	if err != nil {
		return fmt.Errorf("comment on pull request %d: %w", w.Pull, err)
	}
	return nil
}

// findPull returns the pull request that brought the commit, 0 for none: the one that was merged as this
// commit, else the one whose head it is, else the first that holds it.
func (g *Reporter) findPull(ctx context.Context, t target) (int64, error) {
	var pulls []struct {
		Number      int64  `json:"number"`
		MergeCommit string `json:"merge_commit_sha"`
		MergedAt    string `json:"merged_at"`
		Head        struct {
			SHA string `json:"sha"`
		} `json:"head"`
	}
	if err := g.api.Call(ctx, http.MethodGet, t.repository+"/commits/"+t.sha+"/pulls?per_page=100", nil, &pulls); err != nil || len(pulls) == 0 {
		return 0, err
	}
	for _, p := range pulls {
		if p.MergeCommit == t.sha && p.MergedAt != "" {
			return p.Number, nil
		}
	}
	for _, p := range pulls {
		if p.Head.SHA == t.sha {
			return p.Number, nil
		}
	}
	return pulls[0].Number, nil
}

// maxPages bounds the search for a comment, a hundred a page. Only those since the change began are asked for.
const maxPages = 20

// findComment returns the comment of the change, 0 for none.
func (g *Reporter) findComment(ctx context.Context, path string, r notify.Report) (int64, error) {
	query := url.Values{"per_page": {"100"}, "since": {r.StartedAt.Add(-time.Hour).UTC().Format(time.RFC3339)}}
	for page := 1; page <= maxPages; page++ {
		query.Set("page", strconv.Itoa(page))
		var found []found
		if err := g.api.Call(ctx, http.MethodGet, path+"?"+query.Encode(), nil, &found); err != nil {
			return 0, err
		}
		for _, c := range found {
			if c.ours(r.Key) {
				return c.ID, nil
			}
		}
		if len(found) < 100 {
			return 0, nil
		}
	}
	return 0, nil
}

type found struct {
	ID          int64  `json:"id"`
	Body        string `json:"body"`
	Association string `json:"author_association"`
	User        struct {
		Type string `json:"type"`
	} `json:"user"`
}

// ours reports whether the comment is that of the change. Strangers may comment on a public repository, and what
// they wrote could be edited by them: it is not taken for ours, whatever it begins with.
func (c found) ours(key string) bool {
	writes := slices.Contains([]string{"OWNER", "MEMBER", "COLLABORATOR"}, c.Association)
	return strings.HasPrefix(c.Body, comment.Marker(key)) && (writes || c.User.Type == "Bot")
}
