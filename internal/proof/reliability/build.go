package reliability

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// edit replaces a piece of one source file. old must occur in it exactly once.
type edit struct{ file, old, new string }

// apply writes edited copies into dir and returns the overlay file that makes the
// compiler read them. It does not change the source tree.
func apply(root, dir string, edits []edit) (overlay string, err error) {
	texts := map[string]string{}
	for _, e := range edits {
		path := filepath.Join(root, e.file)
		text, ok := texts[path]
		if !ok {
			read, err := os.ReadFile(path)
			if err != nil {
				return "", fmt.Errorf("planting a bug: %w", err)
			}
			text = string(read)
		}
		if n := strings.Count(text, e.old); n != 1 {
			return "", fmt.Errorf("planting a bug: the text to replace occurs %[2]d times in %[1]s, want 1: change internal/proof/reliability/plant.go:\n%[3]s", e.file, n, e.old)
		}
		texts[path] = strings.Replace(text, e.old, e.new, 1)
	}
	replace := map[string]string{}
	for path, text := range texts {
		copied := filepath.Join(dir, strings.ReplaceAll(strings.TrimPrefix(path, root), string(filepath.Separator), "_"))
		if err := os.WriteFile(copied, []byte(text), 0o600); err != nil {
			return "", fmt.Errorf("planting a bug: %w", err)
		}
		replace[path] = copied
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay = filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// build compiles the program with the bug into a folder of dir, and returns where it is.
func (p *plant) build(ctx context.Context, root, dir string) (string, error) {
	source := filepath.Join(dir, "source-"+p.short)
	if err := os.MkdirAll(source, 0o700); err != nil {
		return "", fmt.Errorf("making the folder of a program with a planted bug: %w", err)
	}
	overlay, err := apply(root, source, p.edits)
	if err != nil {
		return "", err
	}
	binary := filepath.Join(dir, "pushback-"+p.short)
	return binary, build(ctx, root, binary, "-tags", "crashpoints", "-overlay", overlay)
}

// build compiles the program as `make build` does, with more arguments. What runs beside it goes first.
func build(ctx context.Context, root, binary string, more ...string) error {
	args := append([]string{"-n", "19", "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", binary}, more...)
	c := exec.CommandContext(ctx, "nice", append(args, "./cmd/pushback")...)
	c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if output, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", filepath.Base(binary), err, output)
	}
	return nil
}
