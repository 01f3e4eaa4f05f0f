package store

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/watch"
)

// messagesGo checks that old messages about no change go, and those of a thread that goes on stay.
func messagesGo(t *testing.T, s *Store) {
	put := func(id, thread, state string, minute int) {
		t.Helper()
		if _, err := s.PutOutgoing(t.Context(), Outgoing{ID: id, ChangeKey: thread, Receiver: "chat", State: state, CreatedAt: at(minute)}); err != nil {
			t.Fatal(err)
		}
	}
	put("old", "", Sent, 1)
	put("old, to be sent", "", Pending, 2)
	put("old of an old thread", "fleet/1", Sent, 3)
	put("old of a thread", "fleet/2", Sent, 4)
	put("new of a thread", "fleet/2", Sent, 40)
	p, err := s.Prune(t.Context(), Ages{Before: at(30)})
	left, reading := collect(t.Context(), s.read, scanText, `SELECT id FROM outgoing ORDER BY created_at`)
	if want := []string{"old, to be sent", "old of a thread", "new of a thread"}; err != nil || reading != nil || p.Messages != 2 || !slices.Equal(left, want) {
		t.Errorf("%+v, %v, left %q", p, err, left)
	}
}

// journalByAge checks that old entries go with a checkpoint, that the chain of the others is whole
// and that nothing else can be deleted.
func journalByAge(t *testing.T, s *Store) {
	for i := range 2*pruneBatch + 7 {
		entry := Entry{At: at(1), Actor: "amy", Action: "test"}
		if i >= 2*pruneBatch+3 {
			entry.At = at(40)
		}
		if err := s.Append(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	whole := chain(t, s, time.Time{}, time.Time{})
	p, err := s.Prune(t.Context(), Ages{JournalBefore: at(30)})
	if err != nil || p.Entries != 2*pruneBatch+3 {
		t.Fatalf("%+v, %v", p, err)
	}
	left := chain(t, s, time.Time{}, time.Time{})
	if len(left) != 5 || left[0].Seq != 2*pruneBatch+4 || left[0].Prev != whole[2*pruneBatch+2].Hash {
		t.Fatalf("%d entries, from %+v", len(left), left[0])
	}
	sealed := left[4]
	if sealed.Action != CheckpointAction || !strings.Contains(string(sealed.Detail), left[0].Prev) {
		t.Errorf("the checkpoint is %+v: %s", sealed, sealed.Detail)
	}
	for _, statement := range []string{
		`DELETE FROM journal`, `DELETE FROM journal WHERE seq = 205`, `DELETE FROM journal_checkpoints`, `UPDATE journal_checkpoints SET through = 206`,
		`INSERT INTO journal_checkpoints (through, hash, at) VALUES (206, 'x', 0)`,
	} {
		if _, err := s.write.ExecContext(t.Context(), statement); err == nil {
			t.Errorf("the database allowed: %s", statement)
		}
	}
	if p, err := s.Prune(t.Context(), Ages{JournalBefore: at(30)}); err != nil || p.Entries != 0 {
		t.Errorf("the second time: %+v, %v", p, err)
	}
	// Whatever its age, the newest entry stays: the next one covers its hash.
	if _, err := s.Prune(t.Context(), Ages{JournalBefore: now.Add(1e6 * time.Hour)}); err != nil {
		t.Fatal(err)
	}
	appendAll(t, s, 1)
	if after := chain(t, s, time.Time{}, time.Time{}); len(after) != 3 || after[0].Seq != sealed.Seq || after[0].Prev != left[3].Hash {
		t.Errorf("%+v", after)
	}
}

// profilesGoWithTheJournal checks that a profile stays as long as an entry names it.
func profilesGoWithTheJournal(t *testing.T, s *Store) {
	named, again := putProfile(t, s, "q", 1, 1), putProfile(t, s, "r", 2, 1)
	w := planned(t, s)
	for i, minute := range []int{5, 40} {
		ok, _, _, err := s.MoveWatch(t.Context(), w, w, Effects{
			Entries: []Entry{{At: at(0).Add(time.Duration(minute) * 24 * time.Hour), Action: "respond"}}, Profiles: []string{named, again}[i:],
		})
		must(t, true, "naming profiles")(ok, err)
		w.Revision++
	}
	putProfile(t, s, "q", 3, 2)
	putProfile(t, s, "r", 4, 2)
	day := func(n int) time.Time { return at(0).Add(time.Duration(n) * 24 * time.Hour) }
	if _, err := s.Prune(t.Context(), Ages{Before: day(100), JournalBefore: day(5)}); err != nil {
		t.Fatal(err)
	}
	wantProfiles(t, s, map[string]bool{named: true, again: true})
	if _, err := s.Prune(t.Context(), Ages{Before: day(100), JournalBefore: day(30)}); err != nil {
		t.Fatal(err)
	}
	wantProfiles(t, s, map[string]bool{named: false, again: true})
}

// outcomesGoWithTheJournal checks that trust counts outlive the changes.
func outcomesGoWithTheJournal(t *testing.T, s *Store) {
	c := whole(t, s, "cart", "v1", 1, watch.Inconclusive, false)
	for _, step := range []struct {
		ages Ages
		want int
	}{{Ages{Before: at(59)}, 1}, {Ages{JournalBefore: at(1)}, 1}, {Ages{JournalBefore: at(30)}, 0}} {
		if _, err := s.Prune(t.Context(), step.ages); err != nil || rowsOf(t, s, c)["outcomes"] != step.want {
			t.Errorf("%+v: %v, %v", step, rowsOf(t, s, c), err)
		}
	}
}
