package architecture

import (
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

func TestThePageHasTheLayers(t *testing.T) {
	page, err := os.ReadFile(path.Join(root, "docs/architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), Markdown()) {
		t.Error("docs/architecture.md shows other layers than layers.go: run make generate")
	}
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, f := range allFiles(t) {
		from := LayerOf(f.folder)
		if from < 0 {
			t.Errorf("%s: the package is in no layer of layers.go", f.name)
			continue
		}
		for _, imported := range f.internalImports() {
			if to := LayerOf(imported); !f.test && to >= from {
				t.Errorf("%s: imports %s, which is not below it", f.name, imported)
			}
		}
	}
}

func TestFewPackagesImportHooks(t *testing.T) {
	for _, f := range allFiles(t) {
		for _, imported := range f.internalImports() {
			hook := path.Dir(imported) == "rollback" && imported != "rollback/freezefile" && imported != "rollback/hooktest"
			if hook && !Matches(KnowHooks, f.folder) && !f.test {
				t.Errorf("%s: imports the hook %s; only %v may", f.name, imported, KnowHooks)
			}
		}
	}
}

func TestNoRequestStartsAProbe(t *testing.T) {
	for _, f := range allFiles(t) {
		if slices.Contains(f.internalImports(), "internal/probes") && !Matches(KnowProbes, f.folder) {
			t.Errorf("%s: imports internal/probes; only %v may", f.name, KnowProbes)
		}
	}
}

// impure are the imports that a pure package must not have, with what is below them; net/url
// reads a text and reaches nothing.
var impure = []string{"net", "os", "context", "log", "io/fs", "syscall", "math/rand", "crypto/rand"}

// clock are the functions of package time that ask for the time or wait.
var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// impurities are what a file reaches that a pure one must not.
func (f file) impurities() (found []string) {
	for _, imported := range f.imports {
		if imported != "net/url" && slices.ContainsFunc(impure, func(p string) bool { return within(imported, p) }) {
			found = append(found, "imports "+imported)
		}
	}
	for _, call := range f.selected("time") {
		if slices.Contains(clock, call) {
			found = append(found, "calls time."+call)
		}
	}
	return found
}

func TestPurePackagesAskNobody(t *testing.T) {
	left := maps.Clone(ImpureFiles)
	for _, f := range allFiles(t) {
		if f.test || !Matches(Pure, f.folder) {
			continue
		}
		found := f.impurities()
		if _, excepted := left[f.name]; excepted {
			if delete(left, f.name); len(found) == 0 {
				t.Errorf("%s: is pure, and need not be in ImpureFiles", f.name)
			}
			continue
		}
		for _, what := range found {
			t.Errorf("%s: %s, but its package is pure", f.name, what)
		}
	}
	for name := range left {
		t.Errorf("%s: is in ImpureFiles, and is no file of a pure package", name)
	}
}

// numbersOnly is all that detector/stats may know.
var numbersOnly = []string{"math", "sort", "slices", "cmp", "gonum.org/v1/gonum"}

func TestStatsKnowsNumbersOnly(t *testing.T) {
	for _, f := range allFiles(t) {
		for _, imported := range f.imports {
			known := slices.ContainsFunc(numbersOnly, func(p string) bool { return within(imported, p) })
			if f.folder == "detector/stats" && !f.test && !known {
				t.Errorf("%s: imports %s", f.name, imported)
			}
		}
	}
}

// TestFewPackagesAskHooks looks for calls of what a hook offers beside Do.
func TestFewPackagesAskHooks(t *testing.T) {
	asking := map[string]bool{}
	for _, f := range allFiles(t) {
		if f.test || within(f.folder, "rollback") || !slices.Contains(f.internalImports(), "rollback") || !f.callsMethod("Preflight", "DryRun") {
			continue
		}
		if asking[f.folder] = true; !Matches(AskHooks, f.folder) {
			t.Errorf("%s: asks a hook; only %v may", f.name, AskHooks)
		}
	}
	if len(asking) != len(AskHooks) {
		t.Errorf("%v ask hooks: does this test still recognise the call?", asking)
	}
}

// TestFewPackagesCallHooks looks for calls of rollback.Hook's one method: a Do with
// two arguments, in a file that knows rollback. The hooks themselves are left
// out: they hold no warrant but the one they are given.
func TestFewPackagesCallHooks(t *testing.T) {
	acting := 0
	for _, f := range allFiles(t) {
		if f.test || within(f.folder, "rollback") && f.folder != "rollback" || !slices.Contains(f.internalImports(), "rollback") || !f.callsDo() {
			continue
		}
		if acting++; !Matches(CallHooks, f.folder) {
			t.Errorf("%s: calls a hook; only %v may", f.name, CallHooks)
		}
	}
	if acting == 0 {
		t.Error("nobody calls a hook: does this test still recognise the call?")
	}
}
