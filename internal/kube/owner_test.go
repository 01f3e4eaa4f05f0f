package kube_test

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/pushback/pushback/internal/kube"
)

func TestGitOpsOwner(t *testing.T) {
	f := func(want string, change func(*unstructured.Unstructured)) {
		t.Helper()
		o := &unstructured.Unstructured{Object: map[string]any{}}
		change(o)
		if got := kube.GitOpsOwner(o); got != want {
			t.Errorf("%v is owned by %q, want %q", o.Object, got, want)
		}
	}
	label := func(name string) func(*unstructured.Unstructured) {
		return func(o *unstructured.Unstructured) { o.SetLabels(map[string]string{name: "x"}) }
	}
	managed := func(name string) func(*unstructured.Unstructured) {
		return func(o *unstructured.Unstructured) {
			o.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl"}, {Manager: name}})
		}
	}
	f("", func(*unstructured.Unstructured) {})
	f("", label("app.kubernetes.io/instance"))
	f("", managed("kube-controller-manager"))
	f("Argo CD", label("argocd.argoproj.io/instance"))
	f("Argo CD", managed("argocd-controller"))
	f("Flux", label("kustomize.toolkit.fluxcd.io/name"))
	f("Flux", managed("helm-controller"))
}
