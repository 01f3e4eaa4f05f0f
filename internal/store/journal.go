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
	"math"
	"strconv"
	"time"

	"github.com/pushback/pushback/internal/delta"
	"github.com/pushback/pushback/internal/secret"
)

// Entry is one decision in the journal. Entries are only ever added, and the oldest
// deleted when their time is over: the database refuses updates and all other deletions,
// and each entry's hash covers the hash of the entry before, so that a removed or altered
// entry is found all the same.
type Entry struct {
	Seq       int64 // set by the store: one sequence over all changes, without gaps
	At        time.Time
	ChangeKey string // "" for an entry about no change, such as a hold or a reload
	Actor     string
	Action    string
	Detail    json.RawMessage // nil for none
	Prev      string          // the hash of the entry before; "" for the first one
	Hash      string          // set by the store; "" for entries written before entries were hashed
}

// Sum computes what the entry's Hash must be: SHA-256 over its fields and the hash of
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
	return wrap(err, "append %s to the journal", e.Action)
}

// appendEntries must come last in its transaction, because it locks the
// journal's counter, which every transaction with an entry needs.
func appendEntries(ctx context.Context, tx executor, entries ...Entry) (err error) {
	for _, e := range entries {
		if e.Detail != nil {
			e.Detail = json.RawMessage(secret.BlotLinks(string(e.Detail)))
		}
		if e.Seq, err = nextNumber(ctx, tx, "journal"); err != nil {
			return wrap(err, "number journal entry")
		}
		if err := e.link(ctx, tx); err != nil {
			return wrap(err, "chain journal entry")
		}
		detail, packed := packDetail(e.Detail)
		_, err = tx.ExecContext(ctx, `
			INSERT INTO journal (seq, at, change_key, actor, action, detail, packed, hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			e.Seq, micros(e.At), e.ChangeKey, e.Actor, e.Action, detail, packed, e.Hash)
		if err != nil {
			return wrap(err, "save journal entry")
		}
	}
	return nil
}

// link sets the hashes of an entry, and compacts its detail to the form in which
// it is read back. The counter is locked, so that no other transaction adds an
// entry in between.
func (e *Entry) link(ctx context.Context, tx executor) (err error) {
	if e.Detail != nil {
		if e.Detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("encode the detail of %s: %w", e.Action, err)
		}
	}
	err = tx.QueryRowContext(ctx, `SELECT hash FROM journal WHERE seq = $1`, e.Seq-1).Scan(&e.Prev)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	e.Hash = e.Sum()
	return nil
}

// nextNumber raises a counter and returns its new value, from 1. The counter's
// row stays locked until tx ends, so that the numbers have no gaps and rows become
// visible in their order.
func nextNumber(ctx context.Context, tx executor, counter string) (n int64, err error) {
	err = tx.QueryRowContext(ctx, `
		INSERT INTO counters (name, value) VALUES ($1, 1)
		ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value`, counter).Scan(&n)
	return n, err
}

const selectEntry = `
	SELECT seq, at, change_key, actor, action, detail, packed, hash,
		COALESCE((SELECT hash FROM journal before WHERE before.seq = journal.seq - 1),
			(SELECT hash FROM journal_checkpoints WHERE through = journal.seq - 1), '')
	FROM journal `

// Journal lists the entries of a change, oldest first. The key "" lists the
// entries about no change.
func (s *Store) Journal(ctx context.Context, changeKey string) ([]Entry, error) {
	es, err := collect(ctx, s.read, scanEntry, selectEntry+`WHERE change_key = $1 ORDER BY seq`, changeKey)
	return es, wrap(err, "read journal of change %s", changeKey)
}

// auditPage is how many entries Audit reads at once. It bounds the memory used,
// and the time for which one read keeps SQLite from truncating its log.
const auditPage = 500

// Audit calls each with every entry between from and before to, oldest first,
// without blocking writers. A zero time is no bound. It leaves out no entry between
// the first and the last of that period, so that the chain of hashes can be
// checked even where a clock went back. An error of each ends the walk and is
// returned.
func (s *Store) Audit(ctx context.Context, from, to time.Time, each func(Entry) error) error {
	first, last, err := s.auditRange(ctx, from, to)
	if err != nil {
		return wrap(err, "find the journal's entries")
	}
	return s.AuditRange(ctx, first, last, each)
}

// lastCheckpoint is up to where the journal is deleted. Entries up to there that are not
// deleted yet are left out: the entry before may be gone, whose hash theirs cover.
const lastCheckpoint = `(SELECT COALESCE(MAX(through), 0) FROM journal_checkpoints)`

func (s *Store) auditRange(ctx context.Context, from, to time.Time) (first, last int64, err error) {
	if from.IsZero() && to.IsZero() {
		err = s.read.QueryRowContext(ctx, `SELECT COALESCE((SELECT MIN(seq) FROM journal WHERE seq > `+lastCheckpoint+`), 1),
			COALESCE((SELECT MAX(seq) FROM journal), 0)`).Scan(&first, &last)
		return first, last, err
	}
	until := int64(math.MaxInt64)
	if !to.IsZero() {
		until = micros(to)
	}
	err = s.read.QueryRowContext(ctx, `
		SELECT COALESCE(MIN(seq), 1), COALESCE(MAX(seq), 0) FROM journal
		WHERE at >= $1 AND at < $2 AND seq > `+lastCheckpoint, micros(from), until).Scan(&first, &last)
	return first, last, err
}

func scanEntry(r row) (Entry, error) {
	var e Entry
	var at int64
	var detail string
	var packed []byte
	if err := r.Scan(&e.Seq, &at, &e.ChangeKey, &e.Actor, &e.Action, &detail, &packed, &e.Hash, &e.Prev); err != nil {
		return Entry{}, err
	}
	e.At, e.Detail = fromMicros(at), unpackDetail(detail, packed)
	return e, nil
}

// longDetail is the size in bytes from which on a detail is stored packed.
const longDetail = 256

// packDetail returns a detail as it is stored: as text if it is short, and packed otherwise.
func packDetail(detail json.RawMessage) (text string, packed []byte) {
	if len(detail) < longDetail {
		return string(detail), nil
	}
	return "", delta.Pack(detail)
}

// unpackDetail returns the detail that is stored as text or packed. A damaged one is
// replaced by words: whoever checks the entry's hash finds that it was altered, and the
// other entries can be read.
func unpackDetail(text string, packed []byte) json.RawMessage {
	if packed != nil {
		detail, err := delta.Unpack(packed)
		if err != nil {
			return json.RawMessage(`{"unreadable":"the stored detail is damaged"}`)
		}
		return detail
	}
	if text == "" {
		return nil
	}
	return json.RawMessage(text)
}

// moveEntry returns the journal entry of an order's move. Whatever moves an
// order appends it in the same transaction, so that no state lacks its entry.
func moveEntry(key, actor string, at time.Time, detail map[string]any) (Entry, error) {
	for name, value := range detail {
		if value == "" {
			delete(detail, name)
		}
	}
	b, err := json.Marshal(detail)
	return Entry{At: at, ChangeKey: key, Actor: cmp.Or(actor, systemActor), Action: "order", Detail: b}, err
}

// systemActor is the actor of what neither a person nor a rule did.
const systemActor = "pushback"
