package architecture

import (
	"go/ast"
	"strings"
	"testing"
)

// TestDetectorHasNoGoroutines: `make test` runs the tests of the detector without the race detector.
func TestDetectorHasNoGoroutines(t *testing.T) {
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for _, f := range all {
		if f.folder != "detector" && !strings.HasPrefix(f.folder, "detector/") {
			continue
		}
		checked++
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
	if checked == 0 {
		t.Error("no file of the detector was read")
	}
}
