package daemon

import (
	"context"

	"github.com/pushback/pushback/dashboards/grafana"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources/changes"
	"github.com/pushback/pushback/sources/metrics"
)

// Table is the kinds of adapters there are, by the word behind `kind:`.
type Table struct {
	Metrics   map[string]MetricKind
	Sources   map[string]SourceKind
	Hooks     map[string]HookKind
	Receivers map[string]SenderKind
	Reports   map[string]ReportKind
	Grafana   AnnotatorKind
}

// Annotator marks changes on Grafana.
type Annotator interface {
	Put(ctx context.Context, a grafana.Annotation) (int64, error)
	Ping(ctx context.Context) error // the token is valid, and may read annotations
}

// The kinds of each section. settings returns a pointer to the adapter's Config, filled
// with its defaults; build makes the adapter from such a pointer. An error of build is
// shown to the operator at its place in pushback.yml. It begins with the key at fault, as
// in "url is missing"; errors that are joined are shown one by one.
//
// Keys of a Config that end in _file or _files are made absolute, and must exist. A Config
// may also implement
//
//	SetDefaults()             sets defaults that are not zero values (Defaults)
//	SetDirectory(dir string)  makes other paths absolute; dir is the folder of pushback.yml
//	SetData(dir string)       gets the data folder, in which it may store files
//	Validate() error          checks the settings before build
//
// and the Config of a hook must implement rollback.Settings.
type (
	MetricKind    = kind[metrics.Store, metrics.Options]
	SourceKind    = kind[any, changes.Options] // of a changes.Source or a changes.Feed
	HookKind      = kind[rollback.Hook, struct{}]
	SenderKind    = kind[notify.Sender, struct{}]
	AnnotatorKind = kind[Annotator, struct{}]
)

// ReportKind also says whose changes the tool knows: those of sources of one kind.
type ReportKind struct {
	kind[notify.Reporter, struct{}]
	of string // "": of all sources
}

// Of is the kind of sources whose changes the tool knows; "" for all.
func (k ReportKind) Of() string { return k.of }

type kind[Adapter, Options any] struct {
	settings func() any
	build    func(o Options, settings any) (Adapter, error)
}

// Defaults is implemented by the Config of an adapter whose zero value is not its default.
type Defaults interface{ SetDefaults() }

// settingsOf makes Configs of one type.
func settingsOf[Config any]() func() any {
	return func() any {
		c := any(new(Config))
		if d, ok := c.(Defaults); ok {
			d.SetDefaults()
		}
		return c
	}
}

func metricStore[Config any, S metrics.Store](open func(metrics.Options, Config) (S, error)) MetricKind {
	return MetricKind{settingsOf[Config](), func(o metrics.Options, settings any) (metrics.Store, error) {
		return asAdapter[metrics.Store](open(o, *settings.(*Config)))
	}}
}

func changeSource[Config any, S changes.Source](open func(changes.Options, Config) (S, error)) SourceKind {
	return SourceKind{settingsOf[Config](), func(o changes.Options, settings any) (any, error) {
		return asAdapter[any](open(o, *settings.(*Config)))
	}}
}

func changeFeed[Config any, F changes.Feed](open func(changes.Options, Config) (F, error)) SourceKind {
	return SourceKind{settingsOf[Config](), func(o changes.Options, settings any) (any, error) {
		return asAdapter[any](open(o, *settings.(*Config)))
	}}
}

// hook also makes the compiler check that the Config is rollback.Settings.
func hook[Config any, H rollback.Hook, Pointer interface {
	*Config
	rollback.Settings
}](open func(Config) (H, error)) HookKind {
	return HookKind{settingsOf[Config](), func(_ struct{}, settings any) (rollback.Hook, error) {
		return asAdapter[rollback.Hook](open(*settings.(*Config)))
	}}
}

func sender[Config any, S notify.Sender](open func(Config) (S, error)) SenderKind {
	return SenderKind{settingsOf[Config](), func(_ struct{}, settings any) (notify.Sender, error) {
		return asAdapter[notify.Sender](open(*settings.(*Config)))
	}}
}

func reporter[Config any, R notify.Reporter](of string, open func(Config) (R, error)) ReportKind {
	return ReportKind{kind[notify.Reporter, struct{}]{settingsOf[Config](), func(_ struct{}, settings any) (notify.Reporter, error) {
		return asAdapter[notify.Reporter](open(*settings.(*Config)))
	}}, of}
}

func annotator[Config any, A Annotator](open func(Config) (A, error)) AnnotatorKind {
	return AnnotatorKind{settingsOf[Config](), func(_ struct{}, settings any) (Annotator, error) {
		return asAdapter[Annotator](open(*settings.(*Config)))
	}}
}

// asAdapter turns what New returns into the interface of its section. After an error it is nil,
// because an interface that contains a nil pointer is not nil.
func asAdapter[Adapter, A any](a A, err error) (Adapter, error) {
	if err != nil {
		var none Adapter
		return none, err
	}
	return any(a).(Adapter), nil
}

// kinds is the table as package config reads settings by it.
func (t Table) kinds() config.Kinds {
	return config.Kinds{
		Metrics: settings(t.Metrics), Sources: settings(t.Sources), Hooks: settings(t.Hooks), Receivers: settings(t.Receivers),
		Reports: t.reportSettings(), Grafana: t.Grafana.settings,
	}
}

func (t Table) reportSettings() map[string]func() any {
	all := map[string]func() any{}
	for word, k := range t.Reports {
		all[word] = k.settings
	}
	return all
}

func settings[A, O any](kinds map[string]kind[A, O]) map[string]func() any {
	all := map[string]func() any{}
	for word, k := range kinds {
		all[word] = k.settings
	}
	return all
}

// Load reads a pushback.yml by the table. Without diagnostics the Config is whole; with
// any, it must not be used.
func (t Table) Load(path string) (config.Config, config.Diagnostics) {
	return config.Load(path, t.kinds())
}
