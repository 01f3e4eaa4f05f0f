//go:build integration

package main_test

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/pushback/pushback/internal/proof/docblocks"
)

// docPages are the pages of which every block is run or checked, and the place where their
// reader sits. To add a page, add a line.
var docPages = []struct {
	file  string
	place func(*testing.T, *docWorld) *reader
}{
	{"README.md", emptyFolder},
	{"docs/first-hour.md", emptyFolder},
	{"docs/api.md", runningDaemon},
	{"docs/gate.md", runningDaemon},
	{"docs/hooks.md", runningDaemon},
	{"docs/sources.md", runningDaemon},
	{"docs/flags.md", runningDaemon},
	{"docs/forges.md", runningDaemon},
	{"docs/migrating.md", runningDaemon},
	{"docs/backtest.md", runningDaemon},
	{"docs/backup.md", runningDaemon},
	{"docs/verdicts.md", runningDaemon},
	{"docs/mcp.md", runningDaemon},
	{"docs/grafana.md", runningDaemon},
	{"docs/signin.md", runningDaemon},
	{"docs/pages.md", runningDaemon},
	{"docs/json.md", runningDaemon},
	{"docs/troubleshooting.md", runningDaemon},
	{"docs/upgrade.md", runningDaemon},
	{"docs/sizes.md", runningDaemon},
	{"docs/receivers.md", runningDaemon},
	{"docs/reports.md", runningDaemon},
	{"docs/kubernetes.md", runningDaemon},
}

// TestDocsAreRun does what the pages tell their readers to do: it runs every command with bash,
// the real curl and the built program against a daemon with a real Prometheus, and checks every
// YAML and JSON. A block that cannot be run says why in a comment before it (package docblocks).
func TestDocsAreRun(t *testing.T) {
	if _, err := binary(); err != nil {
		t.Fatal(err)
	}
	w := newDocWorld(t)
	var done tally
	var parts []part
	for _, p := range docPages {
		parts = append(parts, part{p.file, func(t *testing.T) { readPage(t, p.file, p.place(t, w), &done) }})
	}
	together(t, parts...)
	t.Log(done.String())
}

// readPage follows one page from its first line to its last.
func readPage(t *testing.T, file string, r *reader, done *tally) {
	text, err := os.ReadFile(filepath.Join("../..", file))
	if err != nil {
		t.Fatal(err)
	}
	blocks, err := docblocks.Parse(string(text))
	if err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	for _, b := range blocks {
		if name := b.Markers[docblocks.File]; name != "" {
			r.write(name, b.Text)
		}
	}
	for _, b := range blocks {
		r.at = fmt.Sprintf("%s:%d", file, b.Line)
		done.add(r.follow(b), 1)
		if why := b.Markers[docblocks.NotRun]; why != "" {
			done.notRun(r.at, why)
		}
	}
	done.add("commands of blocks run", r.ran)
	r.at = file
	for _, s := range docblocks.Spans(string(text)) {
		if what := r.followSpan(s); what != "" {
			done.add(what, 1)
		}
	}
}

// ourCommand is a command of a block that is not run. It exists, with its flags.
var ourCommand = regexp.MustCompile(`(?m)(?:^|&& )(pushback [^|>&\n]+)`)

// follow runs or checks a block, and says which.
func (r *reader) follow(b docblocks.Block) string {
	r.t.Helper()
	_, notRun := b.Markers[docblocks.NotRun]
	switch {
	case b.Language == "yaml":
		return r.checkYAML(b, notRun)
	case b.Language == "json":
		return r.checkJSON(b, notRun)
	case notRun:
		for _, found := range ourCommand.FindAllStringSubmatch(b.Text, -1) {
			r.followSpan(found[1])
		}
		return "blocks not run"
	case b.Markers[docblocks.OutputOf] != "":
		r.compareLines(r.must(b.Markers[docblocks.OutputOf], 0), b.Text)
		return "outputs compared"
	case slices.Contains([]string{"", "sh", "bash", "console"}, b.Language):
		r.runBlock(b)
		return "blocks of commands run"
	}
	r.t.Errorf("%s: nothing runs a block of %q: write <!-- not run: why --> before it", r.at, b.Language)
	return "blocks not run"
}

// tally counts what was done with the blocks, and keeps why some were not run.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
	why    []string
}

func (c *tally) add(what string, n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[what] += n
}

func (c *tally) notRun(at, why string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.why = append(c.why, at+": not run: "+why)
}

func (c *tally) String() string {
	var lines []string
	for _, what := range slices.Sorted(maps.Keys(c.counts)) {
		lines = append(lines, fmt.Sprintf("%d %s", c.counts[what], what))
	}
	slices.Sort(c.why)
	return strings.Join(append(lines, c.why...), "\n")
}
