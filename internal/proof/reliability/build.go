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

// edit replaces one piece of one file of the program. Old must be there once.
type edit struct{ file, old, new string }

// apply writes the edited copies into dir and gives the overlay file that has
// the compiler read them. The tree itself is left alone.
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
			return "", fmt.Errorf("planting a bug: %s has %d times what is to be replaced: mend internal/proof/reliability/plant.go:\n%s", e.file, n, e.old)
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

// build compiles the program as `make build` does, with what is asked on top.
func build(ctx context.Context, root, binary string, more ...string) error {
	args := append([]string{"build", "-trimpath", "-ldflags", "-s -w", "-o", binary}, more...)
	c := exec.CommandContext(ctx, "go", append(args, "./cmd/pushback")...)
	c.Dir, c.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	if output, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", filepath.Base(binary), err, output)
	}
	return nil
}
