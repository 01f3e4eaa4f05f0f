package argocd

import (
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// application holds the fields that are read from GET /api/v1/applications/{name}.
type application struct {
	Metadata struct {
		Name        string            `json:"name"`
		Deleted     string            `json:"deletionTimestamp"`
		Annotations map[string]string `json:"annotations"`
		Owners      []struct {
			Kind string `json:"kind"`
			Name string `json:"name"`
		} `json:"ownerReferences"`
	} `json:"metadata"`
	Spec struct {
		SyncPolicy struct {
			Automated *struct {
				Enabled *bool `json:"enabled"`
			} `json:"automated"`
		} `json:"syncPolicy"`
	} `json:"spec"`
	Operation *struct{} `json:"operation"` // requested and not yet started
	Status    struct {
		History   []entry        `json:"history"` // oldest first
		Operation operationState `json:"operationState"`
		Health    struct {
			Status string `json:"status"`
		} `json:"health"`
	} `json:"status"`
}

// entry is one deployment in the history.
type entry struct {
	ID        int64    `json:"id"`
	Revision  string   `json:"revision"`
	Revisions []string `json:"revisions"` // set for an application with several sources
	Source    source   `json:"source"`
	Sources   []source `json:"sources"`
}

type source struct {
	TargetRevision string `json:"targetRevision"`
	Kustomize      struct {
		Images []string `json:"images"`
	} `json:"kustomize"`
	Helm struct {
		Parameters []struct {
			Name  string `json:"name"`
			Value string `json:"value"`
		} `json:"parameters"`
	} `json:"helm"`
}

type operationState struct {
	Phase     string `json:"phase"`
	Message   string `json:"message"`
	StartedAt string `json:"startedAt"`
	Operation struct {
		Sync struct {
			Revision  string   `json:"revision"`
			Revisions []string `json:"revisions"`
		} `json:"sync"`
	} `json:"operation"`
}

// hasVersion reports whether an entry deployed a version.
func (e entry) hasVersion(version string) bool {
	if matchesVersion(e.Revision, e.Revisions, version) {
		return true
	}
	for _, s := range append([]source{e.Source}, e.Sources...) {
		if s.hasVersion(version) {
			return true
		}
	}
	return false
}

// matchesVersion reports whether a revision, or one of several, is the version.
func matchesVersion(one string, several []string, version string) bool {
	for _, r := range append([]string{one}, several...) {
		if naming.SameVersion(r, version) {
			return true
		}
	}
	return false
}

// hasVersion reports whether a source is configured with a version. Of Helm's
// parameters only those that set an image count, because another one may have the
// same text by chance.
func (s source) hasVersion(version string) bool {
	if naming.SameVersion(s.TargetRevision, version) {
		return true
	}
	for _, image := range s.Kustomize.Images {
		if naming.ImageHasVersion(image, version) {
			return true
		}
	}
	for _, p := range s.Helm.Parameters {
		if (p.Name == "image.tag" || p.Name == "image.digest") && naming.SameVersion(p.Value, version) {
			return true
		}
	}
	return false
}

// autoSyncOn reports whether auto-sync is on. In Argo CD 3 the policy may be present
// and disabled.
func (a application) autoSyncOn() bool {
	policy := a.Spec.SyncPolicy.Automated
	return policy != nil && (policy.Enabled == nil || *policy.Enabled)
}

// managedBy names what manages the application and would revert a change of it; "" if
// nothing does.
func (a application) managedBy() string {
	for _, o := range a.Metadata.Owners {
		if o.Kind == "ApplicationSet" {
			return "ApplicationSet " + rollback.Output(o.Name)
		}
	}
	if id := a.Metadata.Annotations["argocd.argoproj.io/tracking-id"]; id != "" {
		return "another application (" + rollback.Output(id) + ")"
	}
	return ""
}

// operationRunning reports whether an operation is running or requested.
func (a application) operationRunning() bool {
	return a.Operation != nil || a.Status.Operation.Phase == "Running" || a.Status.Operation.Phase == "Terminating"
}

// action is what a rollback of the application has to do.
type action struct {
	alreadyLive bool  // nothing: the newest entry has the version, and no operation runs
	follow      bool  // only follow: an operation to this version runs already
	to          entry // otherwise: roll back to this entry
}

// nextAction returns how to roll back to a version. Its error says for people why
// that is not possible.
func (a application) nextAction(version string) (action, error) {
	history := a.Status.History
	if len(history) == 0 {
		return action{}, errors.New("the application has no history")
	}
	if a.Metadata.Deleted != "" {
		return action{}, errors.New("the application is being deleted")
	}
	sync := a.Status.Operation.Operation.Sync
	if a.operationRunning() {
		if a.Operation == nil && matchesVersion(sync.Revision, sync.Revisions, version) {
			return action{follow: true}, nil
		}
		return action{}, fmt.Errorf("%w: another operation is running", rollback.ErrNotSent)
	}
	if history[len(history)-1].hasVersion(version) {
		return action{alreadyLive: true}, nil
	}
	for i := len(history) - 2; i >= 0; i-- {
		if history[i].hasVersion(version) {
			return action{to: history[i]}, nil
		}
	}
	return action{}, fmt.Errorf("none of the %d entries of the history has version %q", len(history), version)
}
