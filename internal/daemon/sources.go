package daemon

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/server"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/changes/generic"
)

// Source builds only the named change source, as Build does: a changes.Source or a
// changes.Feed.
func (t Table) Source(c config.Config, name string, canonical func(string) string, log *slog.Logger) (any, config.Diagnostics) {
	b := builder{Table: t, config: c}
	built := each(&b, "sources", []string{name}, func(name string) (any, error) { return b.source(name, canonical, log) })
	return built[name], b.found
}

// sources builds the change sources: those that deliveries are sent to, and feeds.
func (b *builder) sources(canonical func(string) string, log *slog.Logger) (map[string]server.Endpoint, map[string]Feed) {
	endpoints, feeds := map[string]server.Endpoint{}, map[string]Feed{}
	built := each(b, "sources", names(b.config.Sources), func(name string) (any, error) { return b.source(name, canonical, log) })
	for name, adapter := range built {
		a := b.config.Sources[name]
		switch adapter := adapter.(type) {
		case changes.Source:
			endpoints[name] = server.Endpoint{Source: adapter, Services: a.Services, Insecure: a.Insecure}
		case changes.Feed:
			feeds[name] = Feed{adapter, a.Services}
		}
	}
	return endpoints, feeds
}

// source builds one change source or feed.
func (b *builder) source(name string, canonical func(string) string, log *slog.Logger) (any, error) {
	o := changes.Options{Name: name, Canonical: canonical, Log: log.With("component", "sources/"+name)}
	o.Reader = func(as string) (changes.Parser, error) { return b.reader(o, as) }
	a := b.config.Sources[name]
	return b.Sources[a.Kind].build(o, a.Settings)
}

// reader is what reads the messages of a feed; see changes.Options.
func (b *builder) reader(o changes.Options, as string) (changes.Parser, error) {
	if as == "" {
		return generic.New(changes.Options{Name: o.Name, Canonical: o.Canonical}, generic.Config{Insecure: true})
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
