package argocd

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/webhook"
)

// notification is the body of the shipped template. Its names are those of the Application
// (argoproj.io/v1alpha1).
type notification struct {
	Application struct {
		UID       string            `json:"uid"`
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Project   string            `json:"project"`
		Labels    map[string]string `json:"labels"`
	} `json:"application"`
	Destination struct {
		Server    string `json:"server"`
		Name      string `json:"name"`
		Namespace string `json:"namespace"`
	} `json:"destination"`
	Operation operation `json:"operation"`
	Health    struct {
		Status             string     `json:"status"`
		LastTransitionTime *time.Time `json:"lastTransitionTime"`
	} `json:"health"`
	History []entry  `json:"history"` // oldest first
	Images  []string `json:"images"`
	URL     string   `json:"url"`
}

// operation is status.operationState.
type operation struct {
	Phase       string     `json:"phase"`
	StartedAt   time.Time  `json:"startedAt"`
	FinishedAt  *time.Time `json:"finishedAt"`
	Revision    string     `json:"revision"`
	Revisions   []string   `json:"revisions"` // of an application with several sources
	InitiatedBy struct {
		Username  string `json:"username"`
		Automated bool   `json:"automated"`
	} `json:"initiatedBy"`
}

// entry is one deployment in the history.
type entry struct {
	ID              int64      `json:"id"`
	Revision        string     `json:"revision"`
	Revisions       []string   `json:"revisions"`
	DeployStartedAt *time.Time `json:"deployStartedAt"`
}

// check refuses what the template cannot have written.
func (n notification) check() error {
	required := webhook.Required{
		{"application.uid", n.Application.UID},
		{"application.name", n.Application.Name},
		{"operation.phase", n.Operation.Phase},
	}
	if err := required.Check(); err != nil {
		return err
	}
	if n.Operation.StartedAt.IsZero() {
		return changes.Bad("operation.startedAt is missing")
	}
	return nil
}

// event is the notification as an event, without its environment.
func (n notification) event() (sources.Event, error) {
	status, err := n.status()
	if err != nil {
		return sources.Event{}, err
	}
	version, previous := n.versions()
	if version == "" {
		return sources.Event{}, changes.Ignored("the operation names no revision yet")
	}
	change := webhook.ID("argocd", n.Application.UID, n.Operation.StartedAt.UTC().Format(time.RFC3339))
	e := sources.Event{
		EventID: change + ":" + string(status), ChangeID: change, Status: status, At: n.at(status),
		Service: n.Application.Name, Version: version, Previous: previous, Actor: n.actor(), URL: n.link(),
		Labels: webhook.Labels(map[string]string{
			"project": n.Application.Project, "namespace": n.Destination.Namespace,
			"images": strings.Join(n.Images, " "), "revisions": strings.Join(n.Operation.Revisions, " "),
		}),
	}
	if status == sources.Succeeded {
		e.Sequence = 1 // after a Degraded of the same moment
	}
	return e, nil
}

// status maps phase and health; the package comment has the table.
func (n notification) status() (sources.Status, error) {
	switch n.Operation.Phase {
	case "Running", "Terminating":
		return sources.Started, nil
	case "Failed", "Error":
		return sources.Failed, n.checkFinished()
	case "Succeeded":
		switch n.Health.Status {
		case "Healthy":
			return sources.Succeeded, n.checkFinished()
		case "Degraded":
			return sources.Failed, n.checkFinished()
		}
		return "", changes.Ignored("the sync succeeded, and its health is neither Healthy nor Degraded yet")
	}
	return "", changes.Bad("operation.phase is none of Argo CD's phases")
}

func (n notification) checkFinished() error {
	if n.Operation.FinishedAt == nil || n.Operation.FinishedAt.IsZero() {
		return changes.Bad("operation.finishedAt is missing")
	}
	return nil
}

// at is when the status was reached. An application that stayed healthy during the sync was so before
// the sync ended.
func (n notification) at(status sources.Status) time.Time {
	switch at := n.Health.LastTransitionTime; {
	case status == sources.Started:
		return n.Operation.StartedAt.UTC()
	case status == sources.Succeeded && at != nil && at.After(*n.Operation.FinishedAt):
		return at.UTC()
	}
	return n.Operation.FinishedAt.UTC()
}

// versions are the version that the operation deploys, and the newest other one of its history.
func (n notification) versions() (version, previous string) {
	now := revisions(n.Operation.Revision, n.Operation.Revisions)
	before := n.before(now)
	if len(now) == 0 {
		return "", ""
	}
	changed := 0
	if before != nil && len(before) == len(now) {
		changed = max(0, slices.IndexFunc(now, func(r string) bool { return !slices.Contains(before, r) }))
		previous = before[changed]
	}
	return now[changed], previous
}

// before are the revisions of the newest entry that was not made by this operation and differs from
// what it deploys.
func (n notification) before(now []string) []string {
	for _, e := range slices.Backward(n.History) {
		mine := e.DeployStartedAt != nil && e.DeployStartedAt.Equal(n.Operation.StartedAt)
		if was := revisions(e.Revision, e.Revisions); !mine && len(was) > 0 && !slices.Equal(was, now) {
			return was
		}
	}
	return nil
}

func revisions(one string, several []string) []string {
	if len(several) == 0 && one != "" {
		return []string{one}
	}
	return several
}

// environment is what the application says of where it deploys.
func (n notification) environment(from string) string {
	switch from {
	case "cluster":
		return cmp.Or(n.Destination.Name, n.Destination.Server)
	case "namespace":
		return n.Destination.Namespace
	case "project":
		return n.Application.Project
	}
	return n.Application.Labels[strings.TrimPrefix(from, "labels.")]
}

// actor is who synced.
func (n notification) actor() string {
	if n.Operation.InitiatedBy.Username == "" && n.Operation.InitiatedBy.Automated {
		return "automated sync"
	}
	return n.Operation.InitiatedBy.Username
}

// link is the application's page; "" where Argo CD does not know its own address and gives a default.
func (n notification) link() string {
	if strings.HasPrefix(n.URL, "https://localhost:4000/") {
		return ""
	}
	return webhook.Link(n.URL)
}
