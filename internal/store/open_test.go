package store

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store/storetest"
	"github.com/pushback/pushback/sources"
)

// crashing is the environment variable that holds the database of the crash
// test's child process.
const crashing = "PUSHBACK_TEST_CRASH"

func TestMain(m *testing.M) {
	if path := os.Getenv(crashing); path != "" {
		acceptUntilKilled(path)
	}
	os.Exit(m.Run())
}

// acceptUntilKilled prints every event as soon as Accept has returned, and never
// closes the store.
func acceptUntilKilled(path string) {
	s, err := Open(context.Background(), "sqlite:"+path)
	for i := 0; err == nil; i++ {
		_, err = s.Accept(context.Background(), admitted(eventOf(fmt.Sprint("c", i), "v", sources.Started, 1)), []byte("{}"), now)
		if err == nil {
			fmt.Println(i)
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

func TestAcceptedSurvivesKill(t *testing.T) {
	path := filepath.Join(t.TempDir(), "crash.db")
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env, child.Stderr = append(os.Environ(), crashing+"="+path), os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines, accepted := bufio.NewScanner(out), 0
	for accepted < 20 && lines.Scan() {
		accepted++
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = child.Wait() // it was killed: its status says only that
	if accepted < 20 {
		t.Fatalf("the child accepted %d events only", accepted)
	}
	s := openFile(t, path)
	for i := range accepted {
		if a := accept(t, s, eventOf(fmt.Sprint("c", i), "v", sources.Started, 1)); !a.Duplicate {
			t.Errorf("event %d was acknowledged and is gone", i)
		}
	}
}

func TestOpenRefuses(t *testing.T) {
	f := func(url, want string) {
		t.Helper()
		s, err := Open(t.Context(), url)
		if err == nil {
			_ = s.Close()
			t.Errorf("%s: opened", url)
			return
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", url, err)
		}
	}
	f("", "unknown kind of database")
	f("mysql://root:hunter2@db/x", "unknown kind of database")
	f("sqlite:", "names no file")
	f("sqlite:"+os.DevNull+"/x.db", "directory")
	f("sqlite:"+t.TempDir(), "database file")
	f("postgres://amy:hunter2@127.0.0.1:1/x?connect_timeout=1", "connect")
	f("postgres://amy:hunter2@127.0.0.1:bad/x", "address")
	garbage := filepath.Join(t.TempDir(), "garbage.db")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("no database ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	f("sqlite:"+garbage, "not a database")
}

func TestOneProcessAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "new dir", "a file?.db")
	first := openFile(t, path)
	accept(t, first, eventOf("c1", "v1", sources.Started, 1))
	if _, err := Open(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("opened twice: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := openFile(t, path)
	if !accept(t, second, eventOf("c1", "v1", sources.Started, 1)).Duplicate {
		t.Error("another file was opened")
	}
	if err := second.Ping(t.Context()); err != nil || second.Shared() {
		t.Errorf("ping: %v", err)
	}
}

func TestFilesArePrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "state")
	s := openFile(t, filepath.Join(dir, "test.db"))
	accept(t, s, eventOf("c1", "v1", sources.Started, 1))
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is %s", path, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// TestFullDiskIsNoSuccess limits the database to a few more pages.
func TestFullDiskIsNoSuccess(t *testing.T) {
	s := storetest.Open(t, Open)
	var pages int
	if err := s.write.QueryRowContext(t.Context(), `PRAGMA page_count`).Scan(&pages); err != nil {
		t.Fatal(err)
	}
	limit := func(pages int) {
		if _, err := s.write.ExecContext(t.Context(), fmt.Sprintf(`PRAGMA max_page_count = %d`, pages)); err != nil {
			t.Fatal(err)
		}
	}
	limit(pages + 20)
	raw := []byte(strings.Repeat("x", 4000))
	accepted, refused := map[int]bool{}, 0
	for i := range 60 {
		_, err := s.Accept(t.Context(), admitted(eventOf(fmt.Sprint("c", i), "v", sources.Started, 1)), raw, now)
		accepted[i] = err == nil
		if err != nil {
			refused++
		}
	}
	if refused == 0 {
		t.Fatal("the disk was never full")
	}
	limit(1 << 30)
	for i, want := range accepted {
		if got := accept(t, s, eventOf(fmt.Sprint("c", i), "v", sources.Started, 1)).Duplicate; got != want {
			t.Errorf("event %d: answered %v, stored %v", i, want, got)
		}
	}
}

func TestLeasesEndWithTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	o := created(t, s)
	if err := s.Join(t.Context(), "before"); err != nil {
		t.Fatal(err)
	}
	must(t, true, "lease")(s.LeaseOrder(t.Context(), o.Key, 24*time.Hour))
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = openFile(t, path)
	if err := s.Join(t.Context(), "after"); err != nil {
		t.Fatal(err)
	}
	must(t, true, "lease after restart")(s.LeaseOrder(t.Context(), o.Key, time.Hour))
	if all, err := s.Replicas(t.Context()); err != nil || len(all) != 1 || !all[0].Alive || all[0].Name != "after" {
		t.Errorf("replicas %v, %v", all, err)
	}
}
