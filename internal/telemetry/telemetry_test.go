package telemetry

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// registered finds the names that code gives to the library, with their labels.
var (
	registered = regexp.MustCompile("(?:NewGauge|NewCounter|NewHistogram|GetOrCreate\\w+|\\.count)\\((?:fmt\\.Sprintf\\()?[\"`](\\w+)(?:\\{([^}]*)\\}|)")
	label      = regexp.MustCompile(`(\w+)=`)
)

// TestTableAndCodeAgree reads the code: what it registers is in the table, with its labels, and the
// other way round.
func TestTableAndCodeAgree(t *testing.T) {
	found := map[string]string{}
	err := filepath.WalkDir("..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		code, err := os.ReadFile(path)
		for _, m := range registered.FindAllStringSubmatch(string(code), -1) {
			var labels []string
			for _, l := range label.FindAllStringSubmatch(m[2], -1) {
				labels = append(labels, l[1])
			}
			if strings.HasPrefix(m[1], "pushback_") {
				found[m[1]] = strings.Join(labels, " ")
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, m := range Own {
		want[m.Name] = strings.Join(m.Labels, " ")
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if labels, ok := want[name]; !ok || labels != found[name] {
			t.Errorf("the code registers %s{%s}, and the table has {%s}, %v", name, found[name], labels, ok)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := found[name]; !ok {
			t.Errorf("the table has %s, which no code registers", name)
		}
	}
}

func TestTable(t *testing.T) {
	for _, all := range [][]Metric{Own, Process} {
		if !slices.IsSortedFunc(all, func(a, b Metric) int { return strings.Compare(a.Name, b.Name) }) {
			t.Error("the table is not sorted by name")
		}
		for _, m := range all {
			if m.Help == "" || strings.HasSuffix(m.Help, ".") || strings.ContainsAny(m.Help, "\n\\|") {
				t.Errorf("%s: help %q", m.Name, m.Help)
			}
		}
	}
}

func TestWriteGroups(t *testing.T) {
	var out strings.Builder
	page := "pushback_looks_total{outcome=\"a\"} 1\npushback_look_lag_seconds_sum 2\npushback_looks_total{outcome=\"b{ c\"} 3\n" +
		"pushback_look_lag_seconds_count 4\nunknown_sum 5\n"
	if err := Write(&out, []byte(page)); err != nil {
		t.Fatal(err)
	}
	want := `# HELP pushback_looks_total Looks that were made, or failed.
# TYPE pushback_looks_total counter
pushback_looks_total{outcome="a"} 1
pushback_looks_total{outcome="b{ c"} 3
# HELP pushback_look_lag_seconds How long after they were due looks began.
# TYPE pushback_look_lag_seconds histogram
pushback_look_lag_seconds_sum 2
pushback_look_lag_seconds_count 4
unknown_sum 5
`
	if out.String() != want {
		t.Errorf("wrote\n%s\nwant\n%s", out.String(), want)
	}
}

func TestPageIsGenerated(t *testing.T) {
	page, err := os.ReadFile("../../docs/metrics.md")
	if err != nil || string(page) != Markdown() {
		t.Errorf("docs/metrics.md is not what the table says: run make generate (%v)", err)
	}
}
