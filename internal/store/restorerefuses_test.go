package store

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pushback/pushback/sources"
)

// TestRestoreRefuses: a restore that is refused changes nothing.
func TestRestoreRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "test.db")
	s := openFile(t, path)
	accept(t, s, eventOf("c1", "v1", sources.Started, 1))
	good := filepath.Join(dir, "good.db")
	if _, err := Backup(t.Context(), "sqlite:"+path, good, false, noProgress); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := func(name, content, want string) {
		t.Helper()
		from := filepath.Join(dir, name)
		if err := os.WriteFile(from, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), "sqlite:"+path, from, settlingOf(), noProgress); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
			t.Errorf("%s: the database has changed, %v", name, err)
		}
	}
	f("empty", "", "is no backup")
	f("text", strings.Repeat("no database ", 1000), "is no backup")
	f("short", string(whole[:len(whole)/2]), "damaged")
	f("scratched", string(whole[:8192])+strings.Repeat("x", 20000)+string(whole[28192:]), "damaged")
	f("foreign", foreignDatabase(t), "not one of Pushback")
	f("newer", newerDatabase(t, whole), "has schema 9999")
	if _, err := Restore(t.Context(), "sqlite:"+path, filepath.Join(dir, "none"), settlingOf(), noProgress); err == nil {
		t.Error("no file was restored")
	}
	if left, err := filepath.Glob(path + ".*"); err != nil || len(left) != 1 { // the lock
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func foreignDatabase(t *testing.T) string {
	t.Helper()
	return changedDatabase(t, nil, `CREATE TABLE songs (name TEXT)`)
}

func newerDatabase(t *testing.T, whole []byte) string {
	t.Helper()
	return changedDatabase(t, whole, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, 1)`)
}

// changedDatabase is a database, empty or not, after a statement.
func changedDatabase(t *testing.T, content []byte, statement string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "changed.db")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	db, err := plainSQLite(path, "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), statement)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	changed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(changed)
}

// TestInterruptedReplacing begins to replace a database, and opens it after each step.
func TestInterruptedReplacing(t *testing.T) {
	f := func(name string, steps func(path string) error) {
		t.Helper()
		dir := t.TempDir()
		path, fresh := filepath.Join(dir, "test.db"), filepath.Join(dir, "fresh.db")
		for file, version := range map[string]string{path: "old", fresh: "new"} {
			s, err := Open(t.Context(), "sqlite:"+file)
			if err != nil {
				t.Fatal(err)
			}
			accept(t, s, eventOf(version, version, sources.Started, 1))
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
		}
		// A log of the old database, which must never be read into the new one.
		if err := os.WriteFile(path+"-wal", []byte("a log"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.Rename(fresh, path+replacement), steps(path)); err != nil {
			t.Fatal(name, err)
		}
		if _, err := OpenReadOnly(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "was interrupted") {
			t.Errorf("%s: read before the restore was finished: %v", name, err)
		}
		s := openFile(t, path)
		if !accept(t, s, eventOf("new", "new", sources.Started, 1)).Duplicate || accept(t, s, eventOf("old", "old", sources.Started, 1)).Duplicate {
			t.Errorf("%s: the database is not the new one", name)
		}
		kept, err := filepath.Glob(path + ".replaced-*")
		if err != nil || len(kept) != 2 || kept[0]+"-wal" != kept[1] {
			t.Errorf("%s: kept are %v, %v; want the old database and its log", name, kept, err)
		}
	}
	keep := func(path string) error {
		info, err := os.Stat(path + replacement)
		if err != nil {
			return err
		}
		return keepOld(path, keptAs(path, info.ModTime()))
	}
	f("decided", func(string) error { return nil })
	f("kept", keep)
	f("moved", func(path string) error { return errors.Join(keep(path), os.Remove(path)) })
}
