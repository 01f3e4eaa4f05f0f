package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/pushback/pushback/internal/crashpoint"
)

// RestoreResult is what a restore has done.
type RestoreResult struct {
	Backup Inventory
	Ended  Ended
	Kept   string // the file of the database that was replaced; "" if there was none
}

// Restore puts the backup in the file from in the place of the SQLite database at url, which is
// kept beside it. It refuses while a daemon runs, and a backup that is damaged or of a newer
// version. The backup is copied, checked, migrated and settled under another name first; a crash
// at any moment leaves the database as it was, or restored.
//
// See adr/0110.
func Restore(ctx context.Context, url, from string, settling Settling, progress Progress) (r RestoreResult, err error) {
	path, err := filePath(url)
	if err != nil {
		return r, err
	}
	unlock, err := lockFile(path)
	if err != nil {
		return r, explain(err, path)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if err := finishReplacing(path); err != nil { // of a restore that was interrupted
		return r, explain(err, path)
	}
	fresh := path + ".restoring"
	handOver(path + ".lock")
	if r, err = prepareRestore(ctx, from, fresh, settling, progress); err != nil {
		return r, errors.Join(err, removeDatabase(fresh))
	}
	handOver(fresh)
	checkpointOld(ctx, path)
	r.Kept, err = replaceFile(path, fresh)
	return r, explain(err, path)
}

// prepareRestore makes a database of the backup that a daemon may be started with.
func prepareRestore(ctx context.Context, from, fresh string, settling Settling, progress Progress) (r RestoreResult, err error) {
	if err := errors.Join(removeDatabase(fresh), copyBackup(from, fresh, progress)); err != nil {
		return r, explain(err, fresh)
	}
	if r.Backup, err = inspect(ctx, fresh, progress); err != nil {
		return r, fmt.Errorf("%s cannot be restored: %w", from, err)
	}
	s, err := openLocked(fresh, func() error { return nil })
	if err != nil {
		return r, err
	}
	s.private = true
	progress("migrating", 0, 0)
	if err = s.prepare(ctx); err == nil {
		crashpoint.Reach(crashpoint.InRestore)
		r.Ended, err = s.settle(ctx, settling)
	}
	if err := errors.Join(explain(err, fresh), s.closeDatabase()); err != nil {
		return r, fmt.Errorf("%s cannot be restored: %w", from, err)
	}
	if _, err := os.Stat(fresh + "-wal"); err == nil {
		return r, fmt.Errorf("%s has a write-ahead log that was not written into it", fresh)
	}
	return r, nil
}

// copyBackup copies a file, and the write-ahead log beside it: somebody may have copied the files
// of a running database.
func copyBackup(from, to string, progress Progress) error {
	if err := checkHeader(from); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal"} {
		err := copyFile(from+suffix, to+suffix, progress)
		if suffix != "" && errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string, progress Progress) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.MultiWriter(out, &counter{progress: progress, all: info.Size()}), in)
	return errors.Join(err, out.Sync(), out.Close())
}

// counter reports how much was written.
type counter struct {
	progress  Progress
	done, all int64
}

func (c *counter) Write(p []byte) (int, error) {
	c.done += int64(len(p))
	c.progress("copying", c.done, c.all)
	return len(p), nil
}

// handOver gives a file that root has made to the owner of its folder, which is the user that runs
// the daemon. Nobody else can or needs to.
func handOver(path string) {
	info, err := os.Stat(filepath.Dir(path))
	if err != nil || os.Geteuid() != 0 {
		return
	}
	if owner, ok := info.Sys().(*syscall.Stat_t); ok {
		_ = os.Lchown(path, int(owner.Uid), int(owner.Gid))
	}
}

// removeDatabase removes what an earlier attempt has left.
func removeDatabase(path string) (err error) {
	for _, suffix := range []string{"", "-wal", "-shm", "-journal"} {
		err = errors.Join(err, ignore(fs.ErrNotExist, os.Remove(path+suffix)))
	}
	return err
}

// checkpointOld writes the log of the old database into it, so that one file is kept. A damaged
// database keeps its log: replaceFile moves both.
func checkpointOld(ctx context.Context, path string) {
	if _, err := os.Stat(path); err != nil {
		return
	}
	db, err := plainSQLite(path, "&mode=rw")
	if err != nil {
		return
	}
	_, _ = db.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	_ = db.Close()
}
