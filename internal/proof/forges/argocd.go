package forges

import (
	"encoding/json"
	"maps"
	"net/http"
	"testing"
)

// ArgoCD is a scripted API of Argo CD with one Application, cart in the project shop.
type ArgoCD struct {
	forge
	token       string
	annotations map[string]string
}

// NewArgoCD starts an Argo CD that takes one token.
func NewArgoCD(t testing.TB, token string) *ArgoCD {
	t.Helper()
	a := &ArgoCD{token: token, annotations: map[string]string{"team": "shop"}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/v1/applications/{name}", a.get)
	mux.HandleFunc("PATCH /api/v1/applications/{name}", a.patch)
	a.start(t, mux, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("Authorization") != "Bearer "+a.token {
			answer(w, http.StatusUnauthorized, map[string]any{"error": "no session information", "code": 16})
			return false
		}
		return true
	})
	return a
}

// there answers as Argo CD does where the application is not there: with 403, so that nobody learns which
// applications there are, unless the request names the project.
func (a *ArgoCD) there(w http.ResponseWriter, name, project string) bool {
	if name == "cart" && (project == "" || project == "shop") {
		return true
	}
	status, code := http.StatusForbidden, 7
	if project != "" {
		status, code = http.StatusNotFound, 5
	}
	answer(w, status, map[string]any{"error": "permission denied or not found", "code": code})
	return false
}

func (a *ArgoCD) get(w http.ResponseWriter, r *http.Request) {
	if a.there(w, r.PathValue("name"), r.URL.Query().Get("project")) {
		answer(w, http.StatusOK, a.document())
	}
}

func (a *ArgoCD) document() map[string]any {
	return map[string]any{"metadata": map[string]any{"name": "cart", "annotations": a.annotations}, "spec": map[string]any{"project": "shop"}}
}

// patch takes an ApplicationPatchRequest, whose patch is a JSON document as text.
func (a *ArgoCD) patch(w http.ResponseWriter, r *http.Request) {
	var q struct {
		Name         string `json:"name"`
		AppNamespace string `json:"appNamespace"`
		Project      string `json:"project"`
		Patch        string `json:"patch"`
		PatchType    string `json:"patchType"`
	}
	if !read(w, r, &q) || !a.there(w, r.PathValue("name"), q.Project) {
		return
	}
	var patch struct {
		Metadata struct {
			Annotations map[string]*string `json:"annotations"`
		} `json:"metadata"`
	}
	if q.PatchType != "merge" || q.Name != r.PathValue("name") || json.Unmarshal([]byte(q.Patch), &patch) != nil {
		answer(w, http.StatusBadRequest, map[string]any{"error": "Patch type " + q.PatchType + " or patch is not supported", "code": 3})
		return
	}
	for name, value := range patch.Metadata.Annotations {
		if delete(a.annotations, name); value != nil {
			a.annotations[name] = *value
		}
	}
	answer(w, http.StatusOK, a.document())
}

// Annotations are those of the application.
func (a *ArgoCD) Annotations() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.annotations)
}
