package architecture

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// A comment that begins with the name of what it explains must follow when that is
// renamed: one with the old name explains something that the reader cannot find.
func TestCommentsBeginWithTheName(t *testing.T) {
	explained := 0
	for _, f := range allFiles(t) {
		for doc, names := range f.explained() {
			explained++
			if first := firstWord(doc); isOldName(first, names) {
				t.Errorf("%s: the comment of %s begins with %q", f.fset.Position(doc.Pos()), strings.Join(names, ", "), first)
			}
		}
	}
	if explained < 1000 {
		t.Errorf("only %d declarations have a comment: does the parser read them?", explained)
	}
}

func TestOldNames(t *testing.T) {
	f := func(first string, want bool, names ...string) {
		t.Helper()
		if got := isOldName(first, names); got != want {
			t.Errorf("%q for %v: %v", first, names, got)
		}
	}
	f("matchAll", false, "matchAll")
	f("matchAny", true, "matchAll")
	f("walk", true, "matchAll")
	f("TestAll", true, "TestEvery")
	f("GitHub", false, "replay")
	f("The", false, "matchAll")
	f("lowest", false, "lowest", "highest")
}

// explained are the comments of the file's declarations, with the names each is about.
func (f file) explained() map[*ast.CommentGroup][]string {
	all := map[*ast.CommentGroup][]string{}
	for _, d := range f.tree.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			all[d.Doc] = []string{d.Name.Name}
		case *ast.GenDecl:
			for _, s := range d.Specs {
				names, doc := specNames(s)
				all[d.Doc] = append(all[d.Doc], names...)
				all[doc] = names
			}
		}
	}
	delete(all, nil)
	return all
}

func specNames(s ast.Spec) (names []string, doc *ast.CommentGroup) {
	switch s := s.(type) {
	case *ast.TypeSpec:
		return []string{s.Name.Name}, s.Doc
	case *ast.ValueSpec:
		for _, n := range s.Names {
			names = append(names, n.Name)
		}
		return names, s.Doc
	}
	return nil, nil
}

// firstWord is the word that a comment begins with, "" for a directive.
func firstWord(doc *ast.CommentGroup) string {
	first, _, _ := strings.Cut(strings.TrimSpace(doc.Text()), " ")
	return strings.Trim(first, ".,:;")
}

// isOldName says whether the first word of a comment is written as a name in Go, but
// names nothing of what it explains. A comment may also begin as a sentence does.
func isOldName(first string, names []string) bool {
	if slices.Contains(names, first) || !token.IsIdentifier(first) {
		return false
	}
	return unicode.IsLower(rune(first[0])) || strings.HasPrefix(first, "Test")
}
