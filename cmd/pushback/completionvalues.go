package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/internal/server/api"
	"github.com/pushback/pushback/internal/usage"
)

// completionTimeout is how long completing may take: longer than that, people think that the
// shell hangs.
const completionTimeout = 500 * time.Millisecond

// values are those of flags and arguments that only the daemon or a file knows.
type values struct{ ctx context.Context }

func newValues(ctx context.Context) values { return values{ctx} }

// of returns the values of a flag or an argument by its name; none where nobody knows them,
// or whoever does cannot be asked.
func (v values) of(name string, typed usage.Typed) []usage.Candidate {
	switch {
	case typed.Command == "hooks test" && name == "name":
		return v.hooks(typed)
	case typed.Command == "receivers test" && name == "name":
		return v.receivers(typed)
	case typed.Command == "rules library" && name == "name":
		return libraryCandidates()
	}
	ask := map[string]func(*client) []usage.Candidate{
		"service": v.services, "--service": v.services, "--environment": v.environments,
		"change": v.changes, "a": v.changes, "b": v.changes, "--fix": v.changes, "--rollback-of": v.changes, "order": v.orders,
		"rule": v.rules, "--rule": v.rules, "what": v.holds, "id": v.incidents,
	}[name]
	if typed.Command == "tokens revoke" && name == "name" {
		ask = v.tokens
	}
	if ask == nil {
		return nil
	}
	c, err := completionServer(typed.Flags).client()
	if err != nil {
		return nil
	}
	return ask(c)
}

// completionServer is the daemon that the command to complete would ask.
func completionServer(flags map[string]string) serverFlags {
	return serverFlags{
		Server:    cmp.Or(flags["server"], os.Getenv("PUSHBACK_SERVER"), "http://127.0.0.1:8484"),
		TokenFile: expandHome(cmp.Or(flags["token-file"], os.Getenv("PUSHBACK_TOKEN_FILE"))),
	}
}

// get asks the daemon. What it does not answer in time is empty.
func get[T any](ctx context.Context, c *client, path string) (answer T) {
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	var read T
	if c.call(ctx, http.MethodGet, path, nil, &read) == nil {
		answer = read
	}
	return answer
}

func (v values) list(c *client) []api.ChangeSummary {
	return get[api.Changes](v.ctx, c, "/v1/changes?limit=200").Changes
}

// services are those that the daemon knows, and those of the newest changes.
func (v values) services(c *client) []usage.Candidate {
	names := map[string]bool{}
	for _, change := range v.list(c) {
		names[change.Service] = true
	}
	for _, name := range get[api.Services](v.ctx, c, "/v1/services").Services {
		names[name] = true
	}
	return candidatesOf(names, "service")
}

func (v values) environments(c *client) []usage.Candidate {
	names := map[string]bool{"production": true}
	for _, change := range v.list(c) {
		names[change.Environment] = true
	}
	return candidatesOf(names, "environment")
}

func candidatesOf(names map[string]bool, what string) (all []usage.Candidate) {
	for _, name := range slices.Sorted(maps.Keys(names)) {
		all = append(all, usage.Candidate{Value: name, Text: what})
	}
	return all
}

// changes are the newest ones by their keys: versions are not unique.
func (v values) changes(c *client) (all []usage.Candidate) {
	for _, change := range v.list(c) {
		all = append(all, usage.Candidate{Value: change.Key, Text: fmt.Sprintf("%s %s in %s: %s", change.Service, change.What(), change.Environment, change.State)})
	}
	return all
}

func (v values) orders(c *client) (all []usage.Candidate) {
	for _, o := range get[api.Orders](v.ctx, c, "/v1/orders?state=proposed").Orders {
		all = append(all, usage.Candidate{Value: o.Key, Text: fmt.Sprintf("%s %s to %s", o.Change.Service, o.Change.What(), o.Target)})
	}
	return all
}

// rules are those in force.
func (v values) rules(c *client) []usage.Candidate {
	names := map[string]bool{}
	for _, r := range get[api.Rules](v.ctx, c, "/v1/rules").Rules {
		names[r.Rule] = true
	}
	return candidatesOf(names, "rule")
}

// holds are what release takes: holds, and changes that count as bad.
func (v values) holds(c *client) (all []usage.Candidate) {
	for _, h := range get[api.Status](v.ctx, c, "/v1/status").Holds {
		all = append(all, usage.Candidate{Value: h.ID, Text: describeHold(h) + ": " + h.Why})
	}
	for _, change := range v.list(c) {
		if change.Standing == "bad" {
			all = append(all, usage.Candidate{Value: change.Key, Text: fmt.Sprintf("%s %s is marked bad", change.Service, change.What())})
		}
	}
	return all
}

func (v values) incidents(c *client) (all []usage.Candidate) {
	for _, i := range get[api.Incidents](v.ctx, c, "/v1/incidents").Incidents {
		all = append(all, usage.Candidate{Value: i.ID, Text: describeIncident(i)})
	}
	return all
}

func (v values) tokens(c *client) (all []usage.Candidate) {
	for _, t := range get[api.Tokens](v.ctx, c, "/v1/tokens").Tokens {
		if t.State == "in force" {
			all = append(all, usage.Candidate{Value: t.Name, Text: describeToken(t)})
		}
	}
	return all
}

// hooks are those of pushback.yml.
func (v values) hooks(typed usage.Typed) (all []usage.Candidate) {
	for name, h := range typedConfig(typed).Hooks {
		all = append(all, usage.Candidate{Value: name, Text: "hook of kind " + h.Kind})
	}
	return byValue(all)
}

func (v values) receivers(typed usage.Typed) (all []usage.Candidate) {
	for name, r := range typedConfig(typed).Receivers {
		all = append(all, usage.Candidate{Value: name, Text: "receiver of kind " + r.Kind})
	}
	return byValue(all)
}

// typedConfig is the pushback.yml of a line that is being typed, empty where it cannot be read.
func typedConfig(typed usage.Typed) config.Config {
	c, err := loadConfig(expandHome(cmp.Or(typed.Flags["config"], os.Getenv("PUSHBACK_CONFIG"), "pushback.yml")))
	if err != nil {
		return config.Config{}
	}
	return c
}

func byValue(all []usage.Candidate) []usage.Candidate {
	slices.SortFunc(all, func(a, b usage.Candidate) int { return strings.Compare(a.Value, b.Value) })
	return all
}

// libraryCandidates are the rules that come with Pushback.
func libraryCandidates() (all []usage.Candidate) {
	rules, _ := libraryRules()
	for _, r := range rules {
		all = append(all, usage.Candidate{Value: r.Name, Text: r.About})
	}
	return all
}
