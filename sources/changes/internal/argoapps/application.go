package argoapps

import (
	"encoding/json"
	"time"
)

// application holds the fields of an Application (argoproj.io/v1alpha1) that notifications have. What is
// only passed on stays as it is written.
type application struct {
	Metadata struct {
		UID       string            `json:"uid"`
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Spec struct {
		Project     string          `json:"project"`
		Destination json.RawMessage `json:"destination"`
	} `json:"spec"`
	Status struct {
		Health  health  `json:"health"`
		History []entry `json:"history"` // oldest first
		Summary struct {
			Images []string `json:"images"`
		} `json:"summary"`
		Operation state `json:"operationState"`
	} `json:"status"`
}

// state is status.operationState: the last operation, which runs or has ended.
type state struct {
	Phase      string     `json:"phase"`
	StartedAt  time.Time  `json:"startedAt"`
	FinishedAt *time.Time `json:"finishedAt"`
	Operation  struct {
		InitiatedBy json.RawMessage `json:"initiatedBy"`
	} `json:"operation"`
	Sync struct {
		Revision  string   `json:"revision"`
		Revisions []string `json:"revisions"`
	} `json:"syncResult"`
}

type health struct {
	Status             string     `json:"status"`
	LastTransitionTime *time.Time `json:"lastTransitionTime,omitempty"`
}

// entry is a sync that succeeded.
type entry struct {
	ID              int64           `json:"id"`
	Revision        string          `json:"revision,omitempty"`
	Revisions       []string        `json:"revisions,omitempty"`
	DeployStartedAt *time.Time      `json:"deployStartedAt,omitempty"`
	InitiatedBy     json.RawMessage `json:"initiatedBy,omitempty"`
}

// notification is the body that the shipped template makes of an application; deploy/argocd has it.
type notification struct {
	Application struct {
		UID       string            `json:"uid"`
		Name      string            `json:"name"`
		Namespace string            `json:"namespace"`
		Project   string            `json:"project"`
		Labels    map[string]string `json:"labels"`
	} `json:"application"`
	Destination json.RawMessage `json:"destination,omitempty"`
	Operation   operation       `json:"operation"`
	Health      health          `json:"health"`
	History     []entry         `json:"history"`
	Images      []string        `json:"images"`
}

type operation struct {
	Phase       string          `json:"phase"`
	StartedAt   time.Time       `json:"startedAt"`
	FinishedAt  *time.Time      `json:"finishedAt"`
	Revision    string          `json:"revision,omitempty"`
	Revisions   []string        `json:"revisions,omitempty"`
	InitiatedBy json.RawMessage `json:"initiatedBy,omitempty"`
}

// notifications are those that the application should have sent since a time, oldest first.
func (a application) notifications(since time.Time) (all []notification) {
	for i, e := range a.Status.History {
		if at := e.DeployStartedAt; at != nil && !at.Before(since) && !at.Equal(a.Status.Operation.StartedAt) {
			all = append(all, a.notification(operation{
				Phase: "Running", StartedAt: *at, Revision: e.Revision, Revisions: e.Revisions, InitiatedBy: e.InitiatedBy,
			}, a.Status.History[:i]))
		}
	}
	last := a.Status.Operation
	if last.StartedAt.IsZero() || !a.moved(since) {
		return all
	}
	return append(all, a.notification(operation{
		Phase: last.Phase, StartedAt: last.StartedAt, FinishedAt: last.FinishedAt, Revision: last.Sync.Revision, Revisions: last.Sync.Revisions,
		InitiatedBy: last.Operation.InitiatedBy,
	}, a.Status.History))
}

// moved says whether the last operation began, ended or became healthy since a time.
func (a application) moved(since time.Time) bool {
	after := func(at *time.Time) bool { return at != nil && !at.Before(since) }
	last := a.Status.Operation
	return after(&last.StartedAt) || after(last.FinishedAt) || after(a.Status.Health.LastTransitionTime)
}

func (a application) notification(o operation, history []entry) (n notification) {
	n.Application.UID, n.Application.Name, n.Application.Namespace = a.Metadata.UID, a.Metadata.Name, a.Metadata.Namespace
	n.Application.Project, n.Application.Labels = a.Spec.Project, a.Metadata.Labels
	n.Destination, n.Operation, n.Health, n.History, n.Images = a.Spec.Destination, o, a.Status.Health, history, a.Status.Summary.Images
	return n
}
