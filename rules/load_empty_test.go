package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestAFolderWithoutRulesIsAMistake: nothing watched is never "all well", unless an
// operator says so.
func TestAFolderWithoutRulesIsAMistake(t *testing.T) {
	f := func(want string, names ...string) {
		fsys := fstest.MapFS{}
		for _, name := range names {
			fsys[name] = &fstest.MapFile{Data: []byte("# nothing\n")}
		}
		set, found := Load(fsys, World{})
		if set != nil || len(found) != 1 || found[0].Code != codeNoRules || !strings.HasPrefix(found[0].String(), want) {
			t.Errorf("%q: %v, want one %s that begins with %q", names, found, codeNoRules, want)
		}
		if set, found := Load(fsys, World{AllowEmpty: true}); set == nil || len(found) > 0 {
			t.Errorf("%q, allowed: %v", names, found)
		}
	}
	f(".:1:1: the folder holds no rule")
	f(".:1:1: the folder holds no rule", "README.md", "red_test.yml")
	f("red.yml.txt:1:1: this is no file of rules", "README.md", "red.yml.txt")
	f("team/red.YML:1:1: this is no file of rules", "team/red.YML")
	f("red.yaml~:1:1: this is no file of rules", "red.yaml~")
	f(".:1:1: none of the 1 files holds a rule", "red.yml")
}
