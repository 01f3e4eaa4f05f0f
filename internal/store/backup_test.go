package store

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
)

func noProgress(string, int64, int64) {}

// settlingOf is how amy restores at the end of the tests' hour, and pages the operators.
func settlingOf() Settling {
	return Settling{
		At: now, Actor: "amy", Source: "old.db",
		Order: func(o rollback.Order) notify.Message {
			return notify.Message{Key: o.Key, Title: "restored: " + string(o.State)}
		},
		Page: func(e Ended) []Outgoing {
			return Messages("restore", "", []string{"pager"}, notify.Message{Key: "restore", Title: fmt.Sprint(len(e.Orders), " orders")}, now)
		},
	}
}

// TestBackupWhileWriting: a backup that is made while events are stored holds every event that was
// accepted before it began, and is whole.
func TestBackupWhileWriting(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "test.db"), filepath.Join(dir, "backup.db")
	s := openFile(t, path)
	for i := range 300 {
		accept(t, s, deployOf(fmt.Sprint("before", i), "v1", 1))
	}
	writing, stop := context.WithCancel(t.Context())
	var g errgroup.Group
	for w := range 4 {
		g.Go(func() error {
			for i := 0; writing.Err() == nil; i++ {
				if _, err := s.Accept(t.Context(), admitted(deployOf(fmt.Sprint("during", w, ".", i), "v1", 2)), nil, now); err != nil {
					return err
				}
			}
			return nil
		})
	}
	i, err := Backup(t.Context(), "sqlite:"+path, to, false, noProgress)
	stop()
	if err := g.Wait(); err != nil || i.Rows["events"] < 300 {
		t.Fatal(i, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	copied := openFile(t, to)
	for i := range 300 {
		if !accept(t, copied, deployOf(fmt.Sprint("before", i), "v1", 1)).Duplicate {
			t.Errorf("event %d was accepted before the backup, and is not in it", i)
		}
	}
}

func TestBackupFile(t *testing.T) {
	dir := t.TempDir()
	path, to := filepath.Join(dir, "test.db"), filepath.Join(dir, "a backup?.db")
	s := openFile(t, path)
	accept(t, s, eventOf("c1", "v1", sources.Started, 1))
	i, err := Backup(t.Context(), "sqlite:"+path, to, false, noProgress)
	if err != nil || i.Rows["events"] != 1 || i.Schema != newestSchema(t, s) || !i.KnownTo.Equal(now) {
		t.Fatalf("%+v, %v", i, err)
	}
	files, err := filepath.Glob(filepath.Join(dir, "a backup*"))
	if err != nil || len(files) != 1 {
		t.Errorf("the backup is not one file: %v, %v", files, err)
	}
	if info, err := os.Stat(to); err != nil || info.Mode().Perm() != 0o600 || info.Size() != i.Bytes {
		t.Errorf("%v, %v", info, err)
	}
	if _, err := Backup(t.Context(), "sqlite:"+path, to, false, noProgress); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("another file was replaced: %v", err)
	}
	accept(t, s, eventOf("c2", "v2", sources.Started, 2))
	if i, err := Backup(t.Context(), "sqlite:"+path, to, true, noProgress); err != nil || i.Rows["events"] != 2 {
		t.Errorf("with force: %+v, %v", i, err)
	}
	if _, err := Backup(t.Context(), "postgres://db/x", to, true, noProgress); err == nil {
		t.Error("PostgreSQL was backed up")
	}
	if _, err := Backup(t.Context(), "sqlite:"+path+".none", filepath.Join(dir, "none"), true, noProgress); err == nil {
		t.Error("no file was backed up")
	}
}

func newestSchema(t *testing.T, s *Store) int64 {
	t.Helper()
	migrations, err := s.tableMigrations()
	if err != nil {
		t.Fatal(err)
	}
	all := migrations.ListSources()
	return all[len(all)-1].Version
}

// TestRestore: what a restore puts in place, keeps beside it, and ends.
func TestRestore(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "test.db"), filepath.Join(dir, "backup.db")
	s := openFile(t, path)
	fillRelease(t, s)
	set(t, s, `DELETE FROM restores`)
	if _, err := Backup(t.Context(), "sqlite:"+path, backup, false, noProgress); err != nil {
		t.Fatal(err)
	}
	accept(t, s, eventOf("later", "v9", sources.Started, 40))
	if _, err := Restore(t.Context(), "sqlite:"+path, backup, settlingOf(), noProgress); err == nil || !strings.Contains(err.Error(), "in use by another process") {
		t.Errorf("restored under a running daemon: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := Restore(t.Context(), "sqlite:"+path, backup, settlingOf(), noProgress)
	if err != nil || len(r.Ended.Orders) != 4 || !strings.HasPrefix(r.Kept, path+".replaced-") {
		t.Fatalf("%+v, %v", r, err)
	}
	restored, kept := openFile(t, path), openFile(t, r.Kept)
	if accept(t, restored, eventOf("later", "v9", sources.Started, 40)).Duplicate {
		t.Error("the restored database knows an event of after the backup")
	}
	if !accept(t, kept, eventOf("later", "v9", sources.Started, 40)).Duplicate {
		t.Error("the database that was replaced was not kept whole")
	}
	left, err := filepath.Glob(filepath.Join(dir, "*restor*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// restoredIsSettled checks what is left to do in a restored database: nothing of before.
func restoredIsSettled(t *testing.T, s *Store) {
	fillRelease(t, s)
	set(t, s, `DELETE FROM restores`)
	if at, err := s.LastRestore(t.Context()); err != nil || !at.IsZero() {
		t.Errorf("restored at %v, %v", at, err)
	}
	named := testToken("ci", 0)
	if err := s.CreateToken(t.Context(), named); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if after, err := s.Token(t.Context(), named.Hash); err != nil || after.RevokedBy != "restore" || after.RevokedAt.IsZero() {
			t.Errorf("a named token may have been revoked since, and is %+v, %v", after, err)
		}
	}()
	e, err := s.settle(t.Context(), settlingOf())
	if err != nil || len(e.Orders) != 4 || e.Messages == 0 || e.KnownTo.IsZero() {
		t.Fatalf("%+v, %v", e, err)
	}
	for service, want := range map[string]rollback.State{
		"pay-proposed": rollback.Expired, "pay-approved": rollback.Expired, "pay-decided": rollback.Expired, "pay-sending": rollback.Unknown, "cart": rollback.Refused,
	} {
		c, err := s.Changes(t.Context(), ChangeFilter{Service: service, Limit: 10})
		if err != nil || len(c) == 0 || state(t, s, c[len(c)-1].Key) != want {
			t.Errorf("the order of %s is %v, %v; want %s", service, c, err, want)
		}
	}
	pending, err := s.PendingOutgoing(t.Context())
	if err != nil || len(pending) != 1 || pending[0].Receiver != "pager" {
		t.Errorf("messages to be sent: %+v, %v; want the page alone, as no order tells anybody", pending, err)
	}
	if left, err := s.PendingReports(t.Context()); err != nil || len(left) > 0 {
		t.Errorf("reports %v, %v", left, err)
	}
	entries := chain(t, s, now.AddDate(-1, 0, 0), now.AddDate(10, 0, 0))
	if last := entries[len(entries)-1]; last.Action != "restore" || last.Actor != "amy" || !strings.Contains(string(last.Detail), `"ended_orders":4`) {
		t.Errorf("the last entry is %+v", last)
	}
	if at, err := s.LastRestore(t.Context()); err != nil || !at.Equal(now) {
		t.Errorf("restored at %v, %v", at, err)
	}
	if a := accept(t, s, deployOf("pay-decided", "v2", 30)); a.Change.Epoch <= epochGap {
		t.Errorf("the next change has epoch %d, which a change since the backup may have had", a.Change.Epoch)
	}
}
