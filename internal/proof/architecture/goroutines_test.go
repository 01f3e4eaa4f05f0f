package architecture

import (
	"go/ast"
	"maps"
	"slices"
	"testing"
)

// sequential are the packages whose tests `make test` runs without the race detector: SEQUENTIAL of the Makefile.
var sequential = []string{"detector", "detector/stats", "internal/replay", "internal/ruletest"}

func TestSequentialPackagesHaveNoGoroutines(t *testing.T) {
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	checked := map[string]bool{}
	for _, f := range all {
		if !slices.Contains(sequential, f.folder) {
			continue
		}
		checked[f.folder] = true
		ast.Inspect(f.tree, func(n ast.Node) bool {
			call, isCall := n.(*ast.CallExpr)
			starts := false
			if isCall {
				s, isSelector := call.Fun.(*ast.SelectorExpr)
				starts = isSelector && (s.Sel.Name == "Go" || s.Sel.Name == "Parallel")
			}
			if _, isGo := n.(*ast.GoStmt); isGo || starts {
				t.Errorf("%s starts a goroutine", f.fset.Position(n.Pos()))
			}
			return true
		})
	}
	if len(checked) != len(sequential) {
		t.Errorf("files were read of %v alone", slices.Sorted(maps.Keys(checked)))
	}
}
