package rules

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// oddFolder loads a folder of one good file and what add puts into it, and returns
// the diagnostics.
func oddFolder(t *testing.T, add func(dir string) error) []string {
	t.Helper()
	dir := t.TempDir()
	good := "{team: t, rules: [{name: a, watch: {service: x}, signals: [{name: a, query: up}]}]}"
	err := os.WriteFile(filepath.Join(dir, "good.yml"), []byte(good), 0o600)
	if err == nil {
		err = add(dir)
	}
	if err != nil {
		t.Fatal(err)
	}
	set, found := Load(os.DirFS(dir), World{})
	if (set == nil) != (len(found) > 0) {
		t.Errorf("set %v with %v", set, found)
	}
	var told []string
	for _, d := range found {
		told = append(told, d.String())
	}
	return told
}

func TestOddFolders(t *testing.T) {
	f := func(name string, add func(dir string) error, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, oddFolder(t, add)); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	link := func(to, name string) func(string) error {
		return func(dir string) error { return os.Symlink(to, filepath.Join(dir, name)) }
	}
	f("a link to a file", link("good.yml", "notes.txt"))
	f("a link to itself", link("loop.yml", "loop.yml"), "loop.yml:1:1: cannot be read: too many levels of symbolic links [unreadable-file]")
	f("a link to its own folder", link(".", "inner"), "inner:1:1: cannot be read: a link to a folder is not followed; put the folder itself here [unreadable-file]")
	f("a link out of the folder", link("..", "team.yml"), "team.yml:1:1: cannot be read: a link to a folder is not followed; put the folder itself here [unreadable-file]")
	f("a link to nowhere", link("gone.yml", "a.yml"), "a.yml:1:1: cannot be read: no such file or directory [unreadable-file]")
	f("a hidden link to its own folder", link(".", "..data"))
	f("a pipe", func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "pipe.yml"), 0o600) },
		"pipe.yml:1:1: cannot be read: this is not a regular file [unreadable-file]")
	if os.Getuid() == 0 {
		t.Log("root may read everything: unreadable files are not tried")
		return
	}
	f("an unreadable file", func(dir string) error { return os.WriteFile(filepath.Join(dir, "a.yml"), nil, 0) },
		"a.yml:1:1: cannot be read: permission denied [unreadable-file]")
	f("an unreadable folder", func(dir string) error { return os.Mkdir(filepath.Join(dir, "a"), 0) },
		"a:1:1: cannot be read: permission denied [unreadable-file]")
}

func TestAFolderIsBounded(t *testing.T) {
	large := fstest.MapFS{}
	for i := range 20 {
		large[fmt.Sprintf("f%02d.yml", i)] = &fstest.MapFile{Data: []byte("team: a\n" + strings.Repeat("# x\n", 250_000))}
	}
	_, found := Load(large, World{})
	if last := found[0]; last.File != "." || !strings.Contains(last.Message, "more than 16 MiB") {
		t.Errorf("%v", found[0])
	}
}

// TestHalfWrittenFilesAreRefusedOrSmaller loads every beginning of a good file, as
// an editor or an interrupted copy may leave it. None may load as the whole file.
func TestHalfWrittenFilesAreRefusedOrSmaller(t *testing.T) {
	whole, err := os.ReadFile("testdata/good/platform.yml")
	if err != nil {
		t.Fatal(err)
	}
	all, _ := Load(fstest.MapFS{"f.yml": {Data: whole}}, testWorld)
	for n := 0; n < len(strings.TrimSpace(string(whole))); n += 7 {
		set, found := Load(fstest.MapFS{"f.yml": {Data: whole[:n]}}, testWorld)
		if (set == nil) != (len(found) > 0) {
			t.Fatalf("%d bytes: set %v with %v", n, set, found)
		}
		if set != nil && set.Len() == all.Len() && set.Rules()[all.Len()-1].Text == all.Rules()[all.Len()-1].Text && n < len(whole)/2 {
			t.Errorf("%d bytes pass for the whole", n)
		}
	}
}

// small is how many bytes a refusal may allocate.
const small = 64 << 20

// cost is how many bytes do allocates. Tests bound it instead of the time that do
// takes (adr/0054), which depends on what else the machine does.
// It is the lesser of two tries, because the first one also fills caches.
func cost(do func()) uint64 {
	least := uint64(math.MaxUint64)
	for range 2 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	return least
}

// manyFiles is a folder of n files of one rule each.
func manyFiles(n int) fstest.MapFS {
	fsys := fstest.MapFS{}
	for i := range n {
		fsys[fmt.Sprintf("team%d/rules.yml", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `team: team%[1]d
rules:
  - name: rule%[1]d
    watch: {service: "team%[1]d-*", environment: production}
    signals:
      - {name: errors, counter: 'http_requests_total{$match}', bad: 'code=~"5.."', limit: 5%%}
      - {name: latency, histogram: 'http_request_duration_seconds{$match}', slow: 300ms}
    respond:
      - {at_least: likely, tell: chat, when: 'change.kind == "deploy" && !freeze("friday")'}
`, i)}
	}
	return fsys
}

// A thousand files load in a second on a quiet machine, as BenchmarkLoad measures.
// That stays so while the cost of a file does not grow with their number.
func TestLoadingCostsTheSameForEachFile(t *testing.T) {
	load := func(n int) uint64 {
		fsys := manyFiles(n)
		return cost(func() {
			if set, found := Load(fsys, testWorld); set == nil || set.Len() != n {
				t.Fatal(found)
			}
		})
	}
	few, many := load(100), load(1000)
	t.Logf("100 files: %d KiB, 1000 files: %d KiB", few>>10, many>>10)
	if many > 12*few {
		t.Errorf("1000 files cost %d KiB, 100 files %d KiB", many>>10, few>>10)
	}
}

func BenchmarkLoad(b *testing.B) {
	fsys := manyFiles(1000)
	b.ReportAllocs()
	for b.Loop() {
		if set, _ := Load(fsys, testWorld); set == nil {
			b.Fatal("not loaded")
		}
	}
}
