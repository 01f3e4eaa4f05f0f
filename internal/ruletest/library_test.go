package ruletest

import (
	"bytes"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/strictyaml"
	"github.com/pushback/pushback/rules"
)

// TestTheLibrary runs the tests of every shipped rule.
func TestTheLibrary(t *testing.T) {
	folder := rules.Library()
	set, found := rules.Load(folder, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	for _, r := range set.Rules() {
		file := strings.TrimSuffix(r.File, ".yml") + "_test.yml"
		if "library/"+r.Name+".yml" != "library/"+r.File || !slices.Contains(rules.LibraryNames(), "library/"+r.Name) {
			t.Errorf("%s holds the rule %s", r.File, r.Name)
		}
		t.Run(r.Name, func(t *testing.T) { runFile(t, folder, set, file) })
	}
	if len(set.Rules()) != 9 {
		t.Errorf("%d rules", len(set.Rules()))
	}
}

// TestDirtyData runs tests over series that stores give and that cannot be true.
func TestDirtyData(t *testing.T) { runFolder(t, "testdata/dirty") }

// TestSeveralSeries runs tests of queries that give several series.
func TestSeveralSeries(t *testing.T) { runFolder(t, "testdata/vector") }

// TestWeakSignalsTogether: signals that are weak each are likely together, and never act.
func TestWeakSignalsTogether(t *testing.T) { runFolder(t, "testdata/together") }

// TestWarmUps runs tests of a service whose good deploys are known.
func TestWarmUps(t *testing.T) { runFolder(t, "testdata/warmup") }

// TestUnseenSignals runs tests of signals that cannot be seen.
func TestUnseenSignals(t *testing.T) { runFolder(t, "testdata/unseen") }

// TestPreviews runs tests of deployments beside production.
func TestPreviews(t *testing.T) { runFolder(t, "testdata/preview") }

func runFolder(t *testing.T, name string) {
	folder := os.DirFS(name)
	set, found := rules.LoadFiles(folder, []string{"rules.yml"}, rules.World{})
	if len(found) > 0 {
		t.Fatal(found)
	}
	files, err := fs.Glob(folder, "*_test.yml")
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) { runFile(t, folder, set, file) })
	}
}

func runFile(t *testing.T, folder fs.FS, set *rules.Set, file string) {
	data, err := strictyaml.ReadFile(folder, file)
	if err != nil {
		t.Fatal(err)
	}
	s, found := Parse(file, data)
	if len(found) > 0 {
		t.Fatal(found)
	}
	passes(t, s, set)
}

// passes runs a suite, fails the test if it does not pass, and returns how many tests
// it has.
func passes(t *testing.T, s *Suite, set *rules.Set) int {
	t.Helper()
	report, err := s.Run(t.Context(), set, func(string) bool { return true }, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if report.Failed() > 0 {
		var b bytes.Buffer
		_ = Text(&b, report, false)
		t.Error(b.String())
	}
	return len(report.Tests)
}

// TestLostSignals: what vanishes is lost and `lost: act` acts, whenever it vanishes; what is
// gappy by nature is not.
func TestLostSignals(t *testing.T) { runFolder(t, "testdata/lost") }
