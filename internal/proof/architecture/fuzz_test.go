package architecture

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

var (
	importOfSource = regexp.MustCompile(`pushback/(sources/changes/[a-z0-9]+)"`)
	fuzzTarget     = regexp.MustCompile(`(?m)^func Fuzz\w+\(`)
)

// TestEverySourceIsFuzzed demands a fuzz target in the folder of every change source of the table:
// each parses what comes from outside. make fuzz runs them.
func TestEverySourceIsFuzzed(t *testing.T) {
	table, err := os.ReadFile("../../daemon/adapters.go")
	if err != nil {
		t.Fatal(err)
	}
	folders := importOfSource.FindAllStringSubmatch(string(table), -1)
	if len(folders) < 9 {
		t.Fatalf("the table imports %d change sources", len(folders))
	}
	for _, found := range folders {
		folder := filepath.Join("../../..", found[1])
		if readsABus(t, folder) {
			folder = filepath.Join(filepath.Dir(folder), "bus") // which reads the messages of all buses
		}
		if !hasFuzzTarget(t, folder) {
			t.Errorf("%s has no fuzz target: write a FuzzParse that feeds its parser", found[1])
		}
	}
}

func hasFuzzTarget(t *testing.T, folder string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if fuzzTarget.Match(text) {
			return true
		}
	}
	return false
}

func readsABus(t *testing.T, folder string) bool {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, filepath.Base(folder)+".go"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return bytes.Contains(text, []byte(`pushback/sources/changes/bus"`))
}
