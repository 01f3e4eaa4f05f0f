package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// uses marks one profile as used.
func uses(ctx context.Context, s *Store, hash string) (bool, error) {
	kept, err := s.UseProfiles(ctx, []string{hash})
	return len(kept) == 1, err
}

// putProfile stores a profile and marks it as used.
func putProfile(t *testing.T, s *Store, name string, ticks, minute int) string {
	t.Helper()
	hash, err := s.PutProfile(t.Context(), name, detector.Profile{Ticks: ticks}, at(minute))
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := uses(t.Context(), s, hash); err != nil || !ok {
		t.Fatalf("not used: %v", err)
	}
	return hash
}

// wantProfiles fails the test unless the profiles of these hashes are there after the
// retention has deleted everything that it may.
func wantProfiles(t *testing.T, s *Store, want map[string]bool) {
	t.Helper()
	if _, err := s.Prune(t.Context(), Ages{Before: at(59).Add(1000 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	for hash, kept := range want {
		body, err := s.PackedProfile(t.Context(), hash)
		if (err == nil) != kept {
			t.Errorf("profile %.8s is there: %v, want %v", hash, err == nil, kept)
		}
		if sum := sha256.Sum256(body); kept && hex.EncodeToString(sum[:]) != hash {
			t.Errorf("profile %.8s has another content", hash)
		}
	}
}

// openWatch stores a change with a watch.
func openWatch(t *testing.T, s *Store, profiles map[string]string) watch.Watch {
	t.Helper()
	key := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 1)).Change.Key
	w := watch.Watch{ID: key + ".red", ChangeKey: key, Rule: "red", State: watch.Watching, Profiles: profiles}
	if err := s.PlanChange(t.Context(), key, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	return w
}

// profilesJournaled checks that a profile stays as long as an entry names it, and that an
// entry is written only with its profiles.
func profilesJournaled(t *testing.T, s *Store) {
	w := openWatch(t, s, nil)
	named, other := putProfile(t, s, "q", 1, 1), putProfile(t, s, "r", 2, 1)
	putProfile(t, s, "q", 3, 2)
	putProfile(t, s, "r", 4, 2) // both have lost their names
	entry := Entry{At: now, ChangeKey: w.ChangeKey, Actor: "rule red", Action: "respond", Detail: []byte(`{}`)}
	moved, _, _, err := s.MoveWatch(t.Context(), w, w, Effects{Entries: []Entry{entry}, Profiles: []string{named}})
	if err != nil || !moved {
		t.Fatalf("moved %v, %v", moved, err)
	}
	wantProfiles(t, s, map[string]bool{named: true, other: false})

	w.Revision++
	if moved, _, _, err := s.MoveWatch(t.Context(), w, w, Effects{Entries: []Entry{entry}, Profiles: []string{named, other}}); err == nil {
		t.Errorf("an entry names a profile that is gone: %v", moved)
	}
	if entries, err := s.Journal(t.Context(), w.ChangeKey); err != nil || len(entries) != 1 {
		t.Errorf("%d entries, %v", len(entries), err)
	}
	// Relearned with the same content, it has its name again and loses it again.
	putProfile(t, s, "q", 1, 3)
	putProfile(t, s, "q", 5, 4)
	wantProfiles(t, s, map[string]bool{named: true})
}

// profilesOfOlderJournal checks that the profiles which entries named before the database
// knew of it are kept from the upgrade on.
func profilesOfOlderJournal(t *testing.T, s *Store) {
	named, other := putProfile(t, s, "q", 1, 1), putProfile(t, s, "r", 2, 1)
	putProfile(t, s, "q", 3, 2)
	putProfile(t, s, "r", 4, 2)
	for _, action := range []string{"respond", "permit"} {
		hash := map[string]string{"respond": named, "permit": other}[action]
		detail, err := json.Marshal(map[string]any{"profiles": map[string]string{"errors": hash, "gone": "0123"}})
		if err == nil {
			err = s.Append(t.Context(), Entry{At: now, Actor: "rule red", Action: action, Detail: detail})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	migrations, err := s.tableMigrations()
	if err != nil {
		t.Fatal(err)
	}
	sealed := chain(t, s, time.Time{}, time.Time{})
	if _, err := migrations.DownTo(t.Context(), 11); err != nil {
		t.Fatal(err)
	}
	if err := s.migrateTables(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantProfiles(t, s, map[string]bool{named: true, other: false})
	if after := chain(t, s, time.Time{}, time.Time{}); !slices.EqualFunc(after, sealed, func(a, b Entry) bool { return a.Hash == b.Hash }) {
		t.Errorf("the journal was %+v and is %+v", sealed, after)
	}
}

// profilesOfOpenWatches checks that a watch that is longer than the retention keeps its profile
// to its end.
func profilesOfOpenWatches(t *testing.T, s *Store) {
	hash := putProfile(t, s, "q", 1, 1)
	w := openWatch(t, s, map[string]string{"errors": hash})
	putProfile(t, s, "q", 2, 2)
	wantProfiles(t, s, map[string]bool{hash: true})
	ended := w
	ended.State = watch.Healthy
	if moved, _, _, err := s.MoveWatch(t.Context(), w, ended, Effects{}); err != nil || !moved {
		t.Fatalf("moved %v, %v", moved, err)
	}
	wantProfiles(t, s, map[string]bool{hash: false})
}

// profilesReplaced checks that a profile is deleted with the last name that it loses, and
// that a profile which was learned earlier than the one that is there takes no name.
func profilesReplaced(t *testing.T, s *Store) {
	put := func(name string, ticks, minute int) string {
		t.Helper()
		hash, err := s.PutProfile(t.Context(), name, detector.Profile{Ticks: ticks}, at(minute))
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	want := func(kept bool, hash, what string) {
		t.Helper()
		if _, err := s.PackedProfile(t.Context(), hash); (err == nil) != kept {
			t.Errorf("%s: kept %v, want %v; %v", what, err == nil, kept, err)
		}
	}
	shared := put("q", 1, 1)
	if again := put("r", 1, 1); again != shared {
		t.Fatalf("the same content has the hashes %s and %s", shared, again)
	}
	put("q", 1, 2)
	want(true, shared, "learned again with the same content")
	put("q", 2, 3)
	want(true, shared, "another name refers to it")
	late := put("r", 3, 3)
	want(false, shared, "it has lost its last name")
	early := put("r", 4, 2)
	want(true, late, "an earlier one came later")
	want(false, early, "a later one was there")

	// Two replicas that replace a profile at once may each see the other's name for it.
	if _, err := s.write.ExecContext(t.Context(), `DELETE FROM profile_names WHERE name = 'r'`); err != nil {
		t.Fatal(err)
	}
	wantProfiles(t, s, map[string]bool{late: false})
}

// profilesUsedOnce checks that a profile is marked once however many watches use it, and that
// upkeep deletes more of them than fit into one transaction.
func profilesUsedOnce(t *testing.T, s *Store) {
	hash := putProfile(t, s, "q", 1, 1)
	err := s.transact(t.Context(), func(*sql.Tx) error { // SQLite lets nothing else write now
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		ok, err := uses(ctx, s, hash)
		if !ok {
			t.Error("a used profile cannot be used")
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	gone := map[string]bool{}
	for i := range 2*prunedAtOnce + 1 {
		gone[putProfile(t, s, "q", 2+i, 2+i/10)] = false
	}
	last := putProfile(t, s, "q", 1_000_000, 50)
	if n, err := s.Prune(t.Context(), Ages{Before: at(51)}); err != nil || n.Profiles != 2*prunedAtOnce+2 {
		t.Errorf("pruned %d, %v", n, err)
	}
	gone[last] = true
	wantProfiles(t, s, gone)
}
