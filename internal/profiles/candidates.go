package profiles

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/rules"
	"github.com/pushback/pushback/sources"
)

// Candidates returns the changes that may come: one for what is live of each kind
// in each place, and one for every service of the catalogue in the environments that rules name.
func (k *Keeper) Candidates(ctx context.Context, all []rules.Rule) ([]sources.Change, error) {
	live, err := k.Store.LiveChanges(ctx, k.Now().Add(-liveWindow))
	if err != nil {
		return nil, fmt.Errorf("reading what is live: %w", err)
	}
	var candidates []sources.Change
	seen := map[sources.Slot]bool{}
	for _, c := range live {
		at := c.Slot()
		at.Group = "" // all flags of a service have the same profiles
		if !seen[at] {
			seen[at] = true
			candidates = append(candidates, sources.Change{Service: c.Service, Environment: c.Environment, Region: c.Region, Kind: c.Kind})
		}
	}
	services, err := k.Catalogue.Names(ctx, k.Now())
	if err != nil {
		return nil, err
	}
	kinds := environments(all)
	for _, environment := range slices.Sorted(maps.Keys(kinds)) {
		for _, s := range services {
			candidates = append(candidates, sources.Change{Service: s, Environment: environment, Kind: kinds[environment]})
		}
	}
	return candidates, nil
}

// liveWindow is how long after its last change a service counts as live.
const liveWindow = 90 * 24 * time.Hour

// environments returns the environments that rules name, each with a kind of change
// that a rule watches there. Patterns name no environment.
func environments(all []rules.Rule) map[string]sources.Kind {
	environments := map[string]sources.Kind{}
	for _, r := range all {
		kind := sources.Deploy
		if len(r.Watch.Kind) > 0 {
			kind = r.Watch.Kind[0]
		}
		if _, ok := environments[r.Watch.Environment]; !ok || kind == sources.Deploy {
			environments[r.Watch.Environment] = kind
		}
	}
	maps.DeleteFunc(environments, func(glob string, _ sources.Kind) bool { return strings.ContainsAny(glob, `*?[\`) })
	return environments
}
