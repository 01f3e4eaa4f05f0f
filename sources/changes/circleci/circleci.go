// Package circleci reads CircleCI's outbound webhooks
// (https://circleci.com/docs/reference/outbound-webhooks-reference/).
//
//	status                               becomes
//	success                              succeeded
//	failed, error, canceled, timedout,
//	infrastructure_fail                  failed
//	unauthorized, not_run, …             ignored
//
// CircleCI tells only the end. A job says when it began, and its start is told with its end. A
// workflow may have waited for days for an approval after it began, so that its start is not taken: set rollout.
//
// A change is one run of a workflow (workflow.id), of which one job deploys (job.id).
package circleci

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/signature"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// Config is one CircleCI in pushback.yml. One of Workflows and Jobs is needed.
type Config struct {
	webhook.Config `yaml:",inline"`
	Workflows      webhook.Globs `yaml:"workflows"` // those that deploy, by their names
	Jobs           webhook.Globs `yaml:"jobs"`      // those that deploy, by their names
	// EnvironmentFromName takes the name of the job or workflow for the environment, which environments
	// then maps: {deploy-prod: production}.
	EnvironmentFromName bool `yaml:"environment_from_name"`
}

// New checks the settings.
func New(o changes.Options, c Config) (*webhook.Source, error) {
	if len(c.Workflows)+len(c.Jobs) == 0 {
		return nil, c.Jobs.Require("jobs", "[deploy-*]")
	}
	if err := errors.Join(c.Workflows.Check("workflows"), c.Jobs.Check("jobs")); err != nil {
		return nil, err
	}
	return webhook.New(o, c.Config, c.read, signature.VersionedHexHMAC("Circleci-Signature", "v1"))
}

// delivery is a webhook of either type.
type delivery struct {
	ID         string    `json:"id"`
	Type       string    `json:"type"`
	HappenedAt time.Time `json:"happened_at"`
	Workflow   run       `json:"workflow"`
	Job        run       `json:"job"`
	Project    struct {
		Name string `json:"name"`
		Slug string `json:"slug"`
	} `json:"project"`
	Pipeline pipeline `json:"pipeline"`
}

// run is a workflow or a job.
type run struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Status    string     `json:"status"`
	URL       string     `json:"url"`
	StartedAt *time.Time `json:"started_at"` // of a job
}

type pipeline struct {
	VCS struct {
		Revision string `json:"revision"`
		Tag      string `json:"tag"`
		Branch   string `json:"branch"`
		Commit   struct {
			Author author `json:"author"`
		} `json:"commit"`
	} `json:"vcs"`
	Parameters struct { // of GitLab's and of the GitHub App's pipelines
		Git struct {
			SHA        string `json:"checkout_sha"`
			Tag        string `json:"tag"`
			Branch     string `json:"branch"`
			AuthorName string `json:"commit_author_name"`
		} `json:"git"`
	} `json:"trigger_parameters"`
}

type author struct {
	Name string `json:"name"`
}

func (c Config) read(_ http.Header, body []byte) ([]sources.Event, error) {
	var d delivery
	if err := changes.Decode(body, &d); err != nil {
		return nil, err
	}
	it, err := c.deploying(d)
	if err != nil {
		return nil, err
	}
	required := webhook.Required{{"project.slug", d.Project.Slug}, {d.kind() + ".id", it.ID}, {"pipeline.vcs.revision", d.Pipeline.revision()}}
	if err := required.Check(); err != nil {
		return nil, err
	}
	if d.HappenedAt.IsZero() {
		return nil, changes.Bad("happened_at is missing")
	}
	status, err := eventStatus(it.Status)
	if err != nil {
		return nil, err
	}
	return c.withStart(it, c.event(d, it, status)), nil
}

// kind is what the delivery is about, as the field is called.
func (d delivery) kind() string {
	if d.Type == "job-completed" {
		return "job"
	}
	return "workflow"
}

// deploying returns the run that the delivery is about, if it is one that deploys.
func (c Config) deploying(d delivery) (run, error) {
	it, wanted := d.Workflow, c.Workflows
	switch d.Type {
	case "":
		return run{}, changes.Bad("type is missing")
	case "job-completed":
		it, wanted = d.Job, c.Jobs
	case "workflow-completed":
	default:
		return run{}, changes.Ignored("type is neither job-completed nor workflow-completed")
	}
	if it.Name == "" {
		return run{}, changes.Bad("%s.name is missing", d.kind())
	}
	if !wanted.Match(it.Name) {
		return run{}, changes.Ignored(d.kind() + "s names none of that name")
	}
	return it, nil
}

func (c Config) event(d delivery, it run, status sources.Status) sources.Event {
	vcs, git := d.Pipeline.VCS, d.Pipeline.Parameters.Git
	change := webhook.ID("circleci", d.kind(), it.ID)
	e := sources.Event{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: d.HappenedAt.UTC(),
		Service: d.Project.Slug, Version: cmp.Or(vcs.Tag, git.Tag, d.Pipeline.revision()),
		Actor: cmp.Or(vcs.Commit.Author.Name, git.AuthorName), URL: webhook.Link(d.Workflow.URL),
		Labels: webhook.Labels(map[string]string{"workflow": d.Workflow.Name, "job": d.Job.Name, "branch": cmp.Or(vcs.Branch, git.Branch), "commit": d.Pipeline.revision()}),
	}
	if c.EnvironmentFromName {
		e.Environment = it.Name
	}
	return e
}

// withStart puts a job's start before its end.
func (c Config) withStart(it run, end sources.Event) []sources.Event {
	if it.StartedAt == nil || it.StartedAt.IsZero() || it.StartedAt.After(end.At) || c.Rollout > 0 {
		return []sources.Event{end}
	}
	start := end
	start.EventID, start.Status, start.At = end.ChangeID+":started", sources.Started, it.StartedAt.UTC()
	return []sources.Event{start, end}
}

func (p pipeline) revision() string { return cmp.Or(p.VCS.Revision, p.Parameters.Git.SHA) }

// eventStatus maps the status; the package comment has the table.
func eventStatus(status string) (sources.Status, error) {
	switch status {
	case "success":
		return sources.Succeeded, nil
	case "failed", "error", "canceled", "timedout", "infrastructure_fail":
		return sources.Failed, nil
	case "":
		return "", changes.Bad("status is missing")
	}
	return "", changes.Ignored("it did not run to an end")
}
