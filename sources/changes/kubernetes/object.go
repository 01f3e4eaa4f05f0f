package kubernetes

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// hashOf names a value of JSON: equal values have equal names.
func hashOf(v map[string]any) string {
	text, err := json.Marshal(v) // keys are sorted
	if err != nil {
		return "" // it came from JSON
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// slim takes from an object what no change is told by, before client-go keeps it while it lists:
// who set which field, but for the template, and the copy of the whole object that kubectl keeps.
func slim(o any) (any, error) {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return o, nil
	}
	unstructured.RemoveNestedField(u.Object, "metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration")
	entries, _, _ := unstructured.NestedSlice(u.Object, "metadata", "managedFields")
	for _, one := range entries {
		if e, ok := one.(map[string]any); ok {
			set := setsTemplate(e)
			delete(e, "fieldsV1")
			if set {
				e["fieldsV1"] = map[string]any{"f:spec": map[string]any{"f:template": map[string]any{}}}
			}
		}
	}
	if len(entries) > 0 {
		_ = unstructured.SetNestedSlice(u.Object, entries, "metadata", "managedFields")
	}
	return u, nil
}

// setsTemplate reports whether an entry of managedFields is of somebody who set the template.
// FieldsV1 names fields f:NAME (sigs.k8s.io/structured-merge-diff, fieldpath).
func setsTemplate(entry map[string]any) bool {
	_, set, _ := unstructured.NestedFieldNoCopy(entry, "fieldsV1", "f:spec", "f:template")
	return set
}

// setter is who set the template last, and when. The time is when they last changed any
// field, so it may be too late. Both are empty where the cluster does not say.
func setter(o *unstructured.Unstructured) (manager string, at time.Time) {
	return lastEntry(o, setsTemplate)
}

// statusTime is when the controller last wrote the status; zero where the cluster does not say.
func statusTime(o *unstructured.Unstructured) time.Time {
	_, at := lastEntry(o, func(e map[string]any) bool { return e["subresource"] == "status" })
	return at
}

func lastEntry(o *unstructured.Unstructured, wanted func(map[string]any) bool) (manager string, at time.Time) {
	entries, _, _ := unstructured.NestedSlice(o.Object, "metadata", "managedFields")
	for _, one := range entries {
		e, _ := one.(map[string]any)
		text, _ := e["time"].(string)
		when, err := time.Parse(time.RFC3339, text)
		if err == nil && wanted(e) && !when.Before(at) {
			manager, _ = e["manager"].(string)
			at = when
		}
	}
	return manager, at
}
