package github

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// runDelivery holds the fields of a workflow_run event that are read.
type runDelivery struct {
	Action string `json:"action"`
	Run    struct {
		ID         int64     `json:"id"`
		Attempt    int64     `json:"run_attempt"`
		Name       string    `json:"name"`
		Path       string    `json:"path"`
		Event      string    `json:"event"`
		HeadSHA    string    `json:"head_sha"`
		HeadBranch string    `json:"head_branch"`
		Conclusion string    `json:"conclusion"`
		URL        string    `json:"html_url"`
		CreatedAt  time.Time `json:"created_at"`
		StartedAt  time.Time `json:"run_started_at"`
		UpdatedAt  time.Time `json:"updated_at"`
		Actor      account   `json:"actor"`
		Triggering account   `json:"triggering_actor"`
		Head       struct {
			FullName string `json:"full_name"`
		} `json:"head_repository"`
	} `json:"workflow_run"`
	Workflow struct {
		Name string `json:"name"`
		Path string `json:"path"`
	} `json:"workflow"`
	Repository struct {
		FullName string `json:"full_name"`
	} `json:"repository"`
}

// runEvent is the event of a workflow run.
func (c Config) runEvent(d runDelivery) (sources.Event, error) {
	if err := d.checkComplete(); err != nil {
		return sources.Event{}, err
	}
	w, err := c.workflowOf(d)
	if err != nil {
		return sources.Event{}, err
	}
	status, err := d.status()
	if err != nil {
		return sources.Event{}, err
	}
	r := d.Run
	attempt := max(r.Attempt, 1) // older Enterprise servers leave it out
	return sources.Event{
		EventID:  fmt.Sprintf("workflow_run:%d:%d:%s", r.ID, attempt, d.Action),
		ChangeID: fmt.Sprintf("github:%s/runs/%d/%d", d.Repository.FullName, r.ID, attempt),
		Status:   status, At: d.at(), Environment: w.Environment, Version: r.HeadSHA,
		Actor: cmp.Or(r.Triggering.Login, r.Actor.Login), URL: r.URL,
		Labels: withoutEmpty(map[string]string{"ref": r.HeadBranch, "workflow": cmp.Or(d.Workflow.Name, r.Name, d.path())}),
	}, nil
}

func (d runDelivery) checkComplete() error {
	switch {
	case d.Repository.FullName == "":
		return changes.Bad("repository.full_name is missing")
	case d.Run.ID <= 0:
		return changes.Bad("workflow_run.id is missing")
	case d.Run.HeadSHA == "":
		return changes.Bad("workflow_run.head_sha is missing")
	case d.at().IsZero():
		return changes.Bad("workflow_run.created_at is missing")
	}
	return nil
}

// at is when what the delivery reports happened.
func (d runDelivery) at() time.Time {
	began := d.Run.StartedAt
	if began.IsZero() {
		began = d.Run.CreatedAt
	}
	if d.Action == "requested" || d.Run.UpdatedAt.IsZero() {
		return began.UTC()
	}
	return d.Run.UpdatedAt.UTC()
}

// status maps action and conclusion; the package comment has the table.
func (d runDelivery) status() (sources.Status, error) {
	switch d.Action {
	case "requested", "in_progress":
		return sources.Started, nil
	case "completed":
	default:
		return "", changes.Ignored("the action of workflow_run is none of requested, in_progress and completed")
	}
	switch d.Run.Conclusion {
	case "success":
		return sources.Succeeded, nil
	case "failure", "cancelled", "timed_out", "startup_failure":
		return sources.Failed, nil
	case "skipped", "neutral", "stale", "action_required":
		return "", changes.Ignored("the workflow run deployed nothing: it ended as " + d.Run.Conclusion)
	}
	return "", changes.Bad("workflow_run.conclusion is none of GitHub's conclusions")
}

// workflowOf is the setting of the run's workflow. It ignores runs that deploy nothing: those of
// other workflows and branches, and those that a pull request or a fork began.
func (c Config) workflowOf(d runDelivery) (Workflow, error) {
	if strings.HasPrefix(d.Run.Event, "pull_request") || d.Run.Head.FullName != "" && !strings.EqualFold(d.Run.Head.FullName, d.Repository.FullName) {
		return Workflow{}, changes.Ignored("runs of pull requests and forks are not taken for deploys")
	}
	i := slices.IndexFunc(c.Workflows, func(w Workflow) bool { return w.names(d) })
	if i < 0 {
		return Workflow{}, changes.Ignored("the source's workflows do not name this workflow and branch")
	}
	return c.Workflows[i], nil
}

// names says whether the setting means the run's workflow, and its branch.
func (w Workflow) names(d runDelivery) bool {
	words := []string{d.Run.Name, d.Workflow.Name, d.path(), path.Base(d.path())}
	return slices.Contains(words, w.Workflow) && (len(w.Branches) == 0 || slices.ContainsFunc(w.Branches, func(glob string) bool {
		matches, _ := path.Match(glob, d.Run.HeadBranch)
		return matches
	}))
}

// path is the path of the workflow's file. GitHub adds the branch to it in some deliveries.
func (d runDelivery) path() string {
	file, _, _ := strings.Cut(cmp.Or(d.Run.Path, d.Workflow.Path), "@")
	return file
}
