// Package clustertest is a Kubernetes API server for the tests of hooks that change
// workloads. It has the paths, patches and errors of the real one, and objects that
// the test makes. It applies JSON patches with the library of the real API server
// and returns its errors. There are no controllers: the test says what they do.
package clustertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/pushback/pushback/rollback/hooktest"
)

// Token is the token in the kubeconfig.
const Token = "a-service-account-token"

// Map is a JSON object.
type Map = map[string]any

// API is a cluster. The keys of Objects and Lists are URL paths without a query.
type API struct {
	Objects map[string]Map
	Lists   map[string][]Map              // by path and label selector: "/apis/…/replicasets?labelSelector=app%3Dcart"
	Denied  []string                      // rights that are missing, each as "verb resource"
	Patched func(path string, object Map) // what the controllers do after a patch
	Patches []string                      // every patch that was stored: "application/json-patch+json [...]"
	t       testing.TB
}

// Fake returns the API server, with the behaviour b for changing requests.
func (a *API) Fake(t testing.TB, b hooktest.Behaviour) hooktest.Fake {
	a.t = t
	f := hooktest.Fake{
		Behaviour: b, Secret: Token, TLS: true, Header: http.Header{"Authorization": {"Bearer " + Token}, "User-Agent": {"pushback"}},
		Reads: hooktest.Routes{"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": a.review},
		Acts:  hooktest.Routes{},
	}
	for path := range a.Objects {
		f.Reads["GET "+path] = func(hooktest.Request) any { return a.Objects[path] }
		f.Reads["PATCH "+path+"?dryRun=All&fieldManager=pushback"] = func(r hooktest.Request) any { return a.patch(path, r, false) }
		f.Acts["PATCH "+path+"?fieldManager=pushback"] = func(r hooktest.Request) any { return a.patch(path, r, true) }
		f.Acts["PATCH "+path+"/status?fieldManager=pushback"] = func(r hooktest.Request) any { return a.patch(path, r, true) }
	}
	for path, list := range a.Lists {
		f.Reads["GET "+path+"&limit=500"] = func(hooktest.Request) any {
			return Map{"apiVersion": "apps/v1", "kind": "ReplicaSetList", "metadata": Map{}, "items": list}
		}
	}
	return f
}

// review answers an access review.
func (a *API) review(r hooktest.Request) any {
	var body struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Spec       struct {
			Attributes struct {
				Verb, Group, Version, Resource, Subresource, Namespace, Name string
			} `json:"resourceAttributes"`
		} `json:"spec"`
	}
	r.Decode(&body)
	right := body.Spec.Attributes.Verb + " " + body.Spec.Attributes.Resource
	if body.Spec.Attributes.Subresource != "" {
		right += "/" + body.Spec.Attributes.Subresource
	}
	return hooktest.Status{Code: http.StatusCreated, Body: Map{
		"apiVersion": body.APIVersion, "kind": body.Kind, "status": Map{"allowed": !slices.Contains(a.Denied, right)},
	}}
}

// patch applies a patch, and stores the result unless it is a dry run. A change of
// the spec increases the generation.
func (a *API) patch(path string, r hooktest.Request, store bool) any {
	before, err := json.Marshal(a.Objects[path])
	if err != nil {
		a.t.Error(err)
	}
	after, err := apply(r.Header.Get("Content-Type"), before, r.Body)
	if err != nil {
		return status(errors.NewGenericServerResponse(http.StatusUnprocessableEntity, "", schema.GroupResource{}, "", err.Error(), 0, false))
	}
	object := Map{}
	if err := json.Unmarshal(after, &object); err != nil {
		a.t.Error(err)
	}
	if metadata := object["metadata"].(Map); fmt.Sprint(a.Objects[path]["spec"]) != fmt.Sprint(object["spec"]) {
		metadata["generation"] = metadata["generation"].(float64) + 1
	}
	if !store {
		return object
	}
	a.Patches = append(a.Patches, r.Header.Get("Content-Type")+" "+string(r.Body))
	a.Objects[path] = object
	if a.Patched != nil {
		a.Patched(path, object)
	}
	return object
}

func apply(kind string, document, patch []byte) ([]byte, error) {
	if kind == "application/merge-patch+json" {
		return jsonpatch.MergePatch(document, patch)
	}
	steps, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, err
	}
	return steps.Apply(document)
}

func status(err *errors.StatusError) hooktest.Status {
	body, _ := runtime.DefaultUnstructuredConverter.ToUnstructured(&err.ErrStatus)
	return hooktest.Status{Code: int(err.ErrStatus.Code), Body: body}
}

// Invalid is the answer of the API server to an invalid object.
func Invalid(message string) hooktest.Status {
	return hooktest.Status{Code: http.StatusUnprocessableEntity, Body: Map{
		"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Invalid", "code": 422, "message": message,
	}}
}

// Kubeconfig writes a kubeconfig for the server and returns its path. It uses TLS,
// because client-go sends no token without it.
func Kubeconfig(t testing.TB, s *hooktest.Server) string {
	t.Helper()
	text, err := json.Marshal(Map{
		"apiVersion": "v1", "kind": "Config", "current-context": "prod",
		"clusters": []Map{{"name": "prod", "cluster": Map{"server": s.URL, "certificate-authority-data": s.CA}}},
		"users":    []Map{{"name": "pushback", "user": Map{"token": Token}}},
		"contexts": []Map{{"name": "prod", "context": Map{"cluster": "prod", "user": "pushback"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
