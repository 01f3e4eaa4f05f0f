package helm

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	"helm.sh/helm/v4/pkg/chart/v2/lint"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	disruption "k8s.io/api/policy/v1"
	rbac "k8s.io/api/rbac/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	admission "k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func TestLint(t *testing.T) {
	forEachValues(t, func(t *testing.T, values map[string]any, _ manifests) {
		for _, m := range lint.RunAll(chartFolder, values, namespace).Messages {
			t.Errorf("%v", m)
		}
	})
}

// The namespace may enforce the restricted level of the Pod Security Standards.
func TestPodsAreAdmittedToARestrictedNamespace(t *testing.T) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		t.Fatal(err)
	}
	restricted := admission.LevelVersion{Level: admission.LevelRestricted, Version: admission.LatestVersion()}
	forEachValues(t, func(t *testing.T, _ map[string]any, all manifests) {
		pod := one[*apps.StatefulSet](t, all).Spec.Template
		if found := policy.AggregateCheckResults(evaluator.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec)); !found.Allowed {
			t.Error(found.ForbiddenDetail())
		}
		c := pod.Spec.Containers[0].SecurityContext
		if !*c.ReadOnlyRootFilesystem {
			t.Error("the root file system can be written")
		}
		if got := *pod.Spec.AutomountServiceAccountToken; got != hasRoles(all) {
			t.Errorf("the token of the service account is mounted: %v", got)
		}
	})
}

func hasRoles(all manifests) bool {
	return slices.ContainsFunc(all, func(o runtime.Object) bool { _, ok := o.(*rbac.Role); return ok })
}

// What is selected by labels must exist: the API server would take a selector of nothing.
func TestSelectorsSelect(t *testing.T) {
	forEachValues(t, func(t *testing.T, _ map[string]any, all manifests) {
		set, service := one[*apps.StatefulSet](t, all), one[*core.Service](t, all)
		pods := set.Spec.Template.Labels
		selects(t, set.Spec.Selector, pods)
		selects(t, &meta.LabelSelector{MatchLabels: service.Spec.Selector}, pods)
		if set.Spec.ServiceName != service.Name {
			t.Errorf("the pods belong to service %s, which is %s", set.Spec.ServiceName, service.Name)
		}
		for _, object := range all {
			switch o := object.(type) {
			case *disruption.PodDisruptionBudget:
				selects(t, o.Spec.Selector, pods)
			case *networking.NetworkPolicy:
				selects(t, &o.Spec.PodSelector, pods)
			case *monitoring.ServiceMonitor:
				selects(t, &o.Spec.Selector, service.Labels)
				if o.Spec.Endpoints[0].Port != service.Spec.Ports[0].Name {
					t.Errorf("port %s is monitored, the service has %v", o.Spec.Endpoints[0].Port, service.Spec.Ports)
				}
			}
		}
	})
}

func selects(t *testing.T, s *meta.LabelSelector, of map[string]string) {
	t.Helper()
	selector, err := meta.LabelSelectorAsSelector(s)
	if err != nil || selector.Empty() || !selector.Matches(labels.Set(of)) {
		t.Errorf("%v does not select %v: %v", s, of, err)
	}
}

// The API server refuses a mount without a volume only when the pod is made.
func TestMountsHaveVolumes(t *testing.T) {
	forEachValues(t, func(t *testing.T, _ map[string]any, all manifests) {
		set := one[*apps.StatefulSet](t, all)
		volumes := map[string]int{}
		for _, v := range set.Spec.Template.Spec.Volumes {
			volumes[v.Name]++
		}
		for _, c := range set.Spec.VolumeClaimTemplates {
			volumes[c.Name]++
		}
		for _, m := range set.Spec.Template.Spec.Containers[0].VolumeMounts {
			if volumes[m.Name] != 1 {
				t.Errorf("%d volumes are called %s", volumes[m.Name], m.Name)
			}
			delete(volumes, m.Name)
		}
		if len(volumes) > 0 {
			t.Errorf("nothing mounts %v", volumes)
		}
	})
}

// Kinds are what the switches of the values add.
func TestSwitches(t *testing.T) {
	kinds := map[string][]string{
		"small":    {"ConfigMap", "ConfigMap", "Secret", "Service", "ServiceAccount", "StatefulSet"},
		"existing": {"Service", "StatefulSet"},
		"replicas": {
			"ConfigMap", "ConfigMap", "NetworkPolicy", "PodDisruptionBudget", "Role", "Role",
			"RoleBinding", "RoleBinding", "Service", "ServiceAccount", "ServiceMonitor", "StatefulSet",
		},
	}
	forEachValues(t, func(t *testing.T, _ map[string]any, all manifests) {
		var got []string
		for _, o := range all {
			got = append(got, o.GetObjectKind().GroupVersionKind().Kind)
		}
		slices.Sort(got)
		want, listed := kinds[filepath.Base(t.Name())]
		if listed && !slices.Equal(got, want) {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// Each file of testdata/refused begins with a comment: what the error must say.
func TestRefusedValues(t *testing.T) {
	files, err := filepath.Glob("testdata/refused/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of values: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		want := strings.TrimPrefix(first, "# ")
		if _, err := render(t, readValues(t, file)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", file, err, want)
		}
	}
}
