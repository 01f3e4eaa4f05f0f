package dashboards

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/prometheus/promql/parser"
)

func boards(t *testing.T) map[string]board {
	t.Helper()
	made, err := Boards()
	if err != nil {
		t.Fatal(err)
	}
	read := map[string]board{}
	for name, text := range made {
		var b board
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		read[name] = b
	}
	return read
}

func TestCheckedInBoardsAreUpToDate(t *testing.T) {
	made, err := Boards()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range made {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s is not what boards.go makes; run go generate ./dashboards\n%s", name, diff)
		}
	}
}

func TestPanels(t *testing.T) {
	for name, b := range boards(t) {
		ids := map[int]bool{}
		for _, p := range b.Panels {
			if p.ID == 0 || ids[p.ID] {
				t.Errorf("%s: %q has the number %d", name, p.Title, p.ID)
			}
			ids[p.ID] = true
			if p.GridPos.X+p.GridPos.W > 24 {
				t.Errorf("%s: %q stands beyond the edge: %+v", name, p.Title, p.GridPos)
			}
			checkTargets(t, name, p)
		}
		for i, p := range b.Panels {
			for _, q := range b.Panels[i+1:] {
				if overlap(p.GridPos, q.GridPos) {
					t.Errorf("%s: %q lies on %q", name, p.Title, q.Title)
				}
			}
		}
	}
}

func overlap(a, b position) bool {
	return a.X < b.X+b.W && b.X < a.X+a.W && a.Y < b.Y+b.H && b.Y < a.Y+a.H
}

func checkTargets(t *testing.T, name string, p panel) {
	t.Helper()
	refs := map[string]bool{}
	for _, q := range p.Targets {
		if refs[q.RefID] || q.RefID == "" {
			t.Errorf("%s: %q: refId %q twice", name, p.Title, q.RefID)
		}
		refs[q.RefID] = true
		if q.Datasource != chosen || p.Datasource != chosen {
			t.Errorf("%s: %q does not ask the chosen data source", name, p.Title)
		}
		if strings.Contains(q.Expr, "rate(") && !strings.Contains(q.Expr, "[$__rate_interval]") {
			t.Errorf("%s: %q: a rate over a window of its own: %s", name, p.Title, q.Expr)
		}
		parse(t, q.Expr)
	}
}

func parse(t *testing.T, expr string) parser.Expr {
	t.Helper()
	filled := strings.NewReplacer("$__rate_interval", "5m", "$label", "job", "$status", "code", "$service", "cart", "$environment", "production").Replace(expr)
	e, err := parser.NewParser(parser.Options{}).ParseExpr(filled)
	if err != nil {
		t.Errorf("%s: %v", expr, err)
	}
	return e
}

func TestChangesAreDrawn(t *testing.T) {
	for name, b := range boards(t) {
		if len(b.Annotations.List) != 1 || b.Annotations.List[0].Target.Tags[0] != "pushback" {
			t.Errorf("%s draws %+v", name, b.Annotations.List)
		}
		if b.Templating.List[0].Type != "datasource" || "${"+b.Templating.List[0].Name+"}" != chosen.UID {
			t.Errorf("%s: the data source is no variable: %+v", name, b.Templating.List)
		}
	}
}

// TestMetricsExist reads the names in the source: a board that asks for a
// metric nobody makes shows an empty panel and no error.
func TestMetricsExist(t *testing.T) {
	known := metricNames(t, "..")
	suffix := regexp.MustCompile(`_(sum|count|bucket)$`)
	for name, b := range boards(t) {
		for _, p := range b.Panels {
			for _, q := range p.Targets {
				for metric := range selected(parse(t, q.Expr)) {
					if !known[metric] && !known[suffix.ReplaceAllString(metric, "")] {
						t.Errorf("%s: %q asks for %s, which nothing makes", name, p.Title, metric)
					}
				}
			}
		}
	}
}

func selected(e parser.Expr) map[string]bool {
	names := map[string]bool{}
	parser.Inspect(e, func(n parser.Node, _ []parser.Node) error {
		if v, ok := n.(*parser.VectorSelector); ok {
			names[v.Name] = true
		}
		return nil
	})
	return names
}

func metricNames(t *testing.T, root string) map[string]bool {
	t.Helper()
	quoted := regexp.MustCompile("[\"`]((?:pushback|shop|http|process)_[a-z_]+)")
	names := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "dashboards" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		for _, found := range quoted.FindAllSubmatch(text, -1) {
			names[string(found[1])] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
