package main

import (
	"context"
	"fmt"
	"slices"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/daemon"
	"github.com/pushback/pushback/rules"
)

// onlyDiscovered stands for every service that the metric store knows and pushback.yml does
// not name, where the store is not asked.
const onlyDiscovered = "every service that is only discovered"

// nobodyWarnings are the words of rules that are nobody for some service of the catalogue,
// of those discovered, or of those with a recorded change.
func nobodyWarnings(ctx context.Context, c config.Config, set *rules.Set, discovered []string) []rules.Diagnostic {
	names := slices.Clone(discovered)
	for _, s := range c.Services.List {
		names = append(names, s.Name)
	}
	for _, a := range c.Services.Aliases {
		names = append(names, a.Service)
	}
	known := catalogue.New(daemon.CatalogueConfig(c.Services), nil)
	// They are for warnings alone, so that a database that cannot be read is no mistake.
	recorded, _ := recordedServices(ctx, c)
	for _, name := range recorded {
		names = append(names, known.Canonical(name))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if c.Services.Discover != "" && len(discovered) == 0 {
		names = slices.Insert(names, 0, onlyDiscovered)
	}
	services := make([]rules.Service, len(names))
	for i, name := range names {
		services[i] = known.Configured(name)
	}
	return set.Nobody(services)
}

// nobodyText says what follows from a word that is nobody for a service.
func nobodyText(word string) string {
	if word == "$service.hook" {
		return "no hook is known, so that nothing can be rolled back"
	}
	return fmt.Sprintf("%s is nobody; the operators' default receiver is told instead", word)
}
