package architecture

import (
	"go/ast"
	"slices"
	"testing"
)

// The limits, in lines. Nine functions of ten stay within shortFunction; the
// tenth may be a table.
const (
	longestFile     = 330
	longestFunction = 50
	shortFunction   = 25
)

func TestFilesStayShort(t *testing.T) {
	for _, f := range allFiles(t) {
		if f.lines > longestFile {
			t.Errorf("%s: %d lines, at most %d", f.name, f.lines, longestFile)
		}
	}
}

func TestFunctionsStayShort(t *testing.T) {
	var lengths []int
	for _, f := range allFiles(t) {
		if f.test {
			continue
		}
		for _, d := range f.tree.Decls {
			function, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			lines := f.fset.Position(function.End()).Line - f.fset.Position(function.Pos()).Line + 1
			if lengths = append(lengths, lines); lines > longestFunction {
				t.Errorf("%s: %s has %d lines, at most %d", f.name, function.Name.Name, lines, longestFunction)
			}
		}
	}
	slices.Sort(lengths)
	if p90 := lengths[len(lengths)*9/10]; p90 > shortFunction {
		t.Errorf("nine of ten of %d functions have up to %d lines, at most %d", len(lengths), p90, shortFunction)
	} else {
		t.Logf("%d functions: median %d lines, 90th percentile %d, longest %d", len(lengths), lengths[len(lengths)/2], p90, lengths[len(lengths)-1])
	}
}
