package architecture

import (
	"go/ast"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var (
	glossaryTerms = regexp.MustCompile(`\*\*([^*]+)\*\*`)
	glossaryName  = regexp.MustCompile("`(\\w+)\\.([A-Z]\\w*)(\\.([A-Z]\\w*))?`")
)

// Every term is defined once, and the terms of each area are in alphabetical order.
func TestGlossaryDefinesEachTermOnce(t *testing.T) {
	defined := map[string]bool{}
	for _, area := range strings.Split(text(t, "docs/glossary.md"), "\n## ")[1:] {
		last := ""
		for _, line := range strings.Split(area, "\n") {
			for i, m := range glossaryTerms.FindAllStringSubmatch(line, -1) {
				term := strings.ToLower(m[1])
				if defined[term] {
					t.Errorf("docs/glossary.md defines %q twice", term)
				}
				if i == 0 && term < last {
					t.Errorf("docs/glossary.md: %q stands after %q", term, last)
				}
				if defined[term] = true; i == 0 {
					last = term
				}
			}
		}
	}
	if len(defined) < 50 {
		t.Errorf("docs/glossary.md defines %d terms: does this test still know how they look?", len(defined))
	}
}

// The types and fields where the glossary says that terms live exist.
func TestGlossaryNamesCode(t *testing.T) {
	declared := declaredNames(t)
	for _, m := range glossaryName.FindAllStringSubmatch(text(t, "docs/glossary.md"), -1) {
		if name := strings.Trim(m[0], "`"); !slices.Contains(declared, name) {
			t.Errorf("docs/glossary.md names %s, which is not declared", name)
		}
	}
}

// declaredNames are the exported types and functions of all packages, and the fields of
// the types, as package.Type and package.Type.Field.
func declaredNames(t *testing.T) (names []string) {
	t.Helper()
	for _, f := range allFiles(t) {
		if f.test {
			continue
		}
		in := f.tree.Name.Name + "."
		ast.Inspect(f.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncDecl:
				names = append(names, in+n.Name.Name)
			case *ast.TypeSpec:
				names = append(names, in+n.Name.Name)
				names = append(names, fieldNames(in+n.Name.Name+".", n.Type)...)
			}
			return true
		})
	}
	return names
}

func fieldNames(in string, of ast.Expr) (names []string) {
	s, ok := of.(*ast.StructType)
	if !ok {
		return nil
	}
	for _, field := range s.Fields.List {
		for _, name := range field.Names {
			names = append(names, in+name.Name)
		}
	}
	return names
}
