//go:build integration

package daemon

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// codeBlock is a block of CONTRIBUTING.md that names the file it goes into.
var codeBlock = regexp.MustCompile("(?s)```(?:go|yaml) ([\\w./-]+)\n(.*?)```")

// TestWorkedAdapter follows the steps of CONTRIBUTING.md: it lays the page's code over the
// module, runs the contract suite of the new adapter, and has the program check a
// pushback.yml that names the new kind.
func TestWorkedAdapter(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, m := range codeBlock.FindAllStringSubmatch(string(page), -1) {
		files[m[1]] = m[2]
	}
	if len(files) != 4 {
		t.Fatalf("the page has code for %d files, want 4", len(files))
	}
	const table = "internal/daemon/adapters.go"
	files[table] = withLine(t, filepath.Join(root, table), files[table])
	settings := files["pushback.yml"]
	delete(files, "pushback.yml")

	dir := t.TempDir()
	overlay := overlayOf(t, dir, root, files)
	run(t, root, "go", "test", "-c", "-vet=off", "-overlay", overlay, "-o", filepath.Join(dir, "ntfy.test"), "./notify/ntfy")
	run(t, dir, filepath.Join(dir, "ntfy.test"))

	program := filepath.Join(dir, "pushback")
	run(t, root, "go", "build", "-overlay", overlay, "-o", program, "./cmd/pushback")
	write(t, filepath.Join(dir, "pushback.yml"), settings)
	write(t, filepath.Join(dir, "rules", "none.yml"), "")
	write(t, filepath.Join(dir, "token"), "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2")
	if said := run(t, dir, program, "config", "check"); !strings.Contains(said, "1 receiver") {
		t.Errorf("config check: %s", said)
	}
	write(t, filepath.Join(dir, "pushback.yml"), strings.Replace(settings, "https://", "ftp://", 1))
	check := exec.CommandContext(t.Context(), program, "config", "check")
	check.Dir = dir
	if said, err := check.CombinedOutput(); err == nil || !strings.Contains(string(said), "pushback.yml:3:28: the url must begin with") {
		t.Errorf("config check of a wrong url: %v\n%s", err, said)
	}
}

// withLine is the table of adapters with a line among its receivers, and the import.
func withLine(t *testing.T, table, line string) string {
	t.Helper()
	source, err := os.ReadFile(table)
	if err != nil {
		t.Fatal(err)
	}
	const receivers, imports = "Receivers: map[string]SenderKind{\n", "import (\n"
	edited := strings.Replace(string(source), receivers, receivers+line, 1)
	edited = strings.Replace(edited, imports, imports+"\t\"github.com/pushback/pushback/notify/ntfy\"\n", 1)
	if len(edited) <= len(source)+len(line) {
		t.Fatal("the table has no receivers, or no imports, where the guide says they are")
	}
	return edited
}

// overlayOf writes the files into dir and says to the go command where each belongs.
func overlayOf(t *testing.T, dir, root string, files map[string]string) string {
	t.Helper()
	replace := map[string]string{}
	for name, text := range files {
		at := filepath.Join(dir, "overlay", name)
		write(t, at, text)
		replace[filepath.Join(root, name)] = at
	}
	b, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(dir, "overlay.json")
	write(t, overlay, string(b))
	return overlay
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run runs a program and returns what it said.
func run(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), program, args...)
	c.Dir = dir
	said, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, said)
	}
	return string(said)
}
