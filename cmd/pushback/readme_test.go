package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block matches a fenced block with its language.
var block = regexp.MustCompile("(?s)```([a-z]+)\n(.*?)```")

// readme returns the README's blocks of one language, in order.
func readme(t *testing.T, language string) (blocks []string) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range block.FindAllStringSubmatch(string(b), -1) {
		if found[1] == language {
			blocks = append(blocks, found[2])
		}
	}
	return blocks
}

// TestReadmeFilesLoad writes the YAML files of the README and loads them as serve does.
func TestReadmeFilesLoad(t *testing.T) {
	files := readme(t, "yaml")
	if len(files) != 2 {
		t.Fatalf("the README shows %d YAML files, this test knows pushback.yml and one rule", len(files))
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"pushback.yml": files[0], "rules/red.yml": files[1], "token": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	checkRules(t, loadClean(t, filepath.Join(dir, "pushback.yml")))
}

// TestReadmeCommandsExist checks that every `pushback …` and `make …` in the README's
// shell blocks exists.
func TestReadmeCommandsExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	commands := regexp.MustCompile(`(?m)\b(pushback|make) ([a-z]+)( check| init)?`)
	known := 0
	for _, found := range commands.FindAllStringSubmatch(strings.Join(readme(t, "sh"), "\n"), -1) {
		known++
		if found[1] == "make" {
			if !strings.Contains(string(makefile), "\n"+found[2]+":") {
				t.Errorf("make %s: there is no such target", found[2])
			}
			continue
		}
		args := append(strings.Fields(found[2]+found[3]), "--help")
		if code := run(t.Context(), args, new(strings.Builder), new(strings.Builder)); code != 0 {
			t.Errorf("pushback %s: exit code %d", strings.Join(args, " "), code)
		}
	}
	if known < 3 {
		t.Errorf("found only %d commands: has the form of the shell blocks changed?", known)
	}
}
