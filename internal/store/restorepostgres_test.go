//go:build integration

package store

import (
	"strings"
	"testing"

	"github.com/pushback/pushback/internal/proof/servertest"
)

// TestSettlePostgres: a database that pg_restore has put in place is settled while no replica runs,
// and taken back to the schema of the first release.
func TestSettlePostgres(t *testing.T) {
	url := database(t, servertest.PostgreSQL(t).URL)
	s, err := Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	fillRelease(t, s) // in which a replica runs
	if _, err := SettleRestored(t.Context(), url, settlingOf()); err == nil || !strings.Contains(err.Error(), "replica here uses the database") {
		t.Errorf("settled under a running replica: %v", err)
	}
	if _, _, err := Downgrade(t.Context(), url, oldestSchema); err == nil || !strings.Contains(err.Error(), "replica here uses the database") {
		t.Errorf("taken back under a running replica: %v", err)
	}
	if err := s.Leave(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if e, err := SettleRestored(t.Context(), url, settlingOf()); err != nil || len(e.Orders) != 4 {
		t.Errorf("ended %+v, %v", e, err)
	}
	if _, err := Restore(t.Context(), url, "backup.db", settlingOf(), noProgress); err == nil {
		t.Error("a file was restored into PostgreSQL")
	}
	from, copied, err := Downgrade(t.Context(), url, oldestSchema)
	if err != nil || from <= oldestSchema || copied != "" {
		t.Errorf("taken back from %d, %q, %v", from, copied, err)
	}
	if _, err := OpenReadOnly(t.Context(), url); err == nil || !strings.Contains(err.Error(), "start the daemon once") {
		t.Errorf("read with the tables of an older version: %v", err)
	}
}
