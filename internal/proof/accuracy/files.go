package accuracy

import (
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// list returns the paths in a folder whose names match one of the patterns, in the order of
// their names. The folder is not part of a pattern, so that its own name may contain brackets.
func list(folder string, patterns ...string) ([]string, error) {
	var paths []string
	for _, pattern := range patterns {
		names, err := fs.Glob(os.DirFS(folder), pattern)
		if err != nil {
			return nil, fmt.Errorf("listing %s in %s: %w", pattern, folder, err)
		}
		for _, name := range names {
			paths = append(paths, filepath.Join(folder, name))
		}
	}
	slices.Sort(paths)
	return paths, nil
}

// parseFile parses a file, decompressed where its name ends in .gz. Its errors name the file.
func parseFile[T any](path string, parse func(r io.Reader) (T, error)) (parsed T, err error) {
	f, err := os.Open(path)
	if err != nil {
		return parsed, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(path, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return parsed, fmt.Errorf("decompressing %s: %w", path, err)
		}
	}
	if parsed, err = parse(r); err != nil {
		return parsed, fmt.Errorf("reading %s: %w", path, err)
	}
	return parsed, nil
}

// nameOf is the name of a CSV file without its endings.
func nameOf(path string) string {
	return strings.TrimSuffix(strings.TrimSuffix(filepath.Base(path), ".gz"), ".csv")
}
