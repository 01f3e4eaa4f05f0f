package architecture

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

//go:generate go run generate.go

// Layer is one step of the import graph. A package imports only from layers
// below its own, so adapters of one layer never know each other.
type Layer struct {
	Packages []string // folders from the root; a star stands for one folder
	Does     string   // what the packages are for, as a cell of the table
}

// Layers are all packages, lowest first. This is the only list of them: the
// tests of this package check the imports against it, and docs/architecture.md
// is generated from it (make generate). A package in no layer fails the test,
// so that whoever adds one decides where it belongs. Where two layers match,
// the lower one counts.
var Layers = []Layer{
	{
		Packages: []string{"internal/secret", "internal/boundedfile", "internal/pause"},
		Does:     "what a secret is, and texts without secrets; reading the operators' files; waiting",
	},
	{
		Packages: []string{"sources", "detector/stats", "internal/strictyaml", "internal/secretfile", "internal/webconfig", "internal/folder", "internal/crashpoint", "internal/store/storetest", "internal/jobs", "internal/delta", "internal/usage", "internal/identity", "internal/proof/architecture", "internal/proof/docblocks", "internal/proof/frameworks", "internal/telemetry", "internal/people", "dashboards"},
		Does:     "values and numbers; reading YAML strictly, reading secrets from files, TLS and basic authentication, watching a folder, crash points, and databases with empty tables, for tests; jobs in memory, sequences of values in little space; completion and manual of a command line; roles, scopes and named tokens; what the metrics of frameworks look like, and the blocks of a page, for tests; what /metrics serves; who is who; the Grafana boards",
	},
	{
		Packages: []string{"detector", "sources/changes", "sources/metrics", "internal/outbound", "internal/gitrepo", "internal/jq", "internal/lastcheck"},
		Does:     "judging; what all change sources, and all metric stores, have in common; outbound HTTP; what a git repository says of a deploy; jq in bounds; how what Pushback talks to did when it was last asked",
	},
	{
		Packages: []string{
			"sources/changes/signature", "sources/changes/bus", "sources/changes/changestest", "sources/metrics/metricstest", "sources/metrics/promql", "internal/proof/servertest", "internal/proof/browser", "internal/proof/forges", "internal/proof/program", "internal/proof/metricstore",
			"sources/changes/internal/ask", "sources/changes/internal/examples",
		},
		Does: "signatures of webhooks, messages of buses; the contract suites of change sources and metric stores, and PromQL; real servers and a real browser for integration tests, scripted ones of the tools that get reports, and a scripted one and the built program for measurements; asking the APIs of deploy tools, and deliveries that they really sent",
	},
	{
		Packages: []string{"sources/changes/internal/*"},
		Does:     "what change sources of one tool have in common",
	},
	{
		Packages: []string{"sources/changes/webhook", "sources/changes/envelope"},
		Does:     "what the webhooks of deploy tools have in common; opening CloudEvents",
	},
	{
		Packages: []string{"sources/changes/flags"},
		Does:     "what the sources of feature flags have in common",
	},
	{
		Packages: []string{"sources/changes/flags/flagstest"},
		Does:     "what the tests of these sources have in common",
	},
	{
		Packages: []string{"internal/kube", "internal/kube/kubetest", "internal/proof/kubecluster"},
		Does:     "reading Kubernetes: settings, revisions, rollouts; an API server for tests that can be watched, and a real control plane",
	},
	{
		Packages: []string{"sources/changes/*", "sources/metrics/*"},
		Does:     "adapters of deploy tools and metric stores",
	},
	{
		Packages: []string{"watch", "rollback", "notify"},
		Does:     "the states of a watch; the order and its guards; the message: values only",
	},
	{
		Packages: []string{"rules", "dashboards/*", "internal/report", "internal/replay", "internal/server/api", "rollback/freezefile"},
		Does:     "the rule language; the pages and annotations; an explained verdict, a verdict judged again; the API's values; the freeze file",
	},
	{
		Packages: []string{"notify/internal/delivery", "notify/internal/comment", "notify/internal/protection", "notify/internal/mrkdwn", "notify/sendertest", "rollback/hooktest", "rollback/internal/naming", "rollback/internal/call"},
		Does:     "what senders, and hooks, have in common; their contract suites",
	},
	{
		Packages: []string{"rollback/internal/clustertest"},
		Does:     "a Kubernetes API server for tests",
	},
	{
		Packages: []string{"rollback/internal/*"},
		Does:     "what hooks of one tool family have in common",
	},
	{
		Packages: []string{"notify/*", "rollback/*", "internal/store", "internal/gather", "internal/catalogue", "internal/probes", "internal/openid"},
		Does:     "adapters that deliver messages and roll back; Pushback's own state; gathering samples; the service catalogue; probing what customers see; signing people in at a provider of identities",
	},
	{
		Packages: []string{"internal/profiles", "internal/trust", "internal/messages", "internal/situation", "internal/replica", "internal/due", "internal/readiness", "internal/verdict", "internal/picture", "internal/wall"},
		Does:     "what is learned of a query's history; what a rule has earned; the words of messages; what the guards ask about; the leases of replicas; which watches are due; from when on a signal can be judged; what the watches of a version come to; plots as pictures; the main signals of a site",
	},
	{
		Packages: []string{"internal/picturing", "internal/tally", "internal/gate", "internal/outage", "internal/fleet", "internal/planning", "internal/progress", "internal/audit", "internal/retention", "internal/freezing", "internal/proof/trains", "internal/reconcile", "internal/digest", "internal/deliveries", "internal/remarks", "internal/reporting", "internal/commands", "internal/silences", "internal/routing"},
		Does:     "the pictures of stored verdicts, and their addresses; counting what becomes of changes; answering deploy tools, holds; finding lost deliveries; digests; what deliveries came to; what sources find out about changes; reports to other tools; carrying out commands from chats; silencing alerts while a rollback runs; passing messages on by routes; metric stores that cannot be read; too much bad at once; beginning the watches of new changes; how far rollouts have come; exported journals; deleting what is old; the account of the freeze file; measuring changes that follow one another",
	},
	{
		Packages: []string{"internal/engine", "internal/server", "internal/config", "internal/backtest", "internal/proof/accuracy", "internal/agents"},
		Does:     "running the loop, serving the port, reading the settings; replaying history, measuring the detector; answering assistants",
	},
	{
		Packages: []string{"internal/daemon"},
		Does:     "the process as a value, and the one table of adapters",
	},
	{
		Packages: []string{"internal/demo/shop", "internal/demo/playground"},
		Does:     "the demo's shop, and what docker-compose.yml needs first",
	},
	{
		Packages: []string{"internal/demo", "internal/proof/reliability", "internal/proof/load", "internal/ruletest", "internal/survey", "internal/migrate"},
		Does:     "tools for authors of rules; the demo; tests of the built program under faults",
	},
	{
		Packages: []string{"internal/proof/scale", "internal/doctor"},
		Does:     "measuring how much the built program can watch; what is wrong with an installation",
	},
	{
		Packages: []string{"cmd/*", "tools/*"},
		Does:     "programs",
	},
}

// What single packages may do besides importing, as patterns like those of a
// layer. The tests hold each list.
var (
	// KnowHooks import the adapters of hooks.
	KnowHooks = []string{"internal/daemon"}
	// KnowProbes import the probes: no request and no event can start one or name a target.
	KnowProbes = []string{"internal/config", "internal/daemon", "cmd/*"}
	// CallHooks call rollback.Hook's Do: they change production.
	CallHooks = []string{"internal/engine"}
	// AskHooks call Preflight and DryRun. That changes nothing, but asks the
	// other side, which is not for a page or a rule to do.
	AskHooks = []string{"internal/engine", "internal/daemon", "cmd/*"}
	// Pure packages import nothing that reaches the network, the disk, the log
	// or the clock: same values in, same values out.
	Pure = []string{"internal/secret", "internal/identity", "sources", "detector", "detector/stats", "watch", "rules", "rollback", "internal/messages", "internal/replay", "internal/picture"}
	// ImpureFiles are the files of pure packages that Pure leaves out, with the
	// reason. A file here that would pass fails the test.
	ImpureFiles = map[string]string{
		"rollback/hook.go":      "the interfaces of hooks, whose methods take a context",
		"rollback/started.go":   "what a hook reports while it runs, through its context",
		"rules/load_empty.go":   "names what a folder without rules holds instead",
		"rules/load_files.go":   "reads a folder of rules",
		"rules/load_library.go": "reads the rules and conventions that are built in",
	}
)

// LayerOf is the index of the first layer that names the folder; -1 where none
// does.
func LayerOf(folder string) int {
	return slices.IndexFunc(Layers, func(l Layer) bool { return Matches(l.Packages, folder) })
}

// Matches says whether one of the patterns names the folder.
func Matches(patterns []string, folder string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, err := path.Match(pattern, folder)
		return ok && err == nil
	})
}

// Markdown is the part of docs/architecture.md that says what is above: the
// table, highest layer first, and a sentence for each permission.
func Markdown() string {
	var b strings.Builder
	b.WriteString("| | packages | for |\n|---|---|---|\n")
	for i, layer := range slices.Backward(Layers) {
		fmt.Fprintf(&b, "| %d | %s | %s |\n", i, code(layer.Packages), layer.Does)
	}
	b.WriteString("\nAnd beyond the imports:\n\n")
	fmt.Fprintf(&b, "* Only %s calls a hook; only %s ask one what it would do.\n", code(CallHooks), code(AskHooks))
	fmt.Fprintf(&b, "* Only %s knows which kinds of hooks there are.\n", code(KnowHooks))
	fmt.Fprintf(&b, "* Only %s know the probes, so that no request and no event can start one.\n", code(KnowProbes))
	fmt.Fprintf(&b, "* %s cannot reach the network, the disk, the log or the clock. So a verdict can be replayed from what is stored with it. Left out are: %s.\n", code(Pure), exceptions())
	return b.String()
}

func code(names []string) string { return "`" + strings.Join(names, "`, `") + "`" }

func exceptions() string {
	var all []string
	for _, file := range slices.Sorted(maps.Keys(ImpureFiles)) {
		all = append(all, "`"+file+"` ("+ImpureFiles[file]+")")
	}
	return strings.Join(all, "; ")
}
