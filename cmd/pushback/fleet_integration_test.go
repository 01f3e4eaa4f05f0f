//go:build integration

package main_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/proof/servertest"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/notify"
)

// fleetSize is how many services turn bad at once.
const fleetSize = 40

// TestEverythingBadAtOnce checks with the built program that forty services which turn bad
// together are one page, on SQLite and with two replicas on PostgreSQL.
func TestEverythingBadAtOnce(t *testing.T) {
	services := map[string]*target{}
	var all []*target
	for i := range fleetSize {
		name := fmt.Sprintf("s%02d", i)
		services[name] = newTarget(t)
		all = append(all, services[name])
	}
	store := metricStore(t, servertest.Prometheus, all...)
	sqlite, postgres := newDeployTool(t, nil), newDeployTool(t, nil)
	url := fmt.Sprintf("store: {url: %q}\n", servertest.PostgreSQL(t).URL)
	one := []*process{serve(t, settings(store, sqlite, services), rule("once"))}
	two := []*process{
		serve(t, url+settings(store, postgres, services), rule("once")), serve(t, url+settings(store, postgres, services), rule("once")),
	}
	keys, others := deployAll(t, one, services), deployAll(t, two, services)
	for _, g := range all {
		g.fails.Store(bad)
	}
	together(t,
		part{"SQLite", func(t *testing.T) { pagesOnce(t, one, sqlite, keys) }},
		part{"two replicas on PostgreSQL", func(t *testing.T) { pagesOnce(t, two, postgres, others) }},
	)
}

// deployAll deploys every service, to one replica after the other, and waits until all are
// looked at.
func deployAll(t *testing.T, replicas []*process, services map[string]*target) (keys []string) {
	t.Helper()
	for name := range services {
		keys = append(keys, replicas[len(keys)%len(replicas)].deploy(name, "v2"))
	}
	for _, key := range keys {
		replicas[0].await(key, "a look", 30*time.Second, func(e api.Explanation) bool { return len(e.Watches) > 0 && e.Watches[0].Last != nil })
	}
	return keys
}

// pagesOnce waits until every change was told with all others, and wants one message that
// wakes people.
func pagesOnce(t *testing.T, replicas []*process, tool *deployTool, keys []string) {
	for _, key := range keys {
		e := replicas[0].await(key, "a message that is told with all others", 60*time.Second, func(e api.Explanation) bool { return len(e.Messages) > 0 && e.Messages[0].GroupedIn != "" })
		if e.Messages[0].State != "grouped" {
			t.Error(describe(e))
		}
	}
	for _, key := range keys {
		replicas[0].await(key, "the end of the watch", 90*time.Second, ended)
	}
	await(t, "a page", 30*time.Second, func() bool { return len(tool.pages(t)) > 0 })
	pages := tool.pages(t)
	tool.mu.Lock()
	defer tool.mu.Unlock()
	if len(pages) != 1 || pages[0].Severity != notify.Critical || !slices.Contains(pages[0].SignalLines, "and 30 more") || len(tool.keys) > 0 {
		t.Errorf("%d rollbacks, pages: %+v", len(tool.keys), pages)
	}
}

// pages are the messages that wake people.
func (d *deployTool) pages(t *testing.T) (all []notify.Message) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, body := range d.chat {
		var call struct {
			Data notify.Message `json:"data"`
		}
		if err := json.Unmarshal([]byte(body), &call); err != nil {
			t.Fatal(err)
		}
		if call.Data.Severity != notify.Info {
			all = append(all, call.Data)
		}
	}
	return all
}
