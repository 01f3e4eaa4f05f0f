package daemon

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/catalogue"
	"github.com/pushback/pushback/internal/config"
	"github.com/pushback/pushback/rules"
)

// folderDaemon is a daemon that has nothing but a rules folder, with one file.
func folderDaemon(t *testing.T, text string) (*Daemon, string) {
	t.Helper()
	top := t.TempDir()
	dir := filepath.Join(top, "rules")
	for name, content := range map[string]string{"rules/a.yml": text, "secrets/slack": "xoxb-7777: x\n"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(top, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(top, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	log := slog.New(slog.DiscardHandler)
	return &Daemon{
		log: log, rules: rulesFolder{path: dir, log: log}, edits: &edits{log: log},
		aliases: catalogue.New(CatalogueConfig(config.Services{}), nil),
	}, dir
}

// TestNoTextOfTheFolderLeaves puts a secret into the folder, by a link and as a copy, and looks
// at what everything after the loading gets.
func TestNoTextOfTheFolderLeaves(t *testing.T) {
	for _, put := range []func(dir string) error{
		func(dir string) error { return os.Symlink("../secrets/slack", filepath.Join(dir, "b.yml")) },
		func(dir string) error {
			return os.Symlink(filepath.Join(filepath.Dir(dir), "secrets", "slack"), filepath.Join(dir, "b.yml"))
		},
		func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "b.yml"), []byte("xoxb-7777: x\n"), 0o600)
		},
	} {
		d, dir := folderDaemon(t, "{team: a, rules: [{name: a, watch: {service: x}, signals: [{name: a, query: up}]}]}")
		if err := put(dir); err != nil {
			t.Fatal(err)
		}
		_, found := d.loadRules(rules.World{})
		if len(found) == 0 {
			t.Error("accepted")
		}
		for _, one := range diagnostics(found) {
			if strings.Contains(one.Message+one.Hint, "7777") || one.File != "b.yml" {
				t.Errorf("%+v", one)
			}
		}
		for _, one := range found {
			if one.Snippet != "" || strings.Contains(one.String(), "7777") {
				t.Errorf("%+v", one)
			}
		}
	}
}

func TestAPanicIsAMistakeInTheFolder(t *testing.T) {
	d, _ := folderDaemon(t, "{team: a, rules: [{name: a, watch: {service: x}, signals: [{name: a, query: up}]}]}")
	set, found := d.loadRules(rules.World{CheckQuery: func(string, string) error { panic("xoxb-7777") }})
	if set != nil || len(found) != 1 || found[0].Code != "unreadable-file" || strings.Contains(found[0].String(), "7777") {
		t.Errorf("%v, %v", set, found)
	}
}
