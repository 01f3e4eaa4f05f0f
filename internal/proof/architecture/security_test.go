package architecture

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"
)

var namedTest = regexp.MustCompile("`(\\w+)\\.((?:Test|Fuzz)\\w+)`")

// A boundary that the security page claims is held by a test that exists: `folder.TestName`.
func TestTheSecurityPageNamesTests(t *testing.T) {
	declared := map[string]bool{}
	for _, f := range allFiles(t) {
		for _, d := range f.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && f.test && fn.Recv == nil {
				declared[path.Base(f.folder)+"."+fn.Name.Name] = true
			}
		}
	}
	named := namedTest.FindAllString(text(t, "docs/security.md"), -1)
	for _, name := range named {
		if !declared[strings.Trim(name, "`")] {
			t.Errorf("docs/security.md names the test %s, which does not exist", name)
		}
	}
	if len(named) < 40 {
		t.Errorf("docs/security.md names %d tests: does this test still know how they look?", len(named))
	}
}
