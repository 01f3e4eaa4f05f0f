//go:build integration

package main_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
)

// docCluster answers the reads of `pushback hooks test` as a Kubernetes API server does in whose
// namespace shop Argo CD manages the Deployment cart. Actions are tested in rollback/kubernetes.
func docCluster(t *testing.T) *httptest.Server {
	t.Helper()
	type object = map[string]any
	template := func(version string) object {
		return object{
			"metadata": object{"labels": object{"app": "cart"}},
			"spec":     object{"containers": []object{{"name": "cart", "image": "registry.example.org/cart:" + version}}},
		}
	}
	deployment := object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": object{
			"name": "cart", "namespace": "shop", "uid": "u1", "generation": 7,
			"annotations": object{"deployment.kubernetes.io/revision": "2", "argocd.argoproj.io/tracking-id": "cart:apps/Deployment:shop/cart"},
		},
		"spec":   object{"replicas": 3, "selector": object{"matchLabels": object{"app": "cart"}}, "template": template("v2")},
		"status": object{"observedGeneration": 7, "replicas": 3, "updatedReplicas": 3, "availableReplicas": 3},
	}
	replicaSet := func(revision, version string) object {
		return object{
			"metadata": object{
				"name": "cart-" + revision, "namespace": "shop", "labels": object{"app": "cart"},
				"annotations":     object{"deployment.kubernetes.io/revision": revision},
				"ownerReferences": []object{{"apiVersion": "apps/v1", "kind": "Deployment", "name": "cart", "uid": "u1", "controller": true}},
			},
			"spec": object{"template": template(version)},
		}
	}
	answers := map[string]object{
		"POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews": {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "status": object{"allowed": true}},
		"GET /apis/apps/v1/namespaces/shop/deployments/cart":          deployment,
		"PATCH /apis/apps/v1/namespaces/shop/deployments/cart":        deployment,
		"GET /apis/apps/v1/namespaces/shop/replicasets":               {"apiVersion": "apps/v1", "kind": "ReplicaSetList", "metadata": object{}, "items": []object{replicaSet("1", "v1"), replicaSet("2", "v2")}},
	}
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, known := answers[r.Method+" "+r.URL.Path]
		if !known || r.Method == http.MethodPatch && r.URL.Query().Get("dryRun") != "All" {
			t.Errorf("the cluster was asked for %s %s", r.Method, r.URL)
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(s.Close)
	return s
}

func kubeconfig(s *httptest.Server) string {
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return fmt.Sprintf(`{clusters: [{name: c, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: u, user: {token: a-service-account-token}}],
contexts: [{name: c, context: {cluster: c, user: u}}], current-context: c}
`, s.URL, base64.StdEncoding.EncodeToString(ca))
}
