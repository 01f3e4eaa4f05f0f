package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// repo is a real repository in a folder of the test.
type repo struct {
	t   *testing.T
	dir string
}

func newRepo(t *testing.T) *repo {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	t.Setenv("HOME", t.TempDir())
	r := &repo{t, t.TempDir()}
	r.git("init", "-q", "-b", "main")
	return r
}

// git runs git as people do, with all that the repository configures.
func (r *repo) git(args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir = r.dir
	c.Env = append(os.Environ(), "GIT_AUTHOR_NAME=Nobody", "GIT_AUTHOR_EMAIL=nobody@example.org", "GIT_COMMITTER_NAME=CI", "GIT_COMMITTER_EMAIL=ci@example.org")
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *repo) commit(author string) string {
	r.t.Helper()
	r.git("commit", "-q", "--allow-empty", "-m", "x", "--author", author+" <"+strings.ReplaceAll(author, " ", "")+"@example.org>")
	return r.git("rev-parse", "HEAD")
}

func (r *repo) open() *Repository {
	r.t.Helper()
	opened, err := Open(r.t.Context(), r.dir)
	if err != nil {
		r.t.Fatal(err)
	}
	return opened
}

func TestVersions(t *testing.T) {
	r := newRepo(t)
	first := r.commit("Amy Adams")
	r.git("tag", "v1.4.0")
	r.commit("Bob")
	r.commit("\u0430my") // a Cyrillic letter that looks like a Latin one
	r.commit("Amy Adams")
	last := r.commit("Zoë \u202eevil\u202c\x1b[31m")
	r.git("branch", "abcdef0") // looks like a hash
	o := r.open()
	head, err := o.Head(t.Context())
	if err != nil || head.Commit != last || head.Name() != last[:12] || head.Author != "Zoë evil [31m" {
		t.Errorf("%+v, %v", head, err)
	}
	r.git("tag", "v1.5.0")
	r.git("tag", "-a", "-m", "x", "v1.10.0")
	if head, err = o.Head(t.Context()); err != nil || head.Name() != "v1.10.0" {
		t.Errorf("%+v, %v", head, err)
	}
	for _, version := range []string{"v1.4.0", "1.4.0", first, first[:9]} {
		found, known, err := o.Version(t.Context(), version)
		if err != nil || !known || found.Commit != first || found.Tag != "v1.4.0" || found.Author != "Amy Adams" {
			t.Errorf("%s: %+v, %v, %v", version, found, known, err)
		}
	}
	for _, version := range []string{"", "v9", "main", "HEAD", "abcdef0", "--all", "v1.4.0..HEAD", "v1.4.0^{/x}", "HEAD@{0}", ":README", "-x", "v1.4.0\n", strings.Repeat("a", 300)} {
		if found, known, err := o.Version(t.Context(), version); known || err != nil {
			t.Errorf("%q: %+v, %v", version, found, err)
		}
	}
	from, _, _ := o.Version(t.Context(), "v1.4.0")
	riders, err := o.AuthorsBetween(t.Context(), from, head)
	if want := []string{"Zoë evil [31m", "Amy Adams", "Bob"}; err != nil || !slices.Equal(riders, want) {
		t.Errorf("%q, %v; want %q", riders, err, want)
	}
	if riders, err := o.AuthorsBetween(t.Context(), head, head); len(riders) > 0 || err != nil {
		t.Errorf("%q, %v", riders, err)
	}
}

func TestNoRepository(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "none")} {
		if _, err := Open(t.Context(), dir); !errors.Is(err, ErrNoRepository) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	empty := newRepo(t).open()
	if _, err := empty.Head(t.Context()); err == nil {
		t.Error("a repository without commits has a head")
	}
	if remote := empty.Remote(t.Context()); remote != "" {
		t.Error(remote)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := Open(t.Context(), empty.dir); !errors.Is(err, ErrNoRepository) {
		t.Errorf("without git: %v", err)
	}
}

// A repository's configuration names programs. None of them runs, and nothing is fetched.
func TestHostileRepository(t *testing.T) {
	r := newRepo(t)
	marker := filepath.Join(t.TempDir(), "ran")
	program := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho ran >>"+marker+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	r.commit("Amy")
	signed := r.git("rev-parse", "HEAD^{tree}")
	object := filepath.Join(t.TempDir(), "commit")
	text := fmt.Sprintf("tree %s\nauthor Eve <e@example.org> 1700000000 +0000\ncommitter Eve <e@example.org> 1700000000 +0000\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\nx\n", signed)
	if err := os.WriteFile(object, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	r.git("update-ref", "HEAD", r.git("hash-object", "-t", "commit", "-w", object))
	r.git("config", "remote.origin.url", "ext::"+program)
	for _, setting := range []string{"core.fsmonitor", "core.pager", "core.sshCommand", "gpg.program", "core.askPass", "diff.external", "pager.log", "core.editor", "core.gitProxy", "credential.helper"} {
		r.git("config", setting, program)
	}
	for _, setting := range []string{"log.showSignature=true", "alias.log=!" + program, "protocol.ext.allow=always", "extensions.partialClone=origin", "remote.origin.promisor=true", "core.repositoryFormatVersion=1"} {
		key, value, _ := strings.Cut(setting, "=")
		r.git("config", key, value)
	}
	plain := exec.Command("git", "log", "-1")
	plain.Dir = r.dir
	_ = plain.Run()
	_ = os.Remove(filepath.Join(r.dir, ".git", "objects", signed[:2], signed[2:]))
	if err := os.Remove(marker); err != nil {
		t.Fatalf("plain git log ran no program, so that this test would find nothing: %v", err)
	}
	o := r.open()
	head, err := o.Head(t.Context())
	if err != nil || head.Author != "Eve" {
		t.Errorf("%+v, %v", head, err)
	}
	_, _, _ = o.Version(t.Context(), strings.Repeat("0123456789", 4)) // is not there, and could be fetched
	_, _ = o.AuthorsBetween(t.Context(), head, head)
	if page := Compare(o.Remote(t.Context()), "", head, head); page != "" {
		t.Error(page)
	}
	if ran, err := os.ReadFile(marker); err == nil {
		t.Errorf("a program of the repository ran %d times", strings.Count(string(ran), "\n"))
	}
}

func TestBounds(t *testing.T) {
	r := newRepo(t)
	r.commit("Amy")
	b := &bounded{limit: 3}
	for range 3 {
		if n, err := b.Write([]byte("ab")); n != 2 || err != nil {
			t.Error(n, err)
		}
	}
	if b.String() != "aba" || !b.over {
		t.Errorf("%q, over %v", b.String(), b.over)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := r.open().Head(ended); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// TestPathsBetween: both names of a moved file, names with odd characters, and not too many.
func TestPathsBetween(t *testing.T) {
	r := newRepo(t)
	write := func(names ...string) string {
		for _, name := range names {
			path := filepath.Join(r.dir, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		r.git("add", ".")
		return r.commit("Amy Adams")
	}
	first := write("services/cart/a.go", "kept")
	r.git("mv", "services/cart/a.go", "services/cart/b.go")
	second := write("libs/\"quoted\" ä\n.go")
	o := r.open()
	got, err := o.PathsBetween(t.Context(), Revision{Commit: first}, Revision{Commit: second})
	slices.Sort(got)
	if want := []string{"libs/\"quoted\" ä\n.go", "services/cart/a.go", "services/cart/b.go"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
	if got, err := o.PathsBetween(t.Context(), Revision{Commit: first}, Revision{Commit: first}); err != nil || len(got) != 0 {
		t.Errorf("nothing differs: %q, %v", got, err)
	}
	many, blob := []string{"update-index", "--add"}, r.git("rev-parse", "HEAD:kept")
	for i := range 3001 {
		many = append(many, "--cacheinfo", fmt.Sprintf("100644,%s,many/%d", blob, i))
	}
	r.git(many...)
	third := r.commit("Amy Adams")
	if _, err := o.PathsBetween(t.Context(), Revision{Commit: second}, Revision{Commit: third}); !errors.Is(err, ErrTooManyPaths) {
		t.Errorf("3001 files: %v", err)
	}
}
