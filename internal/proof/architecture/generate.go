//go:build ignore

// Writes the table of layers into docs/architecture.md: go generate
// ./internal/proof/architecture.
package main

import (
	"log"
	"os"
	"strings"

	"github.com/pushback/pushback/internal/proof/architecture"
)

const (
	page  = "../../../docs/architecture.md"
	begin = "<!-- generated from internal/proof/architecture/layers.go by make generate -->\n"
	end   = "<!-- end of what is generated -->\n"
)

func main() {
	text, err := os.ReadFile(page)
	if err != nil {
		log.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		log.Fatalf("%s: the lines that begin and end the generated part are missing", page)
	}
	text = []byte(before + begin + "\n" + architecture.Markdown() + "\n" + end + after)
	if err := os.WriteFile(page, text, 0o644); err != nil {
		log.Fatal(err)
	}
}
