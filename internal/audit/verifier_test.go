package audit

import (
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/internal/store/storetest"
)

// checked is a journal that a Verifier checks, at times that the test sets.
type checked struct {
	*testing.T
	*store.Store
	now time.Time
	n   int
}

func newChecked(t *testing.T) *checked {
	return &checked{T: t, Store: storetest.Open(t, store.Open), now: time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)}
}

func (c *checked) add(entries int) {
	c.Helper()
	for range entries {
		c.n++
		e := store.Entry{At: c.now, Actor: "amy", Action: "test", Detail: json.RawMessage(`{"n":1}`)}
		if err := c.Append(c.Context(), e); err != nil {
			c.Fatal(err)
		}
	}
}

// check runs what is due after a time, and returns the newest check of a kind.
func (c *checked) check(after time.Duration, kind string) store.JournalCheck {
	c.Helper()
	c.now = c.now.Add(after)
	v := Verifier{Store: c.Store, Replica: "one", Log: slog.New(slog.DiscardHandler), Now: func() time.Time { return c.now }}
	if err := v.Check(c.Context()); err != nil {
		c.Fatal(err)
	}
	all, err := c.JournalChecks(c.Context())
	if err != nil {
		c.Fatal(err)
	}
	return all[kind]
}

// tamper does what only the owner of the database can do.
func (c *checked) tamper(statements ...string) {
	c.Helper()
	for _, s := range append([]string{`DROP TRIGGER journal_no_update`, `DROP TRIGGER journal_delete_by_age`}, statements...) {
		if _, err := c.DB().ExecContext(c.Context(), s); err != nil {
			c.Fatal(err)
		}
	}
}

func TestVerifierGoesOn(t *testing.T) {
	c := newChecked(t)
	if got := c.check(0, store.WholeCheck); got.Fault != "" || got.Through != 0 || !got.At.Equal(c.now) {
		t.Errorf("an empty journal: %+v", got)
	}
	c.add(3)
	if got := c.check(time.Minute, store.NewEntriesCheck); got.Through != 0 {
		t.Errorf("checked again before it was due: %+v", got)
	}
	if got := c.check(checkEvery, store.NewEntriesCheck); got.Through != 3 || got.Fault != "" || got.Replica != "one" || got.Hash == "" {
		t.Errorf("%+v", got)
	}
	c.add(2)
	if got := c.check(checkEvery, store.NewEntriesCheck); got.Through != 5 || got.Fault != "" {
		t.Errorf("%+v", got)
	}
	if got := c.check(wholeEvery, store.WholeCheck); got.First != 1 || got.Through != 5 || got.Fault != "" || !got.At.Equal(c.now) {
		t.Errorf("%+v", got)
	}
}

func TestVerifierFindsIt(t *testing.T) {
	f := func(name, want string, statements ...string) {
		t.Helper()
		c := newChecked(t)
		c.add(6)
		c.check(0, store.WholeCheck)
		c.add(3)
		c.tamper(statements...)
		if got := c.check(checkEvery, store.NewEntriesCheck); (want == "") != (got.Fault == "") || !strings.Contains(got.Fault, want) {
			t.Errorf("%s: %q, want %q", name, got.Fault, want)
		} else if want != "" && !got.FaultAt.Equal(c.now) {
			t.Errorf("%s: found at %s", name, got.FaultAt)
		}
	}
	f("nothing", "")
	f("a new entry is altered", "entry 8 was altered", `UPDATE journal SET actor = 'eve' WHERE seq = 8`)
	f("a new entry is removed", "entry 7 is followed by entry 9", `DELETE FROM journal WHERE seq = 8`)
	f("the end is cut off", "entries after 4 are missing", `DELETE FROM journal WHERE seq > 4`)
	f("the last checked is another", "entry 6 is not the one that was checked before", `UPDATE journal SET hash = 'x' WHERE seq = 6`)
	// What lies further back is found by the daily check.
	c := newChecked(t)
	c.add(6)
	c.check(0, store.WholeCheck)
	c.tamper(`UPDATE journal SET actor = 'eve' WHERE seq = 2`)
	if got := c.check(checkEvery, store.NewEntriesCheck); got.Fault != "" {
		t.Errorf("%+v", got)
	}
	if got := c.check(wholeEvery, store.WholeCheck); !strings.Contains(got.Fault, "entry 2 was altered") {
		t.Errorf("%+v", got)
	}
	found := c.now
	if got := c.check(checkEvery, store.NewEntriesCheck); !strings.Contains(got.Fault, "entry 2 was altered") || !got.FaultAt.Equal(found) {
		t.Errorf("a fault is forgotten: %+v", got)
	}
}
