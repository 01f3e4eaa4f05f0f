package kubernetes

import (
	"context"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/dynamic"

	"github.com/pushback/pushback/internal/outbound"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
)

// Feed watches the workloads of one cluster.
type Feed struct {
	name     string
	config   Config
	client   dynamic.Interface
	log      *slog.Logger
	memory   changes.Memory
	watchers []*watcher
	now      func() time.Time
}

// New checks the settings and reads the kubeconfig. It sends no request.
func New(o changes.Options, c Config) (*Feed, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	config, err := c.Rest()
	if err != nil {
		return nil, err
	}
	config.WrapTransport = func(next http.RoundTripper) http.RoundTripper { return bounded{next} }
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	f := &Feed{name: o.Name, config: c, client: client, log: log, memory: changes.NoMemory{}, now: time.Now}
	namespaces := c.Namespaces
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	for _, k := range c.watched() {
		for _, n := range namespaces {
			f.watchers = append(f.watchers, &watcher{feed: f, kind: k, namespace: n, known: map[string]*known{}, relisted: make(chan struct{}, 1)})
		}
	}
	return f, nil
}

// Remember is called before Run.
func (f *Feed) Remember(m changes.Memory) { f.memory = m }

// Run watches until ctx ends.
func (f *Feed) Run(ctx context.Context, take changes.Take) error {
	g, ctx := errgroup.WithContext(ctx)
	for _, w := range f.watchers {
		w.take = take
		g.Go(func() error { return w.run(ctx) })
	}
	return g.Wait()
}

// Trouble says what keeps the feed from watching, each reason once.
func (f *Feed) Trouble() string {
	var all []string
	for _, w := range f.watchers {
		w.mu.Lock()
		if w.trouble != "" {
			all = append(all, w.trouble)
		}
		w.mu.Unlock()
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), "; ")
}

// told asks the store whether a change was told, and how it stands.
func (f *Feed) told(ctx context.Context, e sources.Event) (sources.Status, bool, error) {
	return f.memory.Told(ctx, e)
}

func expired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err)
}

func unknownResource(err error) bool { return apierrors.IsNotFound(err) }

// reason says for people why a call failed. The server's own text is left out, because it may
// hold anything.
func reason(err error) string {
	switch {
	case apierrors.IsForbidden(err):
		return "is forbidden: apply deploy/kubernetes/rbac.yaml"
	case apierrors.IsUnauthorized(err):
		return "is refused: the credentials are not valid; see kubeconfig_file"
	case apierrors.IsNotFound(err):
		return "is not possible: the cluster does not know the resource"
	}
	if status := apierrors.APIStatus(nil); errorsAs(err, &status) {
		return "failed: the API server answers " + http.StatusText(int(status.Status().Code))
	}
	return "failed: " + outbound.Redact(sources.OneLine(err.Error(), maxReason))
}

// maxReason is how much of an error is shown, in bytes.
const maxReason = 300
