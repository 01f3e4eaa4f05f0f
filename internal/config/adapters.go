package config

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources/changes"
)

// adapterName matches the name of a metric store, source, hook or receiver. Names are
// used in URLs, metric labels and rules.
var adapterName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// adapters checks a section and returns its adapters by name.
func (l *loader) adapters(path string, s section) map[string]Adapter {
	all := map[string]Adapter{}
	for _, n := range slices.Sorted(maps.Keys(s.entries)) {
		e, at := s.entries[n], path+"."+n
		if !adapterName.MatchString(n) {
			l.at(l.places.Key(at), BadName, "a name here has lower-case letters, digits, - and _, and begins with a letter", "")
		}
		if e.settings == nil {
			l.unknownKind(at, e, s)
			continue
		}
		l.paths(at, e.settings)
		all[n] = Adapter{Name: n, Kind: e.kind, Settings: e.settings}
	}
	return all
}

func (l *loader) unknownKind(at string, e entry, s section) {
	known := slices.Sorted(maps.Keys(s.kinds))
	hint := "write one of " + strings.Join(known, ", ")
	if near := strictyaml.Nearest(e.kind, known); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	if e.kind != "" {
		l.wrong(at+".kind", UnknownKind, hint, "there is no kind %q in this section", e.kind)
		return
	}
	for _, key := range e.keys {
		if key == "type" || strictyaml.Nearest(key, []string{"kind"}) != "" {
			l.wrongAt = append(l.wrongAt, at)
			l.at(l.places.Key(at+"."+key), strictyaml.UnknownKey, fmt.Sprintf("unknown key %q", key), `did you mean "kind"?`)
			return
		}
	}
	l.wrong(at, strictyaml.MissingField, hint, `the key "kind" is missing`)
}

// sources returns the tools that may report changes.
func (l *loader) sources() map[string]Source {
	all := map[string]Source{}
	for n, a := range l.adapters("sources", l.file.Sources) {
		v := reflect.ValueOf(a.Settings).Elem()
		all[n] = Source{Adapter: a, Services: setting[[]string](v, "services"), Paths: setting[changes.Paths](v, "paths"), Insecure: setting[bool](v, "insecure")}
	}
	return all
}

// metrics returns the metric stores, and the names of the default one and of that which probes
// write to. Where probes are all there is, their store is the default one.
func (l *loader) metrics(p []probes.Settings) (all map[string]Adapter, standard, ofProbes string) {
	all = l.adapters("metrics", l.file.Metrics)
	standard = l.defaultMetrics(all)
	ofProbes = l.addProbeStore(all, p)
	return all, cmp.Or(standard, ofProbes), ofProbes
}

func (l *loader) defaultMetrics(all map[string]Adapter) string {
	var defaults []string
	for _, n := range slices.Sorted(maps.Keys(all)) {
		if l.file.Metrics.entries[n].shared.(*metricsKeys).Default || len(all) == 1 {
			defaults = append(defaults, n)
		}
	}
	if len(all) > 0 && len(defaults) != 1 {
		l.wrong("metrics", NoDefault, "write `default: true` in one of them", "%d of %d metric stores are marked as default; exactly one must be", len(defaults), len(all))
		return ""
	}
	return strings.Join(defaults, "")
}

// checkAnyMetrics notes that no metric store is named. Decode notes a section that is
// missing or is no mapping, but nothing in an empty file.
func (l *loader) checkAnyMetrics() {
	emptyFile := len(l.found) == 0 && !l.places.Has("")
	emptySection := l.places.Has("metrics") && len(l.file.Metrics.entries) == 0 && !mistakenAt(l.wrongAt, "metrics")
	if emptyFile || emptySection {
		l.wrong("metrics", strictyaml.MissingField, "write one, as in metrics: {prod: {kind: prometheus, url: http://prometheus:9090}}", "no metric store is named")
	}
}

func (l *loader) hooks() map[string]Hook {
	all := map[string]Hook{}
	for n, a := range l.adapters("hooks", l.file.Hooks) {
		keys := l.file.Hooks.entries[n].shared.(*hookKeys)
		h := Hook{Adapter: a, Idempotent: idempotent(keys.Idempotent, a.Settings), Target: Previous, Abort: aborts(keys.Abort, a.Settings), Fixed: fixedTarget(a.Settings), Binding: l.binding("hooks."+n, keys)}
		switch keys.Target {
		case "", Previous:
		case LastGood:
			h.Target = LastGood
		case Off:
			h.Fixed = string(Off)
		default:
			l.wrong("hooks."+n+".target", strictyaml.BadValue, "write previous, last_good or \"off\"", "this is not a target")
		}
		all[n] = h
	}
	return all
}

// binding is who may use a hook. An empty list is refused: it would read as nobody, and
// bind nothing.
func (l *loader) binding(at string, keys *hookKeys) rollback.Binding {
	for key, names := range map[string][]string{"teams": keys.Teams, "services": keys.Services} {
		if l.places.Has(at+"."+key) && len(names) == 0 && !l.noted(at+"."+key) {
			l.wrong(at+"."+key, strictyaml.BadValue, "name who may use the hook, or leave the key out", "nobody is named here")
		}
		for i, name := range names {
			if _, err := path.Match(name, ""); err != nil || name == "" {
				l.wrong(fmt.Sprintf("%s.%s[%d]", at, key, i), strictyaml.BadValue, "", "this is no name, and no pattern such as shop-*")
			}
		}
	}
	return rollback.Binding{Teams: keys.Teams, Services: keys.Services}
}

// idempotent is what is written, else what the kind says of itself. A kind that says
// nothing is not idempotent, because it runs or calls what Pushback does not know.
func idempotent(written *bool, settings any) bool {
	if written != nil {
		return *written
	}
	kind, knows := settings.(interface{ Idempotent() bool })
	return knows && kind.Idempotent()
}

// aborts is what is written, else what the kind says of itself, else false.
func aborts(written *bool, settings any) bool {
	if written != nil {
		return *written
	}
	kind, knows := settings.(interface{ Aborts() bool })
	return knows && kind.Aborts()
}

// fixedTarget is what the kind says of itself, else "".
func fixedTarget(settings any) string {
	kind, knows := settings.(interface{ FixedTarget() string })
	if !knows {
		return ""
	}
	return kind.FixedTarget()
}

// reports returns the tools that get verdicts. A source that there is not would leave a tool without any.
func (l *loader) reports(sources map[string]Source) map[string]Report {
	all := map[string]Report{}
	for n, a := range l.adapters("reports", l.file.Reports) {
		r := Report{Adapter: a, Sources: l.file.Reports.entries[n].shared.(*reportKeys).Sources}
		for i, name := range r.Sources {
			if _, known := sources[name]; !known {
				l.wrong(fmt.Sprintf("reports.%s.sources[%d]", n, i), UnknownName, nearest(name, "sources", sources), "there is no source %q under sources", name)
			}
		}
		all[n] = r
	}
	return all
}

func (l *loader) grafana() *Adapter {
	if !l.places.Has("grafana") {
		return nil
	}
	l.paths("grafana", l.file.Grafana.settings)
	return &Adapter{Name: "grafana", Kind: "grafana", Settings: l.file.Grafana.settings}
}
