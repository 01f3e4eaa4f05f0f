//go:build ignore

// Writes the boards beside this file: go generate ./dashboards.
package main

import (
	"log"
	"os"

	"github.com/pushback/pushback/dashboards"
)

func main() {
	boards, err := dashboards.Boards()
	if err != nil {
		log.Fatal(err)
	}
	for name, text := range boards {
		if err := os.WriteFile(name, text, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}
