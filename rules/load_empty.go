package rules

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// noRules says that a folder of so many files of rules holds no rule, and which
// files there look as if they were meant to.
func noRules(fsys fs.FS, files int) Diagnostic {
	d := Diagnostic{
		File: ".", Line: 1, Column: 1, Code: codeNoRules,
		Message: "the folder holds no rule, so that no change would be watched",
		Hint:    "put a rule into it, in a file that ends in .yml, or set allow_empty_rules: true in pushback.yml if this is meant so",
	}
	if files > 0 {
		d.Message = fmt.Sprintf("none of the %d files holds a rule, so that no change would be watched", files)
	}
	if name := misnamed(fsys); name != "" {
		d.File = name
		d.Message = "this is no file of rules, because its name ends in neither .yml nor .yaml; " + d.Message
		d.Hint = "rename it, or set allow_empty_rules: true in pushback.yml if no rule is meant to be in force"
	}
	return d
}

// misnamed is the first file whose name has .yml or .yaml in it and is not that of a
// file of rules: red.yml.txt, red.YML, red.yml~.
func misnamed(fsys fs.FS) (found string) {
	seen := 0
	_ = fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if seen++; err != nil || seen > maxFiles {
			return fs.SkipAll
		}
		lower := strings.ToLower(path.Base(name))
		if !d.IsDir() && !isRulesFile(name) && !IsTest(name) && (strings.Contains(lower, ".yml") || strings.Contains(lower, ".yaml")) {
			found = name
			return fs.SkipAll
		}
		return nil
	})
	return found
}
