package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDockerfile checks what a build would not complain about: that every base is pinned by its
// digest, that Go is the one of go.mod, and that the image's own commands exist.
func TestDockerfile(t *testing.T) {
	instructions := dockerfile(t)
	pinned := regexp.MustCompile(`^FROM (--platform=\S+ )?(scratch|\S+@sha256:[0-9a-f]{64})( AS \w+)?$`)
	bases, text := 0, strings.Join(instructions, "\n")
	for _, line := range instructions {
		if strings.HasPrefix(line, "FROM ") {
			bases++
			if !pinned.MatchString(line) {
				t.Errorf("%s: is not pinned by a digest", line)
			}
		}
	}
	for _, want := range []string{"golang:" + goVersion(t) + "-", "USER 65532:65532", "VOLUME /data", `"healthcheck", "--alive"`, `"serve", "-c", "/etc/pushback/pushback.yml"`} {
		if strings.Count(text, want) != 1 {
			t.Errorf("%q is there %d times, want once", want, strings.Count(text, want))
		}
	}
	if bases != 2 || strings.Contains(text, "ADD ") {
		t.Errorf("%d stages, or something is fetched while it is built", bases)
	}
}

// dockerfile is the instructions of the Dockerfile, one a line, without comments.
func dockerfile(t *testing.T) (all []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", " ")) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			all = append(all, line)
		}
	}
	return all
}

func goVersion(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	return string(regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(text)[1])
}
