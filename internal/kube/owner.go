package kube

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// GitOpsOwner returns the tool that keeps an object as it is in git, and would revert
// a rollback; "" if there is none. It reads more than labels, because Argo CD can be
// configured to use annotations, and its default label app.kubernetes.io/instance is
// also used by Helm.
func GitOpsOwner(o *unstructured.Unstructured) string {
	marks := maps.Clone(o.GetLabels())
	if marks == nil {
		marks = map[string]string{}
	}
	maps.Copy(marks, o.GetAnnotations())
	for mark, owner := range map[string]string{
		"argocd.argoproj.io/tracking-id": "Argo CD", "argocd.argoproj.io/instance": "Argo CD",
		"kustomize.toolkit.fluxcd.io/name": "Flux", "helm.toolkit.fluxcd.io/name": "Flux",
	} {
		if marks[mark] != "" {
			return owner
		}
	}
	for _, field := range o.GetManagedFields() {
		switch field.Manager {
		case "argocd-controller", "argocd-application-controller":
			return "Argo CD"
		case "kustomize-controller", "helm-controller":
			return "Flux"
		}
	}
	return ""
}
