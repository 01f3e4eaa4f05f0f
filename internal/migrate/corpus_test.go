package migrate

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
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

// TestCorpus converts every file of the tools' own repositories: as they are, and once more with a
// value for each argument that the first run asks for. With -update it writes the counts into
// docs/migrating.md, and with MIGRATE_CORPUS_OUT each result beside its source, to be read.
func TestCorpus(t *testing.T) {
	if corpusFolder == "" {
		t.Skip("MIGRATE_CORPUS names no folder")
	}
	entries, err := os.ReadDir(corpusFolder)
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	table.WriteString("| repository | files | objects | metrics | converted | with arguments said | things left |\n|---|---|---|---|---|---|---|\n")
	why := map[string]int{}
	for _, e := range entries {
		if !e.IsDir() {
			continue
		}
		n, s, said := convertFolder(t, filepath.Join(corpusFolder, e.Name()), why)
		fmt.Fprintf(&table, "| %s | %d | %d | %d | %d | %d | %d |\n", e.Name(), n, s.Objects, s.Metrics, s.Converted, said.Converted, s.Left)
	}
	table.WriteString("\n| why a metric was not converted | as it is | with arguments said |\n|---|---|---|\n")
	for _, reason := range slices.Sorted(maps.Keys(why)) {
		if name, ok := strings.CutPrefix(reason, "first: "); ok {
			fmt.Fprintf(&table, "| %s | %d | %d |\n", name, why[reason], why["said: "+name])
		}
	}
	t.Log("\n" + table.String())
	if *update {
		writeBetweenMarks(t, "../../docs/migrating.md", table.String())
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

func convertFolder(t *testing.T, folder string, why map[string]int) (files int, all, said Summary) {
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		pieces := piecesOf(name, data)
		first, err := Convert(pieces, Options{Team: "corpus"})
		if err != nil {
			if !errors.Is(err, ErrUnknown) {
				t.Logf("not read: %v", err)
			}
			return nil
		}
		files++
		all.Add(first.Summary)
		countReasons(why, "first: ", first)
		second, err := Convert(pieces, Options{Team: "corpus", Args: asked(first), Mesh: "istio", Namespace: "shop"})
		if err != nil {
			t.Error(err)
		}
		said.Add(second.Summary)
		countReasons(why, "said: ", second)
		checkResult(t, pieces, first)
		checkResult(t, pieces, second)
		writeResult(t, folder, name, pieces, second)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files, all, said
}

// asked gives a value to each argument that a result asks for.
func asked(r Result) map[string]string {
	args := map[string]string{}
	for _, l := range r.Left {
		for _, m := range regexp.MustCompile(`--arg '?([^= ]+)=(\$service|VALUE)`).FindAllStringSubmatch(l.Instead, -1) {
			if args[m[1]] = m[1]; m[2] != "VALUE" {
				args[m[1]] = "$service"
			}
		}
	}
	return args
}

// countReasons counts why metrics were not converted: themselves, or the whole spec with them.
func countReasons(why map[string]int, run string, r Result) {
	metric := regexp.MustCompile(`metrics\[\d+\]$`)
	for _, l := range r.Left {
		switch {
		case metric.MatchString(l.Path) && len(l.Keys) > 0, l.Path == "spec" && strings.HasPrefix(l.Object, "MetricTemplate"):
			why[run+general(l.Reason)]++
		case l.Path == "spec" && strings.HasPrefix(l.Object, "Canary"):
			for _, k := range l.Keys {
				if strings.HasSuffix(k, "].name") && strings.HasPrefix(k, "spec.analysis.metrics[") {
					why[run+general(l.Reason)]++
				}
			}
		}
	}
}

// general is a reason without the names in it.
func general(reason string) string {
	for _, r := range []struct{ pattern, by string }{
		{`the files do not say what .* stands? for`, "an argument without a value"},
		{`.*pod template hash.*`, "an argument is the hash of pods"},
		{`its provider is .*`, "another provider than Prometheus"},
		{`the provider of its MetricTemplate is .*`, "another provider than Prometheus"},
		{`its metrics come from .*`, "another provider than Prometheus"},
		{`its condition .* is not a limit.*`, "a condition that is no limit"},
		{`no Canary of these files uses it.*`, "a template that no Canary of the file uses"},
		{`skipAnalysis is true.*`, "the Canary skips its analysis"},
		{`the Canary does not say its namespace`, "an argument without a value"},
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

// dedented joins lines without the blanks that all of them begin with, as in a list of a page.
func dedented(lines [][]byte) []byte {
	least := -1
	for _, line := range lines {
		if text := bytes.TrimLeft(line, " "); len(text) > 0 && (least < 0 || len(line)-len(text) < least) {
			least = len(line) - len(text)
		}
	}
	var all [][]byte
	for _, line := range lines {
		all = append(all, line[min(max(least, 0), len(line)):])
	}
	return bytes.Join(all, []byte("\n"))
}

// piecesOf returns a YAML or JSON file, the blocks of code of a page, or the here documents of a
// shell script, as far as they are YAML.
func piecesOf(name string, data []byte) []File {
	var begins, ends *regexp.Regexp
	switch filepath.Ext(name) {
	case ".yaml", ".yml", ".json":
		return []File{{Name: name, Data: data}}
	case ".md":
		begins, ends = regexp.MustCompile("^\\s*```"), regexp.MustCompile("^\\s*```\\s*$")
	case ".sh":
		begins, ends = regexp.MustCompile(`<<-?\s*'?EOF`), regexp.MustCompile(`^EOF`)
	default:
		return nil
	}
	var all []File
	from := -1
	lines := bytes.Split(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n"))
	for i, line := range lines {
		switch {
		case from < 0 && begins.Match(line):
			from = i + 1
		case from >= 0 && ends.Match(line):
			piece := File{Name: name, Line: from + 1, Data: dedented(lines[from:i])}
			if documents, err := readFile(piece); err == nil && slices.ContainsFunc(documents, func(d *document) bool { return d.kind != "" || isCanaryConfig(d.field()) }) {
				all = append(all, piece)
			}
			from = -1
		}
	}
	return all
}
