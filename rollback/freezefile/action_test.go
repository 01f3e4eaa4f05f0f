package freezefile

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

// Actions are read in the order in which they were done, and deleted one by one.
func TestActions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "freeze")
	want := []Action{
		{At: noon, Frozen: true, Actor: "amy", Why: "sale"},
		{At: noon.Add(time.Second), Actor: "bob"},
	}
	for _, i := range []int{1, 0} {
		a, err := Record(path, want[i])
		if err != nil || a.ID == "" {
			t.Fatalf("%+v, %v", a, err)
		}
		want[i] = a
	}
	if frozen, _, err := Read(path); frozen || err != nil {
		t.Errorf("an action alone freezes: %v, %v", frozen, err)
	}
	for len(want) > 0 {
		got, err := Actions(path)
		if err != nil || len(got) != len(want) || got[0] != want[0] {
			t.Fatalf("%+v, %v; want %+v", got, err, want)
		}
		for range 2 {
			if err := Forget(path, want[0]); err != nil {
				t.Fatal(err)
			}
		}
		want = want[1:]
	}
	if got, err := Actions(filepath.Join(t.TempDir(), "none", "freeze")); len(got) > 0 || err != nil {
		t.Errorf("without the folder: %+v, %v", got, err)
	}
}

// What lies beside the freeze file may be of anybody's making: whatever is no action is told
// of and hides no other, and the texts of one are cleaned.
func TestActionsOfStrangers(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "freeze")
	for name, text := range map[string]string{
		"freeze.action-1": `{"at": "2026-11-29T12:00:00Z", "frozen": true, "actor": "a\u001b[31m\u202emy\n", "why": "` + strings.Repeat("x", 2000) + `"}`,
		"freeze.action-2": "no JSON",
		"freeze.action-3": strings.Repeat(" ", maxAction) + "{}",
		"frozen":          "{}",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/dev/zero", filepath.Join(dir, "freeze.action-4")); err != nil {
		t.Fatal(err)
	}
	got, err := Actions(path)
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("the error names other files than three: %v", err)
	}
	if len(got) != 1 || got[0].Actor != "a [31mmy" || len(got[0].Why) > maxReason || !got[0].At.Equal(noon) {
		t.Errorf("%+v", got)
	}
}

func FuzzReadAction(f *testing.F) {
	f.Add(`{"at": "2026-11-29T12:00:00Z", "frozen": true, "actor": "amy"}`)
	f.Add(`{"at": 1}`)
	path := filepath.Join(f.TempDir(), "freeze.action-1")
	f.Fuzz(func(t *testing.T, text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		a, err := readAction(path)
		if err == nil && (strings.ContainsAny(a.Actor+a.Why, "\n\x00\x1b") || len(a.Actor) > 200) {
			t.Errorf("%q became %+v", text, a)
		}
	})
}
