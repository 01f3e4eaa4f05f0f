package architecture

import (
	"go/ast"
	"testing"
)

// The bounds. Nine functions of ten must be short; the tenth may be a table.
const (
	longestFile  = 400
	longFunction = 40
	shortShare   = 0.9
)

func TestFilesStayShort(t *testing.T) {
	for _, f := range house(t) {
		if f.lines > longestFile {
			t.Errorf("%s: %d lines, at most %d", f.name, f.lines, longestFile)
		}
	}
}

func TestFunctionsStayShort(t *testing.T) {
	all, long := 0, 0
	for _, f := range house(t) {
		if f.test {
			continue
		}
		for _, d := range f.tree.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			all++
			if lines := f.places.Position(function.End()).Line - f.places.Position(function.Pos()).Line + 1; lines >= longFunction {
				t.Logf("%s: %s has %d lines", f.name, function.Name.Name, lines)
				long++
			}
		}
	}
	if short := 1 - float64(long)/float64(all); short < shortShare {
		t.Errorf("%.0f %% of %d functions are under %d lines; %.0f %% must be", 100*short, all, longFunction, 100*shortShare)
	}
}
