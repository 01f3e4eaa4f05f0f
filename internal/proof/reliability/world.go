package reliability

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// World is the surroundings of a suite.
type World struct {
	Name        string // of the suite; names its daemons
	Dir         string // for the folders of its daemons
	Seed        uint64
	Shop        *shop
	Metrics     string // url of the metric store
	Receiver    *receiver
	Database    string                           // url of a PostgreSQL server; "" where no suite needs one
	CallTimeout time.Duration                    // of the hooks; 0: ten seconds
	say         func(format string, args ...any) // writes progress
}

// daemon makes a daemon with this number of services for each of the two hooks.
func (w World) daemon(name, binary string, services int) (*daemon, error) {
	return w.daemonIn(filepath.Join(w.Dir, name), name, binary, services, "")
}

// daemonIn is daemon with a folder and more settings. Replicas have the name of their
// driver and a folder each.
func (w World) daemonIn(dir, name, binary string, services int, more string) (*daemon, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("creating the folder of %s: %w", name, err)
	}
	var list strings.Builder
	for n := 1; n <= services; n++ {
		for _, hook := range []string{onceHook, againHook} {
			service := fmt.Sprintf("%s-%s-%d", hook, name, n)
			fmt.Fprintf(&list, "    - {name: %s, match: {service: %s}}\n", service, service)
		}
	}
	settings := more + fmt.Sprintf("metrics: {prod: {kind: prometheus, url: %q, resolution: 1s}}\n", w.Metrics+"/prod") +
		w.outlets(name) + "services:\n  default: {chat: chat}\n  list:\n" + list.String()
	return newDaemon(name, dir, binary, settings, killRules)
}

// outlets are the hooks and the receiver in a daemon's configuration.
func (w World) outlets(name string) string {
	at, timeout := w.Receiver.url+"/"+name+"/", int(cmp.Or(w.CallTimeout, 10*time.Second).Seconds())
	return fmt.Sprintf(`hooks:
  once: {kind: http, url: %q, secret_file: secret, timeout: %ds}
  again: {kind: http, url: %q, secret_file: secret, timeout: %ds, idempotent: true}
receivers:
  chat: {kind: webhook, url: %q, secret_file: secret}
`, at+onceHook, timeout, at+againHook, timeout, at+chat)
}

// killRules look every second, with the shortest bake that is allowed.
var killRules = "team: shop\nrules:\n" +
	rule(onceHook, "once-*", "", "10s", "1s") + rule(againHook, "again-*", "", "10s", "1s")

// rule writes one rule. An empty store is the default one.
func rule(hook, services, store, bake, every string) string {
	if store != "" {
		store = "    store: " + store + "\n"
	}
	return fmt.Sprintf(`  - name: %s
    watch: {service: %q, environment: production}
%s    settle: 1s
    bake: %s
    every: %s
    tick: %s
    history: 1h
    signals:
      - name: errors
        counter: 'http_requests_total{$match}'
        bad: 'code=~"5.."'
        min_effect: 1 points
        min_events: 20
        limit: 20%%
    respond:
      - {at_least: likely, tell: chat}
      - {at_least: certain, rollback: {hook: %s, mode: act}}
      - {on: blind, tell: chat}
`, ruleName(hook, services), services, store, bake, every, min(every, "3s"), hook)
}

func ruleName(hook, services string) string {
	return strings.TrimSuffix(hook+"-"+strings.Trim(strings.TrimPrefix(services, hook), "-*"), "-")
}
