package config

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/pushback/pushback/internal/probes"
	"github.com/pushback/pushback/internal/strictyaml"
)

// ProbeStore is the name of the metric store that is made for probes where none is configured
// that they can write to, and the kind of such a store.
const (
	ProbeStore    = "probes"
	probeStoreOf  = "embedded"
	probeStoreFor = "probes write to a metric store of kind embedded"
)

// probes checks the section.
func (l *loader) probes() []probes.Settings {
	all := l.file.Probes
	if len(all) == 0 && l.places.Has("probes") && !mistakenAt(l.wrongAt, "probes") {
		l.wrong("probes", strictyaml.MissingField, `write one, as in probes: [{service: shop, http: "https://shop.example/"}]`, "no probe is named")
	}
	if len(all) > probes.MaxProbes {
		l.wrong("probes", OutOfRange, "probe what customers use first", "at most %d probes can be named, and these are %d", probes.MaxProbes, len(all))
		return nil
	}
	known := map[string]bool{}
	for i := range all {
		at := fmt.Sprintf("probes[%d]", i)
		l.paths(at, &all[i])
		for _, m := range all[i].Check() {
			l.probeMistake(at, m)
		}
		all[i] = all[i].WithDefaults()
		if name := all[i].Name; known[name] {
			l.wrong(at+".name", BadName, "give this one a name", "two probes are called %q", name)
		}
		known[all[i].Name] = true
	}
	return all
}

// probeMistake places a mistake at its key, or at the probe. One mistake at a place is enough.
func (l *loader) probeMistake(at string, m probes.Mistake) {
	if m.Key != "" {
		at += "." + m.Key
	}
	if !l.noted(at) {
		l.wrong(at, BadSettings, m.Hint, "%s", m.Message)
	}
}

// addProbeStore adds a store for the probes where none is configured that they can write to,
// and returns the name of theirs.
func (l *loader) addProbeStore(all map[string]Adapter, settings []probes.Settings) string {
	if len(settings) == 0 || mistakenAt(l.wrongAt, "metrics") {
		return ""
	}
	var names []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if all[name].Kind == probeStoreOf {
			names = append(names, name)
		}
	}
	_, taken := all[ProbeStore]
	switch {
	case slices.Contains(names, ProbeStore):
		return ProbeStore
	case len(names) == 1:
		return names[0]
	case len(names) > 1:
		l.wrong("probes", NoDefault, "call the one that they are to write to probes", "%d metric stores are of kind embedded", len(names))
	case taken:
		l.wrong("metrics."+ProbeStore, BadName, "give this store another name", "%s, and this name is that of the store which is made for them", probeStoreFor)
	case l.kinds.Metrics[probeStoreOf] == nil:
		l.wrong("probes", UnknownKind, "", "%s, and there is no such kind", probeStoreFor)
	default:
		all[ProbeStore] = l.probeStore(settings)
		return ProbeStore
	}
	return ""
}

// probeStore is a store with its defaults, whose resolution is that of the rarest probe: each
// of its ticks has a sample of every probe.
func (l *loader) probeStore(all []probes.Settings) Adapter {
	rarest := slices.MaxFunc(all, func(a, b probes.Settings) int { return int(a.Every - b.Every) }).Every
	settings := l.kinds.Metrics[probeStoreOf]()
	strictyaml.Decode(fmt.Appendf(nil, "scrape_interval: %s", strictyaml.Duration(max(rarest, time.Second))), settings)
	l.paths("probes", settings)
	return Adapter{Name: ProbeStore, Kind: probeStoreOf, Settings: settings}
}

// probed are the services that probes belong to, each once.
func probed(all []probes.Settings) (services []string) {
	for _, p := range all {
		if !p.NetworkCheck {
			services = append(services, p.Service)
		}
	}
	slices.Sort(services)
	return slices.Compact(services)
}
