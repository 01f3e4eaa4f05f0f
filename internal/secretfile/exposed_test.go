package secretfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExposed(t *testing.T) {
	f := func(mode, folder os.FileMode, want string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "secrets")
		path := filepath.Join(dir, "token")
		if err := errors.Join(os.Mkdir(dir, 0o700), os.WriteFile(path, nil, 0o600), os.Chmod(path, mode), os.Chmod(dir, folder)); err != nil {
			t.Fatal(err)
		}
		who, fix := Exposed(path)
		if want == "" && who+fix != "" || !strings.Contains(who, want) || want != "" && !strings.HasPrefix(fix, "chmod ") {
			t.Errorf("%v in %v: %q, %q, want %q", mode, folder, who, fix, want)
		}
	}
	f(0o600, 0o700, "")
	f(0o400, 0o755, "")
	f(0o700, 0o755, "")
	f(0o640, 0o700, "group may read")
	f(0o660, 0o700, "group may change")
	f(0o620, 0o700, "group may change")
	f(0o604, 0o700, "every user of this host may read")
	f(0o644, 0o700, "every user of this host may read")
	f(0o666, 0o700, "every user of this host may change")
	f(0o602, 0o700, "every user of this host may change")
	f(0o600, 0o777, "every user of this host may replace")
	f(0o600, 0o777|os.ModeSticky, "")
	if who, fix := Exposed(filepath.Join(t.TempDir(), "absent")); who+fix != "" {
		t.Errorf("an absent file: %q, %q", who, fix)
	}
}

// A volume of a Kubernetes secret, as kubelet writes it: 0644, behind two links, in a folder
// that is open to all and sticky.
func TestKubernetesSecretsAreNotNaggedAbout(t *testing.T) {
	dir := t.TempDir()
	volume := filepath.Join(dir, "..2026_11_28_22_00_00.1")
	token := filepath.Join(dir, "token")
	if err := errors.Join(
		os.Mkdir(volume, 0o755), os.WriteFile(filepath.Join(volume, "token"), nil, 0o644), os.Chmod(filepath.Join(volume, "token"), 0o644),
		os.Symlink(filepath.Base(volume), filepath.Join(dir, "..data")), os.Symlink("..data/token", token),
	); err != nil {
		t.Fatal(err)
	}
	if who, fix := Exposed(token); who+fix != "" {
		t.Errorf("%q, %q", who, fix)
	}
	// A link elsewhere is judged by what it leads to.
	plain := filepath.Join(dir, "plain")
	if err := os.Symlink(filepath.Join(volume, "token"), plain); err != nil {
		t.Fatal(err)
	}
	if who, _ := Exposed(plain); !strings.Contains(who, "read") {
		t.Errorf("a link of ours: %q", who)
	}
}
