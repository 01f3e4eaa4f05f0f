package survey

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Header is what the files say of their origin, and what a person chose.
type Header struct {
	URL         string // of the metric store, without a password
	Team        string
	Environment string // of the changes that the rules watch
	At          time.Time
	Choices     map[string]string // service → name of the convention to read, where two fit
}

// Configuration returns a pushback.yml with the metric store, and a catalogue that
// discovers the services found.
func (s Survey) Configuration(w Header) string {
	heartbeat := "    # heartbeat: max(timestamp(up))      # an expression for the time of the newest sample\n"
	if s.Heartbeat != "" {
		heartbeat = "    heartbeat: " + quoted(s.Heartbeat) + "  # this store has no series up\n"
	}
	which := "has one of these metrics"
	if s.selector() == "up" {
		which = "is scraped"
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
# The services: every ` + s.name + ` that ` + which + `. Its labels become $match in the
# rules.
services:
  discover: ` + quoted(s.discover()) + `
  name: ` + s.name + `
  match: [` + strings.Join(s.match(), ", ") + `]
  # aliases: aliases.csv                 # repository or application → service, owner, hook
  # default: {owner: ` + w.Team + `, chat: chat, pager: pager}   # receivers, below; needed as soon as a rule tells anybody

# Who gets messages. Without receivers, verdicts are shown on the page alone.
# receivers:
#   chat: {kind: slack, url_file: secrets/slack}
#   pager: {kind: pagerduty, routing_key_file: secrets/pagerduty}

# Who reports changes: ` + "`pushback deploy`" + `, POST /v1/events, or a tool by webhook.
# sources:
#   github: {kind: github, secret_files: [secrets/github]}

# What rolls back. A rule's rollback line names one of these, or $service.hook: the hook of
# services.default or of an alias.
# hooks:
#   ship: {kind: command, argv: [/usr/local/bin/ship, $service, $target_version]}

# A new rule only observes until it has earned more (pushback rules status); with as_written it acts at once.
# trust: {new_rules: as_written}
`
}

// Rules returns a first rule file: one rule for each rule of the library that finds its metrics
// in the store, and one for each service that is read in its own way.
func (s Survey) Rules(w Header) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# yaml-language-server: $schema=http://127.0.0.1:8484/schema/rules.json\n#\n")
	fmt.Fprintf(&b, "# Written by `pushback rules init` on %s from what the metric store had then.\n", w.At.UTC().Format(time.DateOnly))
	b.WriteString("# Edit it as you like: `pushback rules library http-red` shows what a rule uses,\n# and `pushback rules test` runs tests that you write for it.\n\n")
	fmt.Fprintf(&b, "team: %s\n\n", w.Team)
	b.WriteString(`# Until this file says what to do about a verdict, it is shown on the page alone. The names after
# tell are receivers of pushback.yml.
# defaults:
#   respond:
#     - {at_least: suspect, tell: chat}
#     - {at_least: likely, tell: pager}
#     - {at_least: certain, rollback: {hook: $service.hook, mode: ask}}

rules:
`)
	own := s.own(w)
	if len(s.Libraries())+len(own) == 0 {
		b.WriteString("  []   # no metric was recognised: see the proposals below, or docs/rules.md\n")
	}
	for _, library := range s.Libraries() {
		s.libraryRule(&b, w, library, own)
	}
	for _, o := range own {
		o.write(&b, w.Environment)
	}
	s.proposals(&b, w)
	return b.String()
}

// hints are the keys that people change first in a rule of the library.
var hints = map[string]string{
	"library/http-red":       "{latency.slow: 300ms, errors.limit: 5%, bake: 20m}",
	"library/grpc":           "{latency.slow: 100ms, errors.limit: 5%}",
	"library/queue-consumer": "{settle: 10m, waiting.limit: 10000}",
	"library/batch-job":      "{bake: 1d, failed.min_events: 5}",
	"library/database":       "{connections.limit: 200}",
	"library/jvm":            "{heap.limit: 90%}",
	"library/go-runtime":     "{goroutines.limit: 10000}",
}

func (s Survey) libraryRule(b *strings.Builder, w Header, library string, own []ownRule) {
	byConvention := map[string][]string{}
	var order []string
	for _, one := range s.Services {
		for _, k := range one.Known {
			if k.Library != library {
				continue
			}
			about := fmt.Sprintf("%s (%s)", k.Metrics[0], k.By)
			if byConvention[about] == nil {
				order = append(order, about)
			}
			byConvention[about] = append(byConvention[about], one.Name)
		}
	}
	for _, about := range order {
		fmt.Fprintf(b, "  # %s: %s\n", about, listOf(byConvention[about]))
	}
	var except []string
	for _, o := range own {
		if o.library == library {
			except = append(except, quoted(o.service))
		}
	}
	watch := fmt.Sprintf("service: %s, environment: %s", s.watched(library), quoted(w.Environment))
	if len(except) > 0 {
		watch += ", except: [" + strings.Join(except, ", ") + "]"
	}
	fmt.Fprintf(b, "  - name: %s\n    use: %s\n    watch: {%s}\n    # set: %s\n", strings.TrimPrefix(library, "library/"), library, watch, hints[library])
}

// watched is the service that a rule of the library watches: all of them, so that new services
// are watched from the beginning. A rule that reads no requests is for the one service that has its metrics,
// where there is only one: for all others it would see nothing.
func (s Survey) watched(library string) string {
	if library == "library/http-red" || library == "library/grpc" {
		return `"*"`
	}
	var names []string
	for _, one := range s.Services {
		if slices.ContainsFunc(one.Known, func(k Known) bool { return k.Library == library }) {
			names = append(names, one.Name)
		}
	}
	if len(names) == 1 && len(s.Services) > 1 && plainName.MatchString(names[0]) {
		return quoted(names[0])
	}
	return `"*"`
}

// ownRule is a rule for one service that reads its metrics in its own way.
type ownRule struct {
	service, library string
	why              string
	signals          []string // in YAML
}

// own are the services that a person chose a convention for, and those whose metrics surely are
// requests. A name that a glob or a rule's name cannot hold has none.
func (s Survey) own(w Header) (all []ownRule) {
	for _, one := range s.Services {
		if !plainName.MatchString(one.Name) {
			continue
		}
		for _, k := range one.Known {
			if w.Choices[one.Name] == k.Convention {
				all = append(all, ownRule{one.Name, k.Library, "read as " + k.By, k.signals()})
			}
		}
		if g := one.Guess; g != nil && g.Sure {
			all = append(all, ownRule{one.Name, "library/http-red", "recognised by the form of its names", g.signals()})
		}
	}
	return all
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$`)

func (o ownRule) write(b *strings.Builder, environment string) {
	fmt.Fprintf(b, "  # %s: %s\n  - name: %s-%s\n    use: %s\n    watch: {service: %s, environment: %s}\n    signals:\n",
		o.service, o.why, strings.TrimPrefix(o.library, "library/"), o.service, o.library, quoted(o.service), quoted(environment))
	for _, signal := range o.signals {
		fmt.Fprintf(b, "      - %s\n", signal)
	}
}

// signals read one convention alone.
func (k Known) signals() (all []string) {
	for _, signal := range k.convention.Signals {
		all = append(all, fmt.Sprintf("{name: %s, conventions: %s/%s/%s}", signal, k.convention.Set, signal, k.convention.Name))
	}
	return all
}

// signals are the guess as signals of a rule that uses library/http-red.
func (g Guess) signals() []string {
	all := []string{fmt.Sprintf("{name: requests, kind: rate, query: 'sum(rate(%s{$match}[$__rate_interval]))'}", g.Requests)}
	if g.Failed != "" {
		all = append(all, fmt.Sprintf("{name: errors, counter: '%s{$match}', bad: '%s'}", g.Requests, g.Failed))
	}
	if g.Duration != "" {
		all = append(all, fmt.Sprintf("{name: latency, histogram: '%s{$match}'}", g.Duration))
	}
	return all
}

// proposals are rules in comments, for what may be requests.
func (s Survey) proposals(b *strings.Builder, w Header) {
	for _, one := range s.Services {
		if one.Guess == nil || one.Guess.Sure || !plainName.MatchString(one.Name) {
			continue
		}
		var text strings.Builder
		ownRule{one.Name, "library/http-red", "did you mean these metrics? Then take the # away, and check what bad says", one.Guess.proposed()}.write(&text, w.Environment)
		for line := range strings.Lines(text.String()) {
			b.WriteString("#" + line)
		}
	}
}

// proposed are its signals, with a place to fill in where no label says what failed.
func (g Guess) proposed() []string {
	if g.Failed == "" {
		g.Failed = `label="value of those that failed"`
	}
	return g.signals()
}

// listOf returns the names, or a few of them and how many there are. They come from
// the store and become part of a comment, so that characters which are not printable
// are left out.
func listOf(names []string) string {
	const few = 5
	shown := slices.Clone(names[:min(len(names), few)])
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
