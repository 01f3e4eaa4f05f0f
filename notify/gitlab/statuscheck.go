package gitlab

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/notify/internal/comment"
	"github.com/pushback/pushback/notify/internal/delivery"
	"github.com/pushback/pushback/sources/changes"
)

var (
	// statusCheck is what sources/changes/gitlab calls the status check of a merge request. It leads into the path of a
	// URL, and holds nothing but numbers.
	statusCheck = regexp.MustCompile(`^/projects/([1-9][0-9]{0,17})/merge_requests/([1-9][0-9]{0,17})/status_checks/([1-9][0-9]{0,17})$`)
	wholeSHA    = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

// Waits says which environment a merge request waits for, by its target branch. GitLab asks about the same commit again, so
// that the id of the question has the commit and no delivery. The target branch is not part of it: whoever changes it
// asks anew about the same status check.
func (g *Reporter) Waits(q changes.Question) (notify.Wait, error) {
	before, held := g.config.Protection[q.Environment]
	if !held {
		return notify.Wait{}, changes.Ignored("no report holds merge requests into this branch back: see protection in docs/reports.md. GitLab shows the status check as failed")
	}
	m := statusCheck.FindStringSubmatch(q.Callback)
	if m == nil {
		return notify.Wait{}, changes.Bad("project.id, object_attributes.iid or external_approval_rule.id is no number of GitLab's")
	}
	if !wholeSHA.MatchString(q.Version) {
		return notify.Wait{}, changes.Bad("object_attributes.last_commit.id is not a whole sha")
	}
	return notify.Wait{
		ID: q.Callback + "/" + q.Version, What: "merge request " + m[2], Place: q.Callback, ToolsWord: q.ToolsWord, Version: q.Version,
		Environment: before, AtMost: g.config.WaitAtMost, Again: true,
	}, nil
}

type checkBody struct {
	SHA    string `json:"sha"`
	Check  int64  `json:"external_status_check_id"`
	Status string `json:"status"`
}

// Answer sets the status of the check, and writes the reason, which a status has no room for, into a note. GitLab refuses a
// status with 409 once the commit is not the newest of the source branch: it asks about the newer one by itself.
//
// See docs.gitlab.com/api/status_checks/#set-status-of-an-external-status-check.
func (g *Reporter) Answer(ctx context.Context, w notify.Wait, a notify.Answer) error {
	m := statusCheck.FindStringSubmatch(w.Place)
	if m == nil {
		return fmt.Errorf("%w: what is stored of the merge request does not say which status check it is", notify.ErrPermanent)
	}
	check, _ := strconv.ParseInt(m[3], 10, 64) // eighteen digits at most
	merge := "/api/v4/projects/" + m[1] + "/merge_requests/" + m[2]
	err := g.api.Call(ctx, http.MethodPost, merge+"/status_check_responses", checkBody{w.Version, check, statusOf(a)}, nil)
	switch {
	case delivery.StatusOf(err) == http.StatusConflict:
		return fmt.Errorf("%w: %w", notify.ErrAnswered, err)
	case err != nil:
		return fmt.Errorf("status check of merge request %s: %w", m[2], err)
	case !g.config.Note:
		return nil
	}
	if err := g.explain(ctx, merge+"/notes", "status check "+m[3], a); err != nil {
		return fmt.Errorf("the status check is %s, and the note on merge request %s failed: %w", statusOf(a), m[2], err)
	}
	return nil
}

func statusOf(a notify.Answer) string {
	switch {
	case a.Pending:
		return "pending"
	case a.Approved:
		return "passed"
	}
	return "failed"
}

// explain keeps one note that gives the reason. One that says the same already is not written again: should a note
// ever make GitLab ask anew, that ends there.
func (g *Reporter) explain(ctx context.Context, notes, key string, a notify.Answer) error {
	body := noteBody{comment.Marker(key) + "\n" + comment.Answer(a)}
	found, err := g.findNote(ctx, notes, key)
	switch {
	case err != nil:
		return err
	case found.ID == 0:
		return g.api.Call(ctx, http.MethodPost, notes, body, nil)
	case strings.TrimSpace(found.Body) == strings.TrimSpace(body.Body):
		return nil
	}
	return g.api.Call(ctx, http.MethodPut, notes+"/"+strconv.FormatInt(found.ID, 10), body, nil)
}

// checkWrites refuses settings by which nothing would be written. A report that only answers status checks is one.
func (c Config) checkWrites() error {
	if !c.Status && !c.Note && !c.Any() {
		return errors.New("status and note are false, and there is no protection: nothing would be written")
	}
	return nil
}
