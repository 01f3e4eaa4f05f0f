package survey

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// Written is who asked for the files, and for what store.
type Written struct {
	URL  string // of the metric store, without a password
	Team string
	At   time.Time
}

// Configuration is a pushback.yml for a store: the store, and a catalogue that
// discovers the services that were found.
func (s Survey) Configuration(w Written) string {
	name, match := s.labels()
	heartbeat := "    # heartbeat: max(timestamp(up))      # an expression for the time of the newest sample of anything\n"
	if s.Heartbeat != "" {
		heartbeat = "    heartbeat: " + quoted(s.Heartbeat) + "  # there is no up in this store\n"
	}
	return `# Written by ` + "`pushback rules init`" + ` on ` + w.At.UTC().Format(time.DateOnly) + `. It is yours now. Every key there is
# stands in docs/pushback.yml; check this file with ` + "`pushback config check`" + `.

listen: 127.0.0.1:8484
token_file: token                        # what the API asks for, of whoever changes anything
data: data
rules: rules

metrics:
  prometheus:
    kind: prometheus                     # Prometheus, Thanos, Mimir, VictoriaMetrics
    url: ` + quoted(w.URL) + `
    # resolution: 15s                    # the scrape interval; measured unless said
` + heartbeat + `
# Which services there are: every ` + name + ` that has one of these metrics. Its
# labels become $match in the rules.
services:
  discover: ` + quoted(s.discover()) + `
  name: ` + name + `
  match: [` + strings.Join(match, ", ") + `]
  # aliases: aliases.csv                 # repository or application → service, owner, hook
  # default: {owner: ` + w.Team + `, chat: chat, pager: pager}   # receivers, below

# Who is told. Until there is somebody, verdicts stand on the page alone.
# receivers:
#   chat: {kind: slack, url_file: secrets/slack}
#   pager: {kind: pagerduty, routing_key_file: secrets/pagerduty}

# Who tells of changes: ` + "`pushback deploy`" + `, POST /v1/events, or a tool by webhook.
# sources:
#   github: {kind: github, secret_files: [secrets/github]}
`
}

// Rules is a first rule file: a rule for each shipped one that has something
// to read.
func (s Survey) Rules(w Written) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=http://127.0.0.1:8484/schema/rules.json\n#\n")
	fmt.Fprintf(&b, "# Written by `pushback rules init` on %s from what the metric store had then. It\n", w.At.UTC().Format(time.DateOnly))
	b.WriteString("# is yours now: `pushback rules library http-red` shows what a rule uses, and\n# `pushback rules test` runs tests that you write beside it.\n\n")
	fmt.Fprintf(&b, "team: %s\n\n", w.Team)
	b.WriteString(`# What to do about a verdict. Nobody is told until pushback.yml names receivers.
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

// hints are what people change first in a shipped rule.
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
			fmt.Fprintf(b, "  # %s (%s): %s\n", f.Metric, f.By, some(f.Services))
		}
	}
	fmt.Fprintf(b, "  - name: %s\n    use: %s\n    watch: {service: \"*\"}\n", strings.TrimPrefix(library, "library/"), library)
	fmt.Fprintf(b, "    # set: %s\n", hints[library])
}

// some are a few names with how many there are. They come from the store, and
// stand in a comment: what would end the line is left out.
func some(names []string) string {
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

// quoted is text as YAML reads it back, whatever is in it: JSON is YAML.
func quoted(text string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(text); err != nil {
		panic("survey: writing text: " + err.Error()) // text can always be written
	}
	return strings.TrimSuffix(b.String(), "\n")
}
