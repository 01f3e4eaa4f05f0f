package survey

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Header is what the files say of their origin: the team, the store and the time.
type Header struct {
	URL  string // of the metric store, without a password
	Team string
	At   time.Time
}

// Configuration returns a pushback.yml with the metric store, and a catalogue that
// discovers the services found.
func (s Survey) Configuration(w Header) string {
	name, match := s.labels()
	heartbeat := "    # heartbeat: max(timestamp(up))      # an expression for the time of the newest sample\n"
	if s.Heartbeat != "" {
		heartbeat = "    heartbeat: " + quoted(s.Heartbeat) + "  # this store has no series up\n"
	}
	return `# Written by ` + "`pushback rules init`" + ` on ` + w.At.UTC().Format(time.DateOnly) + `. Edit it as you like. docs/pushback.yml
# shows every key; check this file with ` + "`pushback config check`" + `.

listen: 127.0.0.1:8484
token_file: token                        # tokens of those who may change anything by the API
data: data
rules: rules

metrics:
  prometheus:
    kind: prometheus                     # Prometheus, Thanos, Mimir, VictoriaMetrics
    url: ` + quoted(w.URL) + `
    # resolution: 15s                    # the scrape interval; measured if left out
` + heartbeat + `
# The services: every ` + name + ` that has one of these metrics. Its labels become
# $match in the rules.
services:
  discover: ` + quoted(s.discover()) + `
  name: ` + name + `
  match: [` + strings.Join(match, ", ") + `]
  # aliases: aliases.csv                 # repository or application → service, owner, hook
  # default: {owner: ` + w.Team + `, chat: chat, pager: pager}   # receivers, below; needed as soon as a rule tells anybody

# Who gets messages. Without receivers, verdicts are shown on the page alone.
# receivers:
#   chat: {kind: slack, url_file: secrets/slack}
#   pager: {kind: pagerduty, routing_key_file: secrets/pagerduty}

# Who reports changes: ` + "`pushback deploy`" + `, POST /v1/events, or a tool by webhook.
# sources:
#   github: {kind: github, secret_files: [secrets/github]}
`
}

// Rules returns a first rule file: one rule for each rule of the library that finds
// its metrics in the store.
func (s Survey) Rules(w Header) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=http://127.0.0.1:8484/schema/rules.json\n#\n")
	fmt.Fprintf(&b, "# Written by `pushback rules init` on %s from what the metric store had then.\n", w.At.UTC().Format(time.DateOnly))
	b.WriteString("# Edit it as you like: `pushback rules library http-red` shows what a rule uses,\n# and `pushback rules test` runs tests that you write for it.\n\n")
	fmt.Fprintf(&b, "team: %s\n\n", w.Team)
	b.WriteString(`# What to do about a verdict. Messages need receivers in pushback.yml.
# defaults:
#   respond:
#     - {at_least: suspect, tell: $owner.chat}
#     - {at_least: likely, tell: $owner.pager}
#     - {at_least: certain, rollback: {hook: $service.hook, mode: ask}}

rules:
`)
	for _, library := range s.Libraries() {
		s.rule(&b, library)
	}
	return b.String()
}

// hints are the keys that people change first in a rule of the library.
var hints = map[string]string{
	"library/http-red":       "{latency.slow: 300ms, errors.limit: 5%, bake: 20m}",
	"library/grpc":           "{latency.slow: 100ms, errors.limit: 5%}",
	"library/queue-consumer": "{settle: 10m, waiting.limit: 10000}",
	"library/batch-job":      "{bake: 1d, failed.min_events: 5}",
	"library/jvm":            "{heap.limit: 90%}",
	"library/go-runtime":     "{goroutines.limit: 10000}",
}

func (s Survey) rule(b *strings.Builder, library string) {
	for _, f := range s.Found {
		if f.Library == library {
			fmt.Fprintf(b, "  # %s (%s): %s\n", f.Metric, f.By, listOf(f.Services))
		}
	}
	fmt.Fprintf(b, "  - name: %s\n    use: %s\n    watch: {service: \"*\"}\n", strings.TrimPrefix(library, "library/"), library)
	fmt.Fprintf(b, "    # set: %s\n", hints[library])
}

// listOf returns the names, or a few of them and how many there are. They come from
// the store and become part of a comment, so that characters which are not printable
// are left out.
func listOf(names []string) string {
	const few = 5
	shown := names[:min(len(names), few)]
	text := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.Join(shown, ", "))
	if len(names) > few {
		return fmt.Sprintf("%d services, %s, …", len(names), text)
	}
	return text
}

// quoted returns text as a JSON string, which is also a YAML string.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic("survey: encode text: " + err.Error()) // a string always encodes
	}
	return strings.TrimSuffix(b.String(), "\n")
}
