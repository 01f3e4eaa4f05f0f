package architecture

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

const (
	module = "github.com/pushback/pushback"
	root   = "../../.."
)

// file is one Go file of the module.
type file struct {
	name    string // from the root
	folder  string
	test    bool
	lines   int
	imports []string
	tree    *ast.File
	fset    *token.FileSet
}

// read parses every Go file of the module, once for all tests.
var read = sync.OnceValues(func() ([]file, error) {
	var all []file
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || isOtherModule(tree, name) {
			return fs.SkipDir
		}
		if !strings.HasSuffix(name, ".go") || path.Dir(name) == "." {
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil || ignored(source) {
			return err
		}
		f, err := parse(name, source)
		all = append(all, f)
		return err
	})
	return all, err
})

// isOtherModule says whether a folder below the root is the root of a module of its own.
func isOtherModule(tree fs.FS, name string) bool {
	_, err := fs.Stat(tree, path.Join(name, "go.mod"))
	return err == nil && name != "."
}

func parse(name string, source []byte) (_ file, err error) {
	f := file{
		name: name, folder: path.Dir(name), test: strings.HasSuffix(name, "_test.go"),
		lines: bytes.Count(source, []byte("\n")), fset: token.NewFileSet(),
	}
	f.tree, err = parser.ParseFile(f.fset, name, source, parser.SkipObjectResolution|parser.ParseComments)
	if err != nil {
		return file{}, err
	}
	for _, i := range f.tree.Imports {
		imported, err := strconv.Unquote(i.Path.Value)
		if err != nil {
			return file{}, err
		}
		f.imports = append(f.imports, imported)
	}
	return f, nil
}

// ignored says whether the file is part of no package: a program that
// `go generate` runs.
func ignored(source []byte) bool { return bytes.HasPrefix(source, []byte("//go:build ignore\n")) }

// allFiles are all Go files of the module.
func allFiles(t *testing.T) []file {
	t.Helper()
	all, err := read()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found %d files: is %s the root?", len(all), root)
	}
	return all
}

// internalImports are the folders of this module that the file imports.
func (f file) internalImports() (folders []string) {
	for _, imported := range f.imports {
		if within(imported, module) {
			folders = append(folders, strings.TrimPrefix(imported, module+"/"))
		}
	}
	return folders
}

// within says whether a package is p, or below it.
func within(imported, p string) bool {
	return imported == p || strings.HasPrefix(imported, p+"/")
}

// selected are the functions of a package that the file names.
func (f file) selected(name string) (called []string) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == name {
				called = append(called, s.Sel.Name)
			}
		}
		return true
	})
	return called
}

// callsDo says whether the file calls a method Do with two arguments.
func (f file) callsDo() (found bool) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && len(call.Args) == 2 {
			s, ok := call.Fun.(*ast.SelectorExpr)
			found = found || ok && s.Sel.Name == "Do"
		}
		return true
	})
	return found
}

// callsMethod says whether the file calls a method or function of one of these
// names.
func (f file) callsMethod(names ...string) (found bool) {
	ast.Inspect(f.tree, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			s, ok := call.Fun.(*ast.SelectorExpr)
			found = found || ok && slices.Contains(names, s.Sel.Name)
		}
		return true
	})
	return found
}
