//go:build integration

package main_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/crashpoint"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/sources"
)

// killed is a folder with a database that holds 2,000 changes called old and one called later, and
// a backup of it that lacks later.
type killed struct {
	t                       *testing.T
	binary                  string
	dir, url, backup, again string
}

func newKilled(t *testing.T) *killed {
	t.Helper()
	armed, err := withCrashPoints()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	k := &killed{
		t: t, dir: dir, binary: armed, url: "sqlite:" + filepath.Join(dir, "data", "pushback.db"),
		backup: filepath.Join(dir, "backup.db"), again: filepath.Join(dir, "again.db"),
	}
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pushback.yml"), []byte(noStore), 0o600); err != nil {
		t.Fatal(err)
	}
	k.use(func(s *store.Store) {
		for i := range 2000 {
			k.accept(s, fmt.Sprint("old", i))
		}
	})
	if output, err := k.run("", 0, "backup", k.backup); err != nil {
		t.Fatal(err, output)
	}
	k.use(func(s *store.Store) { k.accept(s, "later") })
	return k
}

// use opens the database as a daemon does.
func (k *killed) use(do func(*store.Store)) {
	k.t.Helper()
	s, err := store.Open(k.t.Context(), k.url)
	if err != nil {
		k.t.Fatal(err)
	}
	do(s)
	if err := s.Close(); err != nil {
		k.t.Fatal(err)
	}
}

func (k *killed) accept(s *store.Store, id string) {
	k.t.Helper()
	e, err := sources.Admit(sources.Event{
		Source: "ci", EventID: id, ChangeID: id, Status: sources.Succeeded, At: time.Now().UTC(), Service: "s-" + id, Environment: "production", Kind: sources.Deploy, Version: "v1",
	}, nil, time.Now())
	if err == nil {
		_, err = s.Accept(k.t.Context(), e, []byte(strings.Repeat("x", 2000)), time.Now())
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// run runs the program until it reaches a crash point, or is killed after some time; "" and 0 for
// neither.
func (k *killed) run(at crashpoint.Point, after time.Duration, args ...string) (output string, err error) {
	k.t.Helper()
	cmd := exec.CommandContext(k.t.Context(), k.binary, append(args, "-c", filepath.Join(k.dir, "pushback.yml"))...)
	cmd.Env = append(os.Environ(), crashpoint.EnvVariable+"="+string(at))
	var text strings.Builder
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Start(); err != nil {
		k.t.Fatal(err)
	}
	if after > 0 {
		timer := time.AfterFunc(after, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
	}
	err = cmd.Wait()
	return text.String(), err
}

func wasKilled(err error) bool {
	exit, ok := err.(*exec.ExitError)
	return ok && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL
}

// checkBackup checks that a killed backup has left no file of its name, or a whole one, and that the
// next one works.
func (k *killed) checkBackup(when string) {
	k.t.Helper()
	if _, err := os.Stat(k.again); err == nil {
		if _, err := k.run("", 0, "restore", k.again); err != nil {
			k.t.Errorf("%s: a file has the name of the backup, and cannot be restored: %v", when, err)
		}
		k.use(k.forgetRestores)
	}
	if output, err := k.run("", 0, "backup", "--force", k.again); err != nil {
		k.t.Errorf("%s: the next backup: %v\n%s", when, err, output)
	}
	if err := os.Remove(k.again); err != nil {
		k.t.Error(err)
	}
}

// checkRestore checks that a killed restore has left the old database, or the restored one, with
// every change of it, and says which. Then it puts the old state back.
func (k *killed) checkRestore(when string) (restored bool) {
	k.t.Helper()
	k.use(func(s *store.Store) {
		all, err := s.Changes(k.t.Context(), store.ChangeFilter{Limit: 5000})
		at, err2 := s.LastRestore(k.t.Context())
		if err != nil || err2 != nil {
			k.t.Fatal(err, err2)
		}
		restored = !at.IsZero()
		if want := map[bool]int{true: 2000, false: 2001}[restored]; len(all) != want {
			k.t.Errorf("%s: %d changes, want %d", when, len(all), want)
		}
	})
	if output, err := k.run("", 0, "backup", "--force", k.again); err != nil { // which checks every page
		k.t.Errorf("%s: %v\n%s", when, err, output)
	}
	if err := os.Remove(k.again); err != nil {
		k.t.Error(err)
	}
	if restored {
		k.use(func(s *store.Store) {
			k.accept(s, "later")
			k.forgetRestores(s)
		})
	}
	return restored
}

func (k *killed) forgetRestores(s *store.Store) {
	if _, err := s.DB().ExecContext(k.t.Context(), `DELETE FROM restores`); err != nil {
		k.t.Fatal(err)
	}
}

// TestKilledBackupAndRestore kills both at their crash points, and at random moments.
func TestKilledBackupAndRestore(t *testing.T) {
	k := newKilled(t)
	for _, point := range crashpoint.RestorePoints {
		args := []string{"restore", k.backup}
		if point == crashpoint.InBackup || point == crashpoint.BeforeBackup {
			args = []string{"backup", k.again}
		}
		if output, err := k.run(point, 0, args...); !wasKilled(err) {
			t.Errorf("%s was not reached: %v\n%s", point, err, output)
		}
		if args[0] == "backup" {
			k.checkBackup(string(point))
			continue
		}
		want := point == crashpoint.AfterRestore || point == crashpoint.BeforeSwap
		if restored := k.checkRestore(string(point)); restored != want {
			t.Errorf("%s: restored %v, want %v", point, restored, want)
		}
	}
	k.atRandom()
}

// atRandom kills backups and restores at moments of the time that one takes.
func (k *killed) atRandom() {
	began := time.Now()
	if _, err := k.run("", 0, "restore", k.backup); err != nil {
		k.t.Fatal(err)
	}
	took := time.Since(began)
	k.checkRestore("whole")
	died, undone := 0, 0 // restores that were killed, and those of them that did not take place
	for i := range 12 {
		after := time.Millisecond + rand.N(took)
		_, _ = k.run("", after, "backup", k.again) // killed or not
		k.checkBackup(fmt.Sprint("backup ", i, " after ", after))
		_, err := k.run("", after, "restore", k.backup)
		if restored := k.checkRestore(fmt.Sprint("restore ", i, " after ", after)); wasKilled(err) {
			died++
			if !restored {
				undone++
			}
		}
	}
	k.t.Logf("a restore takes %s; of 12, %d were killed, and of these %d did not take place", took, died, undone)
	if died < 5 {
		k.t.Error("too few were killed to prove anything")
	}
}
