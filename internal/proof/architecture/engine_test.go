package architecture

import (
	"go/ast"
	"strings"
	"testing"
)

// The bounds of the engine, so that it stays something one can see through.
const (
	engineLines   = 3500
	engineMethods = 60 // of one type
)

// The engine keeps planning, looking, responding, orders, messages, verification and
// jobs. What has a seam is a package of its own.
func TestTheEngineStaysSmall(t *testing.T) {
	lines, methods := 0, map[string]int{}
	for _, f := range allFiles(t) {
		if f.folder != "internal/engine" || f.test {
			continue
		}
		lines += f.lines
		for _, d := range f.tree.Decls {
			if function, ok := d.(*ast.FuncDecl); ok && function.Recv != nil {
				methods[receiverOf(function)]++
			}
		}
	}
	if lines == 0 || lines > engineLines {
		t.Errorf("internal/engine has %d lines, at most %d", lines, engineLines)
	}
	for name, n := range methods {
		if n > engineMethods {
			t.Errorf("engine.%s has %d methods, at most %d: give a part of it a type", name, n, engineMethods)
		}
	}
	if methods["Engine"] == 0 {
		t.Error("engine.Engine has no methods: does this test still know how they look?")
	}
}

// receiverOf is the name of a method's receiver type.
func receiverOf(function *ast.FuncDecl) string {
	e := function.Recv.List[0].Type
	if star, ok := e.(*ast.StarExpr); ok {
		e = star.X
	}
	if generic, ok := e.(*ast.IndexExpr); ok {
		e = generic.X
	}
	name, ok := e.(*ast.Ident)
	if !ok {
		return ""
	}
	return strings.TrimSpace(name.Name)
}

// Parts of the engine that became packages know it no more than anybody else: it takes
// what they return.
func TestPartsDoNotKnowTheEngine(t *testing.T) {
	parts := []string{"internal/catalogue", "internal/profiles", "internal/trust", "internal/messages", "internal/situation", "internal/gate", "internal/outage", "internal/progress", "internal/gather"}
	for _, p := range parts {
		if LayerOf(p) < 0 || LayerOf(p) >= LayerOf("internal/engine") {
			t.Errorf("%s does not stand below internal/engine", p)
		}
	}
}
