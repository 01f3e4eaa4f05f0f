//go:build ignore

// Writes docs/metrics.md: go generate ./internal/telemetry.
package main

import (
	"log"
	"os"

	"github.com/pushback/pushback/internal/telemetry"
)

func main() {
	if err := os.WriteFile("../../docs/metrics.md", []byte(telemetry.Markdown()), 0o644); err != nil {
		log.Fatal(err)
	}
}
