package architecture

import (
	"path"
	"slices"
	"testing"
)

// layers are all packages of the house, lowest first. A package imports only
// from layers before its own, so that adapters of one layer never know of each
// other. A star is one folder. A package that stands nowhere fails the test:
// where something new belongs is a decision, not an accident.
var layers = [][]string{
	{"sources", "detector/stats", "internal/strictyaml", "internal/outbound", "internal/folder", "internal/crashpoint", "internal/proof/architecture", "dashboards"},
	{"detector", "sources/changes"},
	{"sources/changes/signature", "sources/metrics/metricstest", "internal/proof/servertest"},
	{"sources/changes/*", "sources/metrics/*"},
	{"watch", "rollback", "notify"},
	{"rules", "dashboards/*", "internal/report", "internal/server/api", "rollback/freezefile"},
	{"notify/internal/delivery", "notify/sendertest", "rollback/hooktest", "rollback/internal/naming", "rollback/internal/call"},
	{"rollback/internal/clustertest"},
	{"rollback/internal/*"},
	{"notify/*", "rollback/*", "internal/store", "internal/gather", "internal/catalogue"},
	{"internal/profiles", "internal/trust"},
	{"internal/engine", "internal/server", "internal/config", "internal/backtest", "internal/proof/accuracy"},
	{"internal/demo/shop"},
	{"internal/demo", "internal/proof/reliability", "internal/ruletest", "internal/survey", "internal/migrate"},
	{"cmd/*"},
}

// layerOf is the first layer that names a package; -1 where none does.
func layerOf(folder string) int {
	return slices.IndexFunc(layers, func(layer []string) bool {
		return slices.ContainsFunc(layer, func(pattern string) bool {
			ok, err := path.Match(pattern, folder)
			return ok && err == nil
		})
	})
}

func TestImportsGoDownOnly(t *testing.T) {
	for _, f := range house(t) {
		from := layerOf(f.folder)
		if from < 0 {
			t.Errorf("%s: the package stands in no layer", f.name)
			continue
		}
		for _, imported := range f.ours() {
			if to := layerOf(imported); !f.test && to >= from {
				t.Errorf("%s: imports %s, which is not below it", f.name, imported)
			}
		}
	}
}

func TestOnlyCmdKnowsTheHooks(t *testing.T) {
	for _, f := range house(t) {
		for _, imported := range f.ours() {
			hook := path.Dir(imported) == "rollback" && imported != "rollback/freezefile" && imported != "rollback/hooktest"
			if hook && path.Dir(f.folder) != "cmd" && !f.test {
				t.Errorf("%s: imports the hook %s; only cmd may", f.name, imported)
			}
		}
	}
}

// pure are the packages whose answers can be replayed: same values in, same
// values out.
var pure = []string{"sources", "detector", "detector/stats", "watch"}

// impure are the packages that would make them ask the world.
var impure = []string{"net", "os", "context", "log", "io/fs", "syscall", "math/rand", "crypto/rand"}

func TestPurePackagesAskNobody(t *testing.T) {
	for _, f := range house(t) {
		if f.test || !slices.Contains(pure, f.folder) {
			continue
		}
		for _, imported := range f.imports {
			if slices.ContainsFunc(impure, func(p string) bool { return within(imported, p) }) {
				t.Errorf("%s: imports %s, but its package is pure", f.name, imported)
			}
		}
		for _, call := range f.calls("time") {
			if slices.Contains([]string{"Now", "Since", "Until", "Sleep", "After", "Tick", "NewTimer", "NewTicker"}, call) {
				t.Errorf("%s: calls time.%s, but its package is pure", f.name, call)
			}
		}
	}
}

// numbersOnly is all that detector/stats may know.
var numbersOnly = []string{"math", "sort", "slices", "cmp", "gonum.org/v1/gonum"}

func TestStatsKnowsNumbersOnly(t *testing.T) {
	for _, f := range house(t) {
		for _, imported := range f.imports {
			known := slices.ContainsFunc(numbersOnly, func(p string) bool { return within(imported, p) })
			if f.folder == "detector/stats" && !f.test && !known {
				t.Errorf("%s: imports %s", f.name, imported)
			}
		}
	}
}

// TestOnlyEngineAndCmdLook looks for calls of what a hook offers beside Do. To
// look is harmless, and still asks the other side: it is not for a page or a
// rule to do.
func TestOnlyEngineAndCmdLook(t *testing.T) {
	looking := map[string]bool{}
	for _, f := range house(t) {
		if f.test || within(f.folder, "rollback") || !slices.Contains(f.ours(), "rollback") || !f.selects("Preflight", "DryRun") {
			continue
		}
		if looking[f.folder] = true; f.folder != "internal/engine" && path.Dir(f.folder) != "cmd" {
			t.Errorf("%s: looks at a hook; only internal/engine and cmd may", f.name)
		}
	}
	if len(looking) != 2 {
		t.Errorf("%v look at hooks: does this test still know how that looks?", looking)
	}
}

// TestOnlyTheEngineActs looks for calls of rollback.Hook's one method: a Do with
// two arguments, in a file that knows rollback. The hooks themselves are left
// out: they hold no warrant but the one they are given.
func TestOnlyTheEngineActs(t *testing.T) {
	acting := 0
	for _, f := range house(t) {
		if f.test || within(f.folder, "rollback") && f.folder != "rollback" || !slices.Contains(f.ours(), "rollback") || !f.acts() {
			continue
		}
		if acting++; f.folder != "internal/engine" {
			t.Errorf("%s: calls a hook; only internal/engine may", f.name)
		}
	}
	if acting == 0 {
		t.Error("nobody calls a hook: does this test still know how that looks?")
	}
}
