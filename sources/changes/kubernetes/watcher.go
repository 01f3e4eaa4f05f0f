package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"

	"github.com/pushback/pushback/internal/kube"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// watcher reads one resource of one namespace. Its Reflector calls the methods of a store, one
// after the other, and each returns only when everything is told. So a store that cannot be
// written holds the watch up, and nothing is lost: a watch that is held up for too long
// is begun again with a list.
type watcher struct {
	feed      *Feed
	kind      kind
	namespace string // "": all
	take      changes.Take
	ctx       context.Context //nolint:containedctx // the methods of a store take none
	horizon   time.Time       // what was made before it is the baseline, or told already
	known     map[string]*known

	relisted chan struct{} // has a value after each list
	mu       sync.Mutex
	listed   bool   // it has read the cluster since the process started
	trouble  string // why it cannot go on now; "" if it can
}

// run reads until ctx ends.
func (w *watcher) run(ctx context.Context) error {
	silent := logr.Discard() // client-go would write to standard error; we say ourselves what is wrong
	w.ctx = klog.NewContext(ctx, silent)
	if err := w.remember(); err != nil {
		return nil //nolint:nilerr // ctx ended
	}
	r := cache.NewReflectorWithOptions(w.listerWatcher(), &unstructured.Unstructured{}, w, cache.ReflectorOptions{
		Name: w.part(), Logger: &silent,
		// client-go's own grows to a minute, and is waited for twice: before the watch and before the list.
		Backoff: &wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.5, Steps: 10, Cap: maxBackoff},
	})
	r.WatchListPageSize = pageSize
	beats := make(chan struct{})
	go func() { defer close(beats); w.beat(ctx) }()
	r.RunWithContext(w.ctx)
	<-beats
	return nil
}

// pageSize is how many objects one answer of a list may have.
const pageSize = 500

func (w *watcher) part() string { return w.kind.resource.Resource + "/" + w.namespace }

// remember sets the horizon.
func (w *watcher) remember() error {
	now := w.feed.now()
	return w.untilDone("cannot read until when the cluster was watched", func(ctx context.Context) error {
		first, last, err := w.feed.memory.Reads(ctx, w.part())
		w.horizon = horizon(first, last, now)
		return err
	})
}

// overlap is how long before the last note of a watch a revision may have been missed: notes
// are written once in noteEvery, and a dead connection is noticed after half a minute.
const (
	noteEvery = time.Minute
	overlap   = 3 * time.Minute
)

// horizon is the time from which on a revision that is unknown is a change. At the first start
// that is the next second: times in the cluster have whole seconds, and what was made in
// the second of the start may have been there before.
func horizon(first, last, now time.Time) time.Time {
	if first.IsZero() {
		first = now
	}
	begin, again := first.Truncate(time.Second).Add(time.Second), last.Add(-overlap).Truncate(time.Second)
	if again.Before(begin) {
		return begin
	}
	return again
}

// beat stores from time to time that the cluster is being read.
func (w *watcher) beat(ctx context.Context) {
	for {
		if w.reads() {
			if err := w.feed.memory.NoteRead(ctx, w.part(), w.feed.now()); err != nil && ctx.Err() == nil {
				w.feed.log.Warn("cannot store that the cluster is being watched; after a restart, changes may be read again", "watch", w.part(), "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-w.relisted:
		case <-time.After(noteEvery):
		}
	}
}

func (w *watcher) reads() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.listed && w.trouble == ""
}

// report takes note of whether a call worked. what is said of the error; "" if there is none.
func (w *watcher) report(trouble string) {
	w.mu.Lock()
	was := w.trouble
	w.trouble = trouble
	w.mu.Unlock()
	switch {
	case trouble != "" && trouble != was:
		w.feed.log.Warn("the cluster cannot be watched; trying again", "watch", w.part(), "error", trouble)
	case trouble == "" && was != "":
		w.feed.log.Info("the cluster can be watched again", "watch", w.part())
	}
}

// listed is a ListWatch that lists in pages. The newer way, a watch that begins with all objects,
// waits until the cache of the API server is as new as etcd, which an old etcd does not help it to know.
type listed struct{ *cache.ListWatch }

// IsWatchListSemanticsUnSupported is asked by the Reflector (client-go, util/watchlist).
func (listed) IsWatchListSemanticsUnSupported() bool { return true }

func (w *watcher) listerWatcher() cache.ListerWatcher {
	client := w.feed.client.Resource(w.kind.resource).Namespace(w.namespace)
	return listed{&cache.ListWatch{
		ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) {
			o.LabelSelector = w.feed.config.Selector
			// The newest, in pages. With a version and a limit, the server would list what was then: after a
			// restart it would give what is known already, and answer 410 Gone to the watch, for ever.
			o.ResourceVersion, o.ResourceVersionMatch = "", ""
			ctx, cancel := context.WithTimeout(ctx, listTimeout)
			defer cancel()
			found, err := client.List(ctx, o)
			w.called("list", err)
			return found, err
		},
		WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
			o.LabelSelector = w.feed.config.Selector
			found, err := client.Watch(ctx, o)
			w.called("watch", err)
			return found, err
		},
	}}
}

// called reports how a call of the Reflector went.
func (w *watcher) called(verb string, err error) {
	if w.ctx.Err() != nil || expired(err) || w.kind.optional && unknownResource(err) {
		err = nil // the Reflector lists again; or there are no such objects
	}
	w.report(w.describe(verb, w.kind.resource, err))
}

// history lists the revisions of a workload.
func (w *watcher) history(ctx context.Context, o *unstructured.Unstructured) (history []kube.Revision, err error) {
	selector, err := kube.Selector(o)
	if err != nil {
		w.feed.log.Warn("a workload cannot be watched", "workload", w.kind.word+"/"+key(o), "error", err)
		return nil, nil
	}
	err = w.untilDone("", func(ctx context.Context) error {
		found, err := w.feed.client.Resource(w.kind.revisions).Namespace(o.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector, Limit: pageSize})
		w.report(w.describe("list", w.kind.revisions, err))
		if err == nil {
			history = w.kind.read(o, found.Items)
		}
		return err
	})
	return history, err
}

// describe says for people why a call failed, "" if it did not.
func (w *watcher) describe(verb string, r schema.GroupVersionResource, err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("%s %s.%s in %s %s", verb, r.Resource, r.Group, place(w.namespace), reason(err))
}

func place(namespace string) string {
	if namespace == "" {
		return "all namespaces"
	}
	return "namespace " + namespace
}

// untilDone does something until it succeeds or ctx ends, which is the only error. trouble is
// what is said while it fails; "" if do says so itself.
func (w *watcher) untilDone(trouble string, do func(ctx context.Context) error) error {
	pause := time.Second
	for {
		ctx, cancel := context.WithTimeout(w.ctx, callTimeout)
		err := do(ctx)
		cancel()
		if err == nil {
			if trouble != "" {
				w.report("")
			}
			return nil
		}
		if trouble != "" {
			w.report(trouble + ": " + err.Error())
		}
		select {
		case <-w.ctx.Done():
			return w.ctx.Err()
		case <-time.After(pause):
		}
		pause = min(2*pause, maxWait)
	}
}

const (
	callTimeout = 30 * time.Second
	listTimeout = 2 * time.Minute // of one page of the workloads
	maxWait     = 30 * time.Second
	maxBackoff  = 10 * time.Second // between two tries to watch
)

// tell stores an event, however long that takes. What can never be stored is logged, once.
func (w *watcher) tell(_ context.Context, e sources.Event, o *unstructured.Unstructured) error {
	raw, err := json.Marshal(summary(o))
	if err != nil {
		return fmt.Errorf("writing %s: %w", key(o), err)
	}
	return w.untilDone("an event cannot be stored", func(ctx context.Context) error {
		err := w.take(ctx, changes.Delivery{Events: []sources.Event{e}, Raw: raw})
		if changes.Refused(err) {
			w.feed.log.Warn("a change of the cluster is refused, and not watched", "workload", w.kind.word+"/"+key(o), "error", err)
			return nil
		}
		return err
	})
}
