package engine

import (
	"github.com/pushback/pushback/internal/gather"
	"github.com/pushback/pushback/internal/outage"
)

// rangers are the metric stores as looks and profiles ask them.
func rangers(stores map[string]MetricStore) map[string]gather.Ranger {
	all := map[string]gather.Ranger{}
	for name, s := range stores {
		all[name] = s
	}
	return all
}

// monitored are the metric stores as the outage monitor asks them.
func monitored(stores map[string]MetricStore) map[string]outage.MetricStore {
	all := map[string]outage.MetricStore{}
	for name, s := range stores {
		all[name] = s
	}
	return all
}
