package store

import (
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// badVersionsOfOlderDatabase opens a database in which versions still stand as
// condemned, the word that bad replaced.
func badVersionsOfOlderDatabase(t *testing.T, s *Store) {
	old := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change
	good := accept(t, s, eventOf("c2", "v2", sources.Succeeded, 10)).Change
	if err := s.SetStanding(t.Context(), good.Key, Good); err != nil {
		t.Fatal(err)
	}
	entry := Entry{At: now, ChangeKey: old.Key, Actor: "rule red", Action: "respond", Detail: []byte(`{"standing":"condemned"}`)}
	if err := s.Append(t.Context(), entry); err != nil {
		t.Fatal(err)
	}
	sealed := chain(t, s, time.Time{}, time.Time{})
	migrations, err := s.tableMigrations()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrations.DownTo(t.Context(), 9); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), `UPDATE changes SET standing = 'condemned' WHERE key = $1`, old.Key); err != nil {
		t.Fatal(err)
	}
	if err := s.migrateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	if was, is := reread(t, s, old).Standing, reread(t, s, good).Standing; was != Bad || is != Good {
		t.Errorf("the condemned version is %q, the good one %q", was, is)
	}
	windows, err := s.BadWindows(t.Context(), "cart", "production", at(0), at(50))
	if err != nil || len(windows) != 1 || !windows[0].From.Equal(at(1)) {
		t.Errorf("%v, %v; want the window of the bad version", windows, err)
	}
	// The hashes of the journal are over the word of their time.
	if after := chain(t, s, time.Time{}, time.Time{}); len(after) != len(sealed) || after[len(after)-1].Hash != sealed[len(sealed)-1].Hash {
		t.Errorf("the journal was %+v and is %+v", sealed, after)
	}
}

// marksOfEchoes opens a database in which the echo of a rollback had marked a version
// bad.
func marksOfEchoes(t *testing.T, s *Store) {
	migrations, err := s.tableMigrations()
	if err != nil {
		t.Fatal(err)
	}
	echo := watched(t, s, deployOf("cart", "v1", 5), 7, func(w *watch.Watch) { w.Acts = false })
	bad := watched(t, s, deployOf("search", "v1", 5), 7, nil)
	unwatched := accept(t, s, deployOf("mail", "v1", 5)).Change
	if _, err := migrations.DownTo(t.Context(), 15); err != nil {
		t.Fatal(err)
	}
	if _, err := s.write.ExecContext(t.Context(), `UPDATE changes SET standing = 'bad'`); err != nil {
		t.Fatal(err)
	}
	if err := s.migrateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantStanding(t, s, echo, Unjudged)
	wantStanding(t, s, bad, Bad)
	wantStanding(t, s, unwatched, Bad)
}
