package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pushback/pushback/rules"
)

// corpusFolder holds one folder for each tool, with the files of its repository. The files belong
// to those projects and are not here.
var corpusFolder = os.Getenv("MIGRATE_CORPUS")

// TestCorpus converts every file of the tools' own repositories. With -update it writes the counts
// into docs/migrating.md, and with MIGRATE_CORPUS_OUT each result beside its source, to be read.
func TestCorpus(t *testing.T) {
	if corpusFolder == "" {
		t.Skip("MIGRATE_CORPUS names no folder")
	}
	entries, err := os.ReadDir(corpusFolder)
	if err != nil {
		t.Fatal(err)
	}
	table := new(strings.Builder)
	table.WriteString("| repository | files with objects | objects | metrics | converted | not converted | things left |\n|---|---|---|---|---|---|---|\n")
	why := map[string]int{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		n, s := convertFolder(t, filepath.Join(corpusFolder, e.Name()), why)
		fmt.Fprintf(table, "| %s | %d | %d | %d | %d | %d | %d |\n", e.Name(), n, s.Objects, s.Metrics, s.Converted, s.Stopped, s.Left)
	}
	table.WriteString("\n| why a metric was not converted | metrics |\n|---|---|\n")
	for _, reason := range slices.SortedFunc(mapKeys(why), func(a, b string) int { return why[b] - why[a] + 0*strings.Compare(a, b) }) {
		fmt.Fprintf(table, "| %s | %d |\n", reason, why[reason])
	}
	t.Log("\n" + table.String())
	if *update {
		writeBetweenMarks(t, "../../docs/migrating.md", table.String())
	}
}

func mapKeys(m map[string]int) func(func(string) bool) {
	return func(yield func(string) bool) {
		names := make([]string, 0, len(m))
		for n := range m {
			names = append(names, n)
		}
		slices.Sort(names)
		for _, n := range names {
			if !yield(n) {
				return
			}
		}
	}
}

func writeBetweenMarks(t *testing.T, file, text string) {
	t.Helper()
	const begin, end = "<!-- counted by TestCorpus of internal/migrate -->\n", "<!-- end of the counts -->"
	page, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), begin)
	_, after, also := strings.Cut(rest, end)
	if !ok || !also {
		t.Fatalf("%s has no place for the counts", file)
	}
	if err := os.WriteFile(file, []byte(before+begin+"\n"+text+"\n"+end+after), 0o600); err != nil {
		t.Fatal(err)
	}
}

func convertFolder(t *testing.T, folder string, why map[string]int) (files int, all Summary) {
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		pieces := piecesOf(name, data)
		got, err := Convert(pieces, Options{Team: "corpus", Args: corpusArgs, Mesh: "istio"})
		switch {
		case errors.Is(err, ErrUnknown):
			return nil
		case err != nil && (bytes.Contains(data, []byte("AnalysisTemplate")) || bytes.Contains(data, []byte("kind: Canary"))):
			t.Logf("not read: %v", err)
			return nil
		case err != nil:
			return nil
		}
		files++
		all.Add(got.Summary)
		checkResult(t, pieces, got)
		for _, l := range got.Left {
			if stopped := regexp.MustCompile(`metrics\[\d+\]$`); stopped.MatchString(l.Path) && len(l.Keys) > 0 {
				why[general(l.Reason)]++
			}
		}
		writeResult(t, folder, name, pieces, got)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, all
}

// corpusArgs is empty: nothing that the files do not say is known.
var corpusArgs map[string]string

// general is a reason without the names in it.
func general(reason string) string {
	for _, r := range []struct{ pattern, by string }{
		{`the files do not say what .* stands? for`, "an argument without a value"},
		{`.*pod template hash.*`, "an argument is the hash of pods"},
		{`its provider is .*`, "another provider than Prometheus"},
		{`the provider of its MetricTemplate is .*`, "another provider than Prometheus"},
		{`its metrics come from .*`, "another provider than Prometheus"},
		{`its condition .* is not a limit.*`, "a condition that is no limit"},
		{`the files do not have its MetricTemplate .*`, "a template that the file does not have"},
		{`args\.\S+ is (a secret|a field of).*`, "an argument is a secret or a field"},
	} {
		if regexp.MustCompile("^" + r.pattern + "$").MatchString(reason) {
			return r.by
		}
	}
	return reason
}

// checkResult checks that rules load, and that each key of the input was accounted for.
func checkResult(t *testing.T, pieces []File, got Result) {
	t.Helper()
	if got.Summary.Converted > 0 {
		if _, found := rules.Load(fsOf(got.Rules), rules.World{}); len(found) > 0 {
			t.Errorf("%s: does not load: %v", pieces[0].Name, found)
		}
	}
	for _, l := range got.Left {
		if l.Line == 0 || l.Reason == "" {
			t.Errorf("%s: %+v", pieces[0].Name, l)
		}
	}
}

func writeResult(t *testing.T, folder, name string, pieces []File, got Result) {
	out := os.Getenv("MIGRATE_CORPUS_OUT")
	if out == "" {
		return
	}
	var b strings.Builder
	for _, p := range pieces {
		if bytes.Contains(p.Data, []byte("AnalysisTemplate")) || bytes.Contains(p.Data, []byte("Canary")) || bytes.Contains(p.Data, []byte("MetricTemplate")) || bytes.Contains(p.Data, []byte("analysisConfigurations")) || bytes.Contains(p.Data, []byte("AnalysisRun")) {
			fmt.Fprintf(&b, "#### source %s from line %d\n%s\n", p.Name, p.Line, p.Data)
		}
	}
	fmt.Fprintf(&b, "#### result\n%s", got.Rules)
	file := filepath.Join(out, filepath.Base(folder)+"_"+strings.ReplaceAll(name, "/", "_")+".txt")
	if err := os.WriteFile(file, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// piecesOf returns a YAML or JSON file, the blocks of code of a page, or the here documents of a
// shell script, as far as they are YAML.
func piecesOf(name string, data []byte) []File {
	var begins, ends *regexp.Regexp
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return []File{{Name: name, Data: data}}
	case ".md":
		begins, ends = regexp.MustCompile("^\\s*```\\s*(yaml|yml|json|)\\s*\\S*$"), regexp.MustCompile("^\\s*```\\s*$")
	case ".sh":
		begins, ends = regexp.MustCompile(`<<-?\s*'?EOF`), regexp.MustCompile(`^EOF`)
	default:
		return nil
	}
	var all []File
	from := -1
	lines := bytes.Split(data, []byte("\n"))
	for i, line := range lines {
		switch {
		case from < 0 && begins.Match(line):
			from = i + 1
		case from >= 0 && ends.Match(line):
			piece := File{Name: name, Line: from + 1, Data: bytes.Join(lines[from:i], []byte("\n"))}
			if _, err := readFile(piece); err == nil {
				all = append(all, piece)
			}
			from = -1
		}
	}
	return all
}
