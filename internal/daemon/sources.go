package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
	"github.com/pushback/pushback/sources/metrics"
)

// Source builds only the named change source, as Build does: a changes.Source or a
// changes.Feed.
func (t Table) Source(c config.Config, name string, of func(name string) changes.Options, log *slog.Logger) (any, config.Diagnostics) {
	b := builder{Table: t, config: c}
	built := each(&b, "sources", []string{name}, func(name string) (any, error) { return b.source(name, of, log) })
	return built[name], b.found
}

// sources builds the change sources: those that deliveries are sent to, and feeds.
func (b *builder) sources(of func(name string) changes.Options, log *slog.Logger) (map[string]server.Endpoint, map[string]Feed) {
	endpoints, feeds := map[string]server.Endpoint{}, map[string]Feed{}
	built := each(b, "sources", names(b.config.Sources), func(name string) (any, error) { return b.source(name, of, log) })
	for name, adapter := range built {
		a := b.config.Sources[name]
		paths, _ := a.Paths.Compile() // New has checked it
		endpoint := server.Endpoint{Services: a.Services, Paths: paths, Insecure: a.Insecure}
		switch adapter := adapter.(type) {
		case changes.Source:
			endpoint.Source = adapter
			endpoints[name] = endpoint
		case changes.Feed:
			feeds[name] = Feed{adapter, endpoint}
			if q, asks := adapter.(questioner); asks {
				b.checkQuestion(name, q)
			}
		}
	}
	return endpoints, feeds
}

// source builds one change source or feed.
func (b *builder) source(name string, of func(name string) changes.Options, log *slog.Logger) (any, error) {
	o := of(name)
	o.Name, o.Log = name, log.With("component", "sources/"+name)
	o.Reader = func(as string) (changes.Parser, error) { return b.reader(o, as) }
	a := b.config.Sources[name]
	return b.Sources[a.Kind].build(o, a.Settings)
}

// reader is what reads the messages of a feed; see changes.Options.
func (b *builder) reader(o changes.Options, as string) (changes.Parser, error) {
	if as == "" {
		return generic.New(changes.Options{Name: o.Name}, generic.Config{Insecure: true})
	}
	a, known := b.config.Sources[as]
	if !known {
		reason := "there is no source of that name in pushback.yml"
		if near := strictyaml.Nearest(as, names(b.config.Sources)); near != "" {
			reason = fmt.Sprintf("there is no source of that name: did you mean %s?", near)
		}
		return nil, errors.New("read_as: " + reason)
	}
	o.Name, o.Reader = as, func(string) (changes.Parser, error) { return nil, errFeed }
	built, err := b.Sources[a.Kind].build(o, a.Settings)
	if s, is := built.(changes.Source); is && err == nil {
		return s, nil
	}
	if err == nil || errors.Is(err, errFeed) {
		return nil, errFeed
	}
	return nil, fmt.Errorf("read_as: the source %s has mistakes of its own", as)
}

var errFeed = errors.New("read_as: that source fetches its changes itself: name one that takes webhooks")

// sourceOptions are what feeds may ask of the daemon. They are used while feeds run, when
// everything is wired.
func (d *Daemon) sourceOptions(st *store.Store) func(name string) changes.Options {
	return func(name string) changes.Options { return d.optionsOf(name, st) }
}

func (d *Daemon) optionsOf(name string, st *store.Store) changes.Options {
	return changes.Options{
		LastVersion: func(ctx context.Context, slot sources.Slot) (string, error) {
			return st.LastVersion(ctx, d.canonicalSlot(name, slot))
		},
		CanonicalSlot: func(slot sources.Slot) sources.Slot { return d.canonicalSlot(name, slot) },
		Reported:      func(ctx context.Context, since time.Time) ([]sources.Change, error) { return reported(ctx, st, since) },
		Store:         d.metricStore,
		Remark: func(ctx context.Context, c sources.Change, topic, text string) error {
			return d.engine.Remarks().Remark(ctx, c, topic, text)
		},
	}
}

// canonicalSlot is a slot with the catalogue's name of its service, in place of the source's own.
func (d *Daemon) canonicalSlot(source string, slot sources.Slot) sources.Slot {
	e := d.aliases.CanonicalEvent(sources.Event{
		Source: source, Service: slot.Service, Environment: slot.Environment, Region: slot.Region, Kind: slot.Kind, Group: slot.Group,
	})
	return e.WithDefaults().Slot()
}

// maxReported is how many changes a feed is shown at most.
const maxReported = 500

func reported(ctx context.Context, st *store.Store, since time.Time) ([]sources.Change, error) {
	found, err := st.Changes(ctx, store.ChangeFilter{Limit: maxReported})
	if err != nil {
		return nil, err
	}
	all := make([]sources.Change, 0, len(found))
	for _, c := range found {
		if !c.StartedAt.Before(since) {
			all = append(all, c.Change)
		}
	}
	return slices.Clip(all), nil
}

// metricStore is a metric store by its name in pushback.yml; "" is the default one.
func (d *Daemon) metricStore(name string) (changes.MetricStore, error) {
	if name == "" {
		name = d.config.DefaultMetrics
	}
	s, ok := d.built.Metrics[name]
	if !ok {
		return nil, fmt.Errorf("there is no metric store %q under metrics", name)
	}
	return s, nil
}

// instances says how many instances run the version of a change, by the first feed that counts them.
func (d *Daemon) instances(c sources.Change) string {
	for _, name := range names(d.built.Feeds) {
		if f, counts := d.built.Feeds[name].Feed.(interface{ Instances(sources.Change) string }); counts {
			if text := f.Instances(c); text != "" {
				return text
			}
		}
	}
	return ""
}

// questioner is a feed that asks a metric store.
type questioner interface{ Question() (store, query string) }

// checkQuestion notes a metric store that does not exist, and a query that it could not read.
func (b *builder) checkQuestion(name string, q questioner) {
	in, query := q.Question()
	if in == "" {
		in = b.config.DefaultMetrics
	}
	a, known := b.config.Metrics[in]
	if !known {
		b.note("sources."+name, fmt.Errorf("metrics: there is no metric store %q under metrics", in))
		return
	}
	store, err := b.Metrics[a.Kind].build(metrics.Options{Name: in, Access: metrics.Check, Log: slog.New(slog.DiscardHandler)}, a.Settings)
	if err != nil {
		return // a mistake of the store's own
	}
	if err := store.Language().Parse(query); err != nil {
		b.note("sources."+name, fmt.Errorf("query: %w", err))
	}
}
