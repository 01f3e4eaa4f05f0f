package store

import (
	"cmp"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Entry is one decision, as it was made. The journal is only added to: the
// database refuses anything else, and each entry's hash covers the one before,
// so that what was taken out or altered all the same is seen.
type Entry struct {
	Seq       int64 // set by the store; grows over all changes, without gaps
	At        time.Time
	ChangeKey string // "" for what belongs to no change: a hold, a reload
	Actor     string
	Action    string
	Detail    json.RawMessage // nil for none
	Prev      string          // the hash of the entry before; "" at the beginning of the chain
	Hash      string          // set by the store; "" where the entry is older than the chain
}

// Sum is what an entry's Hash must be: SHA-256 over its fields and the hash of
// the entry before, each with its length in front, in hexadecimal.
func (e Entry) Sum() string {
	h := sha256.New()
	for _, field := range []string{
		e.Prev, strconv.FormatInt(e.Seq, 10), strconv.FormatInt(micros(e.At), 10),
		e.ChangeKey, e.Actor, e.Action, string(e.Detail),
	} {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(field)))
		h.Write(n[:])
		h.Write([]byte(field))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Append adds an entry.
func (s *Store) Append(ctx context.Context, e Entry) error {
	err := s.transact(ctx, func(tx *sql.Tx) error { return appendEntries(ctx, tx, e) })
	return failed(err, "append %s to the journal", e.Action)
}

// appendEntries must come last in its transaction: the journal's counter is
// the one row every transaction wants.
func appendEntries(ctx context.Context, tx executor, entries ...Entry) (err error) {
	for _, e := range entries {
		if e.Seq, err = count(ctx, tx, "journal"); err != nil {
			return failed(err, "number journal entry")
		}
		if err := e.link(ctx, tx); err != nil {
			return failed(err, "chain journal entry")
		}
		_, err = tx.ExecContext(ctx, `
			INSERT INTO journal (seq, at, change_key, actor, action, detail, hash) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			e.Seq, micros(e.At), e.ChangeKey, e.Actor, e.Action, string(e.Detail), e.Hash)
		if err != nil {
			return failed(err, "save journal entry")
		}
	}
	return nil
}

// link brings the detail into the one form that survives being written as JSON
// and read again, and sets the hashes. The counter is held, so nobody else adds.
func (e *Entry) link(ctx context.Context, tx executor) (err error) {
	if e.Detail != nil {
		if e.Detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("detail of %s: %w", e.Action, err)
		}
	}
	err = tx.QueryRowContext(ctx, `SELECT hash FROM journal WHERE seq = $1`, e.Seq-1).Scan(&e.Prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e.Hash = e.Sum()
	return nil
}

// count gives the next number of a counter, from 1. Its row is held until tx
// ends, so that numbers have no gaps and entries appear in their order.
func count(ctx context.Context, tx executor, counter string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, counter).Scan(&n)
	return n, err
}

const selectEntry = `
	SELECT seq, at, change_key, actor, action, detail, hash,
		COALESCE((SELECT hash FROM journal before WHERE before.seq = journal.seq - 1), '')
	FROM journal `

// Journal lists the entries of a change, oldest first; of key "", those that
// belong to no change.
func (s *Store) Journal(ctx context.Context, changeKey string) ([]Entry, error) {
	es, err := collect(ctx, s.read, scanEntry, selectEntry+`WHERE change_key = $1 ORDER BY seq`, changeKey)
	return es, failed(err, "read journal of change %s", changeKey)
}

// auditPage is how many entries are held in memory at once while the journal
// is walked through, and how long a reader can hold up the database's upkeep.
const auditPage = 500

// Audit hands every entry from one moment to before another to each, oldest
// first and without holding the journal up; a zero moment is no bound. The
// entries are those from the first to the last in that time, none left out, so
// that the chain can be followed even where a clock went back. An error of
// each ends the walk.
func (s *Store) Audit(ctx context.Context, from, to time.Time, each func(Entry) error) error {
	first, last, err := s.auditRange(ctx, from, to)
	if err != nil {
		return failed(err, "find the journal's entries")
	}
	for next := first; next <= last; {
		page, err := collect(ctx, s.read, scanEntry, selectEntry+`WHERE seq >= $1 AND seq <= $2 ORDER BY seq LIMIT $3`, next, last, auditPage)
		if err != nil {
			return failed(err, "read the journal")
		}
		if len(page) == 0 {
			return nil // the rest was taken out: what follows the chain sees it
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

func (s *Store) auditRange(ctx context.Context, from, to time.Time) (first, last int64, err error) {
	err = s.read.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM journal
		WHERE at >= $1 AND (CAST($2 AS BIGINT) = 0 OR at < $2)`, micros(from), micros(to)).Scan(&first, &last)
	return first, last, err
}

func scanEntry(r row) (Entry, error) {
	var e Entry
	var at int64
	var detail string
	if err := r.Scan(&e.Seq, &at, &e.ChangeKey, &e.Actor, &e.Action, &detail, &e.Hash, &e.Prev); err != nil {
		return Entry{}, err
	}
	e.At = fromMicros(at)
	if detail != "" {
		e.Detail = json.RawMessage(detail)
	}
	return e, nil
}

// moved is the entry of an order's move. Every statement that moves one
// appends it in the same transaction: no state without its record.
func moved(key, actor string, at time.Time, detail map[string]any) (Entry, error) {
	for name, value := range detail {
		if value == "" {
			delete(detail, name)
		}
	}
	b, err := json.Marshal(detail)
	return Entry{At: at, ChangeKey: key, Actor: cmp.Or(actor, ourselves), Action: "order", Detail: b}, err
}

// ourselves is the actor of what no person and no rule did.
const ourselves = "pushback"
