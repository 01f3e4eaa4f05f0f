package store

import (
	"context"
	"math"
	"slices"
	"time"
)

// JournalFilter selects entries of the journal. A zero field selects all.
type JournalFilter struct {
	Actor, Action string
	ChangeKey     string // exact
	Service       string // entries about changes of this service
	From, To      time.Time
	Before        int64 // Seq before this: the page after one that ended there
	Limit         int   // 0: 50
}

// FoundEntry is an entry with the change that it is about, as far as that is still stored.
type FoundEntry struct {
	Entry
	Service, Environment, Version string
}

// FindJournal lists entries, newest first. A time is that of the entry where a clock never went back: the
// range is whole from its first entry to its last, as that of an export is.
func (s *Store) FindJournal(ctx context.Context, f JournalFilter) ([]FoundEntry, error) {
	first, last, err := s.journalRange(ctx, f)
	if err != nil {
		return nil, wrap(err, "find the journal's entries")
	}
	// The entries are found by their numbers alone, and only those of the page are read: most have details.
	var c conditions
	c.add("seq >= ", first)
	c.add("seq <= ", last)
	c.addUnlessEmpty("actor = ", f.Actor)
	c.addUnlessEmpty("action = ", f.Action)
	c.addUnlessEmpty("change_key = ", f.ChangeKey)
	if f.Service != "" {
		c.all = append(c.all, `change_key IN (SELECT key FROM changes WHERE service = `+c.mark(f.Service)+`)`)
	}
	numbers := `SELECT seq FROM journal ` + c.where() + ` ORDER BY seq DESC LIMIT ` + c.mark(limitOr(f.Limit))
	found, err := collect(ctx, s.read, scanFound, selectFound+`WHERE journal.seq IN (`+numbers+`) ORDER BY journal.seq DESC`, c.args...)
	return found, wrap(err, "read the journal")
}

const selectFound = `
	SELECT journal.seq, journal.at, change_key, actor, action, detail, packed, hash,
		COALESCE((SELECT hash FROM journal before WHERE before.seq = journal.seq - 1),
			(SELECT hash FROM journal_checkpoints WHERE through = journal.seq - 1), ''),
		COALESCE(changes.service, ''), COALESCE(changes.environment, ''), COALESCE(changes.version, '')
	FROM journal LEFT JOIN changes ON changes.key = journal.change_key `

// withMore scans the columns of an entry, and some more.
type withMore struct {
	row
	more []any
}

func (w withMore) Scan(dest ...any) error { return w.row.Scan(append(dest, w.more...)...) }

func scanFound(r row) (f FoundEntry, err error) {
	f.Entry, err = scanEntry(withMore{r, []any{&f.Service, &f.Environment, &f.Version}})
	return f, err
}

// journalRange is the numbers of the first and the last entry between the times of a filter.
func (s *Store) journalRange(ctx context.Context, f JournalFilter) (first, last int64, err error) {
	first, last = 0, math.MaxInt64
	if f.Before > 0 {
		last = f.Before - 1
	}
	if !f.From.IsZero() {
		if first, err = s.edge(ctx, math.MaxInt64, `SELECT seq FROM journal WHERE at >= $1 ORDER BY at, seq LIMIT 1`, f.From); err != nil {
			return 0, 0, err
		}
	}
	if !f.To.IsZero() {
		to, err := s.edge(ctx, 0, `SELECT seq FROM journal WHERE at < $1 ORDER BY at DESC, seq DESC LIMIT 1`, f.To)
		if err != nil {
			return 0, 0, err
		}
		last = min(last, to)
	}
	return first, last, nil
}

// edge is the number of the entry that a query finds at a time, and none where it finds nothing.
func (s *Store) edge(ctx context.Context, none int64, query string, at time.Time) (int64, error) {
	found, err := collect(ctx, s.read, func(r row) (n int64, err error) { return n, r.Scan(&n) }, query, micros(at))
	if err != nil || len(found) == 0 {
		return none, err
	}
	return found[0], nil
}

// AuditRange calls each with every entry from first to last by number, oldest first, without blocking writers.
// It leaves out those that are deleted, or will be in a moment. An error of each ends the walk and is returned.
func (s *Store) AuditRange(ctx context.Context, first, last int64, each func(Entry) error) error {
	for next := first; next <= last; {
		page, err := collect(ctx, s.read, scanEntry, selectEntry+`WHERE seq >= $1 AND seq <= $2 AND seq > `+lastCheckpoint+` ORDER BY seq LIMIT $3`, next, last, auditPage)
		if err != nil {
			return wrap(err, "read the journal")
		}
		if len(page) == 0 {
			return nil // the rest was deleted: whoever checks the chain finds that
		}
		for _, e := range page {
			if err := each(e); err != nil {
				return err
			}
		}
		next = page[len(page)-1].Seq + 1
	}
	return nil
}

// JournalEnds are the numbers of the first entry that is not deleted and of the last; last is 0 for an empty journal.
func (s *Store) JournalEnds(ctx context.Context) (first, last int64, err error) {
	first, last, err = s.auditRange(ctx, time.Time{}, time.Time{})
	return first, last, wrap(err, "find the ends of the journal")
}

// The kinds of checks of the journal's chain.
const (
	NewEntriesCheck = "new"
	WholeCheck      = "whole"
)

// JournalCheck is what a check of the journal's chain came to.
type JournalCheck struct {
	Kind    string    // NewEntriesCheck or WholeCheck
	At      time.Time // when it ended
	Replica string    // which did it
	First   int64     // the first entry that it read; of new entries: that the checks one after another have read
	Through int64     // the last one
	Hash    string    // of that
	Fault   string    // "" where the chain is whole
	FaultAt time.Time // when the fault was found first
}

// JournalChecks returns the newest check of each kind there was.
func (s *Store) JournalChecks(ctx context.Context) (map[string]JournalCheck, error) {
	scan := func(r row) (c JournalCheck, err error) {
		var at, fault int64
		err = r.Scan(&c.Kind, &at, &c.Replica, &c.First, &c.Through, &c.Hash, &c.Fault, &fault)
		c.At, c.FaultAt = fromMicros(at), fromMicros(fault)
		return c, err
	}
	found, err := collect(ctx, s.read, scan, `SELECT kind, at, replica, first, through, hash, fault, fault_at FROM journal_checks`)
	all := map[string]JournalCheck{}
	for _, c := range found {
		all[c.Kind] = c
	}
	return all, wrap(err, "read the checks of the journal")
}

// PutJournalCheck stores a check in place of the last one of its kind.
func (s *Store) PutJournalCheck(ctx context.Context, c JournalCheck) error {
	_, err := s.write.ExecContext(ctx, `
		INSERT INTO journal_checks (kind, at, replica, first, through, hash, fault, fault_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (kind) DO UPDATE SET at = excluded.at, replica = excluded.replica, first = excluded.first, through = excluded.through,
			hash = excluded.hash, fault = excluded.fault, fault_at = excluded.fault_at`,
		c.Kind, micros(c.At), c.Replica, c.First, c.Through, c.Hash, c.Fault, micros(c.FaultAt))
	return wrap(err, "store the check of the journal")
}

// maxSteps bounds how many entries OrderSteps reads.
const maxSteps = 1000

// OrderSteps lists what the journal says of the orders of these changes: the states that they entered, and what the
// guards said; oldest first, by the change's key.
func (s *Store) OrderSteps(ctx context.Context, keys []string) (map[string][]Entry, error) {
	steps := map[string][]Entry{}
	if len(keys) == 0 {
		return steps, nil
	}
	marks, args := oneOf(keys)
	found, err := collect(ctx, s.read, scanEntry, selectEntry+`WHERE change_key IN `+marks+` AND action IN ('order', 'permit') ORDER BY seq DESC LIMIT `+
		placeholders(len(args)+1, 1), append(args, maxSteps)...)
	for _, e := range slices.Backward(found) {
		steps[e.ChangeKey] = append(steps[e.ChangeKey], e)
	}
	return steps, wrap(err, "read the steps of orders")
}
