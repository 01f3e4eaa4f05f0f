// Package examples finds deliveries that deploy tools really sent, in the packages of others,
// for tests. It checks nothing in: modules are read from Go's module cache, and packages of npm
// are unpacked into the test's own folder. A test that cannot have them skips.
package examples

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Module is the folder of a Go module, downloaded if need be.
func Module(t testing.TB, module string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", module)
	c.Dir = t.TempDir() // in no module, so that nothing is added to ours
	text, err := c.Output()
	var at struct{ Dir string }
	if err != nil || json.Unmarshal(text, &at) != nil || at.Dir == "" {
		t.Skipf("the module %s cannot be downloaded: %v", module, err)
	}
	return at.Dir
}

// NPM is the folder of an unpacked package of npm.
func NPM(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	pack := exec.CommandContext(t.Context(), "npm", "pack", "--silent", name)
	pack.Dir = dir
	if text, err := pack.CombinedOutput(); err != nil {
		t.Skipf("the npm package %s cannot be downloaded: %v %.200s", name, err, text)
	}
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if len(archives) != 1 {
		t.Fatalf("npm pack wrote %q", archives)
	}
	if text, err := exec.CommandContext(t.Context(), "tar", "-xzf", archives[0], "-C", dir).CombinedOutput(); err != nil {
		t.Fatalf("unpacking %s: %v %.200s", name, err, text)
	}
	return filepath.Join(dir, "package")
}

// Read returns the files of a folder that match a glob, by name.
func Read(t testing.TB, dir, glob string) map[string]string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, glob))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s in %s: %v", glob, dir, err)
	}
	all := map[string]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(path)] = string(text)
	}
	return all
}
