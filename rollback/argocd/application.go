package argocd

import (
	"errors"
	"fmt"

	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/rollback/internal/naming"
)

// application is what is read of GET /api/v1/applications/{name}.
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
	Operation *struct{} `json:"operation"` // asked for, and not yet taken up
	Status    struct {
		History   []entry        `json:"history"` // oldest first
		Operation operationState `json:"operationState"`
		Health    struct {
			Status string `json:"status"`
		} `json:"health"`
	} `json:"status"`
}

// entry is one deployment of the history.
type entry struct {
	ID        int64    `json:"id"`
	Revision  string   `json:"revision"`
	Revisions []string `json:"revisions"` // of an application with several sources
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

// is says whether an entry is of a version.
func (e entry) is(version string) bool {
	if revised(e.Revision, e.Revisions, version) {
		return true
	}
	for _, s := range append([]source{e.Source}, e.Sources...) {
		if s.is(version) {
			return true
		}
	}
	return false
}

func revised(one string, several []string, version string) bool {
	for _, r := range append([]string{one}, several...) {
		if naming.Same(r, version) {
			return true
		}
	}
	return false
}

// is looks at what a source was asked to be. Of Helm's parameters those that
// set an image are read: any other may have the version's text by chance.
func (s source) is(version string) bool {
	if naming.Same(s.TargetRevision, version) {
		return true
	}
	for _, image := range s.Kustomize.Images {
		if naming.Image(image, version) {
			return true
		}
	}
	for _, p := range s.Helm.Parameters {
		if (p.Name == "image.tag" || p.Name == "image.digest") && naming.Same(p.Value, version) {
			return true
		}
	}
	return false
}

// automated says whether auto-sync is on. Argo CD 3 can have it written down
// and switched off.
func (a application) automated() bool {
	policy := a.Spec.SyncPolicy.Automated
	return policy != nil && (policy.Enabled == nil || *policy.Enabled)
}

// owner is who made the application and will put it back as it was; "" for
// nobody.
func (a application) owner() string {
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

// running says whether an operation is under way, or asked for.
func (a application) running() bool {
	return a.Operation != nil || a.Status.Operation.Phase == "Running" || a.Status.Operation.Phase == "Terminating"
}

// step is what a rollback of the application comes to.
type step struct {
	settled bool  // the newest entry is of the version, and nothing is under way
	follow  bool  // an operation to this entry is under way already
	to      entry // else: the entry to go back to
}

// step finds the way to a version. Its error says for people why there is none.
func (a application) step(version string) (step, error) {
	history := a.Status.History
	if len(history) == 0 {
		return step{}, errors.New("the application has no history")
	}
	if a.Metadata.Deleted != "" {
		return step{}, errors.New("the application is being deleted")
	}
	sync := a.Status.Operation.Operation.Sync
	if a.running() {
		if a.Operation == nil && revised(sync.Revision, sync.Revisions, version) {
			return step{follow: true}, nil
		}
		return step{}, fmt.Errorf("%w: another operation is under way", rollback.ErrNotSent)
	}
	if history[len(history)-1].is(version) {
		return step{settled: true}, nil
	}
	for i := len(history) - 2; i >= 0; i-- {
		if history[i].is(version) {
			return step{to: history[i]}, nil
		}
	}
	return step{}, fmt.Errorf("none of the %d entries of the history is of version %q", len(history), version)
}
