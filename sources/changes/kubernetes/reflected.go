package kubernetes

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/tools/cache"
)

// These methods make a watcher the store of its Reflector. It keeps no objects.
var _ cache.TransformingStore = (*watcher)(nil)

// Transformer takes from objects what is not needed, while client-go keeps a whole list of them.
func (w *watcher) Transformer() cache.TransformFunc { return slim }

// Add is called for a workload that is new to the watch.
func (w *watcher) Add(o any) error { return w.Update(o) }

// Update is called for a workload that changed.
func (w *watcher) Update(o any) error {
	u, ok := o.(*unstructured.Unstructured)
	if !ok {
		return nil // the Reflector gives no other
	}
	return w.see(w.ctx, u)
}

// Delete is called for a workload that is gone.
func (w *watcher) Delete(o any) error {
	if u, ok := o.(*unstructured.Unstructured); ok {
		delete(w.known, key(u))
	}
	return nil
}

// Replace is called with all workloads: at the start, and after a gap.
func (w *watcher) Replace(all []any, _ string) error {
	present := map[string]bool{}
	for _, o := range all {
		u, ok := o.(*unstructured.Unstructured)
		if !ok {
			continue
		}
		present[key(u)] = true
		if err := w.see(w.ctx, u); err != nil {
			return err
		}
	}
	for name := range w.known {
		if !present[name] {
			delete(w.known, name)
		}
	}
	w.mu.Lock()
	w.listed = true
	w.mu.Unlock()
	select {
	case w.relisted <- struct{}{}:
	default:
	}
	return nil
}

// Resync is never called: the watcher asks for none.
func (w *watcher) Resync() error { return nil }

// summary is what is stored of a workload with the event: who it is and how it is, and not its
// templates, whose environment may hold secrets.
func summary(o *unstructured.Unstructured) map[string]any {
	status, _, _ := unstructured.NestedMap(o.Object, "status")
	return map[string]any{
		"apiVersion": o.GetAPIVersion(), "kind": o.GetKind(), "status": status,
		"metadata": map[string]any{
			"namespace": o.GetNamespace(), "name": o.GetName(), "uid": o.GetUID(), "generation": o.GetGeneration(),
			"resourceVersion": o.GetResourceVersion(), "labels": o.GetLabels(),
		},
	}
}
