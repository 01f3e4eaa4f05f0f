package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/pushback/pushback/sources"
)

// wantOpenError opens a SQLite file and checks that the error names the file and what to do.
func wantOpenError(t *testing.T, path string, want ...string) {
	t.Helper()
	s, err := Open(t.Context(), "sqlite:"+path)
	if err == nil {
		t.Fatalf("%s was opened, %v", path, s.Close())
	}
	for _, part := range append(want, "\n  hint: ", path) {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("%v\nlacks %q", err, part)
		}
	}
}

func TestDamagedDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	for i := range 50 {
		accept(t, s, eventOf(fmt.Sprint("c", i), "v1", sources.Started, 1))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(strings.Repeat("x", 4000)), 100); err != nil { // behind the header of the first page
		t.Fatal(err)
	}
	wantOpenError(t, path, "is damaged", "pushback restore FILE")
}

// TestFullDiskAtStart opens an empty file that SQLite may give three pages.
func TestFullDiskAtStart(t *testing.T) {
	tracedConnector = func(c driver.Connector) driver.Connector { return smallConnector{c} }
	defer func() { tracedConnector = nil }()
	wantOpenError(t, filepath.Join(t.TempDir(), "test.db"), "the disk of the database", "is full", "make room")
}

// TestFullDiskOfACopy: what is full is the disk of the backup, and the database is as it was.
func TestFullDiskOfACopy(t *testing.T) {
	err := explainCopy(&os.PathError{Op: "write", Path: "backup", Err: syscall.ENOSPC}, "data/pushback.db", "/backups/pushback.db")
	if want := "the disk of /backups/pushback.db is full"; !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "hint: ") {
		t.Errorf("%v, want %s", err, want)
	}
}

// smallConnector opens databases that cannot grow.
type smallConnector struct{ driver.Connector }

func (c smallConnector) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err == nil {
		_, err = conn.(driver.ExecerContext).ExecContext(ctx, `PRAGMA max_page_count = 3`, nil)
	}
	return conn, err
}

// readOnlyFolder is the environment variable that holds a database in a folder in which the child
// process may not write.
const readOnlyFolder = "PUSHBACK_TEST_READ_ONLY"

// TestReadOnlyFolder runs as a child process without root's rights, to which no folder is
// read-only.
func TestReadOnlyFolder(t *testing.T) {
	if path := os.Getenv(readOnlyFolder); path != "" {
		wantOpenError(t, path, "cannot be written by this user", "chown -R pushback "+filepath.Dir(path))
		return
	}
	dir, err := os.MkdirTemp("/tmp", "pushback-read-only")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	child := filepath.Join(dir, "store.test")
	program, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(child, program, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), child, "-test.run", "^TestReadOnlyFolder$", "-test.v")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), readOnlyFolder+"="+filepath.Join(dir, "test.db"))
	if os.Getuid() == 0 {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	}
	if output, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(output), "--- PASS: TestReadOnlyFolder") {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestNewerDatabase: a program refuses the schema of a newer one, also to read, and changes nothing.
func TestNewerDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "test.db")
	s := openFile(t, path)
	known := newestSchema(t, s)
	set(t, s, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, TRUE)`)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for what, open := range map[string]func(context.Context, string) (*Store, error){"open": Open, "read": OpenReadOnly} {
		_, err := open(t.Context(), "sqlite:"+path)
		if err == nil {
			t.Errorf("%s: a newer database was opened", what)
			continue
		}
		for _, want := range []string{"has schema 9999, of a newer Pushback", fmt.Sprintf("pushback downgrade --to %d", known), fmt.Sprintf(".schema-%d", known)} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v\nlacks %q", what, err, want)
			}
		}
	}
}

// TestCopyBeforeMigration: a database of a release is copied before it is migrated, once, and can be
// taken back with everything in it.
func TestCopyBeforeMigration(t *testing.T) {
	r := releases(t)[0]
	path := filepath.Join(t.TempDir(), "test.db")
	raw, err := openSQLite(path)
	if err != nil {
		t.Fatal(err)
	}
	r.load(t, raw)
	if err := raw.closeDatabase(); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenReadOnly(t.Context(), "sqlite:"+path); err == nil || !strings.Contains(err.Error(), "start the daemon once") {
		t.Errorf("read before it was migrated: %v", err)
	}
	s := openFile(t, path)
	m, did := s.Migrated()
	if !did || m.From != r.version || m.To != newestSchema(t, s) || m.Copy != fmt.Sprintf("%s.schema-%d", path, r.version) {
		t.Errorf("migrated %+v, %v", m, did)
	}
	accept(t, s, eventOf("after the upgrade", "v1", sources.Started, 1))
	if _, _, err := Downgrade(t.Context(), "sqlite:"+path, r.version); err == nil {
		t.Error("taken back under a running daemon")
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if i, err := inspect(t.Context(), m.Copy, noProgress); err != nil || i.Schema != r.version || i.Rows["changes"] != 10 {
		t.Errorf("the copy has %+v, %v", i, err)
	}
	from, copied, err := Downgrade(t.Context(), "sqlite:"+path, r.version)
	if err != nil || from != m.To || copied != fmt.Sprintf("%s.schema-%d", path, m.To) {
		t.Fatalf("taken back from %d, copied to %s, %v", from, copied, err)
	}
	if i, err := inspect(t.Context(), path, noProgress); err != nil || i.Schema != r.version || i.Rows["events"] != 11 {
		t.Errorf("taken back it has %+v, %v", i, err)
	}
	for _, to := range []int64{oldestSchema - 1, 9999} {
		if _, _, err := Downgrade(t.Context(), "sqlite:"+path, to); err == nil || !strings.Contains(err.Error(), "cannot be taken to schema") {
			t.Errorf("taken to schema %d: %v", to, err)
		}
	}
}
