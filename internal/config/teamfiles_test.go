package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMistakesInALogQuoteNothing has a file of services that is a copy of a secret.
func TestMistakesInALogQuoteNothing(t *testing.T) {
	dir := folderOf(t, map[string]string{
		"pushback.yml": metrics + "services: {file: services.yml}", "services.yml": "xoxb-7777: a\n",
	})
	_, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
	if len(problems) == 0 || !strings.Contains(problems[0].Message, "xoxb-7777") {
		t.Fatal(problems)
	}
	for _, p := range problems {
		if strings.Contains(p.WithoutText().String(), "xoxb-7777") {
			t.Error(p.WithoutText())
		}
	}
}

// TestServicesStayInTheirFolder links the file of services to a secret outside.
func TestServicesStayInTheirFolder(t *testing.T) {
	dir, outside := folderOf(t, map[string]string{"pushback.yml": metrics + "services: {file: services.yml}"}), folderOf(t, map[string]string{"slack": "xoxb-7777: a\n"})
	if err := os.Symlink(filepath.Join(outside, "slack"), filepath.Join(dir, "services.yml")); err != nil {
		t.Fatal(err)
	}
	_, problems := Load(filepath.Join(dir, "pushback.yml"), kinds)
	if len(problems) != 1 || !strings.Contains(problems.Error(), "leads out of the folder") || strings.Contains(problems.Error(), "7777") {
		t.Error(problems)
	}
}
