package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"
)

// Size is what one kind of things takes, with its indexes.
type Size struct {
	Kind   string
	Bytes  int64
	PerDay int64 // growth; 0 while there is only one measurement
}

// Next is what the next night is about to delete.
type Next struct {
	Changes, Entries int64
}

// Sizes is how large the database is.
type Sizes struct {
	Bytes      int64     // now: SQLite's file, or the PostgreSQL database
	Free       int64     // of these, what SQLite uses again first
	Shrinks    bool      // whether free space is given back
	MeasuredAt time.Time // when the kinds were measured; zero: not yet
	PerDay     int64     // growth of all kinds
	Kinds      []Size    // the largest first
	Next       Next
}

// kindOf is the kind of things that a table holds, for people.
var kindOf = map[string]string{
	"changes": "changes", "names": "changes", "slots": "changes",
	"watches": "watches", "outcomes": "watches",
	"records": "looks",
	"events":  "events",
	"orders":  "orders and messages", "outgoing": "orders and messages", "reports": "orders and messages", "protections": "orders and messages",
	"journal": "journal", "journal_checkpoints": "journal", "journal_checks": "journal",
	"profiles": "profiles", "profile_names": "profiles",
}

// Kinds of measurements that are no sizes.
const (
	otherKind   = "everything else"
	nextChanges = "next: changes"
	nextEntries = "next: entries"
)

// MeasureSizes measures what every kind of things takes, and what would be deleted at the
// given ages, and stores it at now. Measurements of three months before are deleted. On
// SQLite it reads the head of every page, so that it is for the night.
func (s *Store) MeasureSizes(ctx context.Context, now time.Time, ages Ages) error {
	measured, err := s.measure(ctx)
	if err != nil {
		return wrap(err, "measure the tables")
	}
	if measured[nextChanges], measured[nextEntries], err = s.countNext(ctx, ages); err != nil {
		return wrap(err, "count what is deleted next")
	}
	err = s.transact(ctx, func(tx *sql.Tx) error {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sizes WHERE at < $1`, micros(now.Add(-sizesKept))); err != nil {
			return err
		}
		for kind, bytes := range measured {
			_, err := tx.ExecContext(ctx, `INSERT INTO sizes (at, kind, bytes) VALUES ($1, $2, $3)
				ON CONFLICT (at, kind) DO UPDATE SET bytes = excluded.bytes`, micros(now), kind, bytes)
			if err != nil {
				return err
			}
		}
		return nil
	})
	return wrap(err, "store the sizes of the tables")
}

// measure is what the tables take, by kind.
func (s *Store) measure(ctx context.Context) (map[string]int64, error) {
	query := `SELECT tbl_name, SUM(pgsize) FROM dbstat JOIN sqlite_master ON sqlite_master.name = dbstat.name
		WHERE dbstat.aggregate = TRUE GROUP BY tbl_name`
	if s.dialect == Postgres {
		query = `SELECT relname, pg_total_relation_size(oid) FROM pg_class WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace`
	}
	scan := func(r row) (t Size, err error) {
		err = r.Scan(&t.Kind, &t.Bytes)
		return t, err
	}
	tables, err := collect(ctx, s.read, scan, query)
	kinds := map[string]int64{}
	for _, t := range tables {
		kinds[cmp.Or(kindOf[t.Kind], otherKind)] += t.Bytes
	}
	return kinds, err
}

// countNext counts what would be deleted at the given ages.
func (s *Store) countNext(ctx context.Context, ages Ages) (changes, entries int64, err error) {
	before, err := s.beforeOpenWatches(ctx, ages.Before)
	if err != nil {
		return 0, 0, err
	}
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM changes WHERE `+oldChange, micros(before)).Scan(&changes)
	if err != nil {
		return 0, 0, err
	}
	err = s.read.QueryRowContext(ctx, `SELECT COUNT(*) FROM journal WHERE at < $1`, micros(ages.JournalBefore)).Scan(&entries)
	return changes, entries, err
}

// Growth is measured over a week at most, and over most of a day at least: an hour says
// little of a day. Measurements are kept for longer, for whoever wants to plot them.
const (
	growthOver  = 8 * 24 * time.Hour
	growthLeast = 20 * time.Hour
	sizesKept   = 90 * 24 * time.Hour
)

// Sizes returns how large the database is now, and what its tables took when that was
// measured last. It reads a few rows, however large the database is.
func (s *Store) Sizes(ctx context.Context) (z Sizes, err error) {
	if z.Bytes, z.Free, z.Shrinks, err = s.total(ctx); err != nil {
		return z, wrap(err, "measure the database")
	}
	var last, first int64
	err = s.read.QueryRowContext(ctx, `SELECT COALESCE(MAX(at), 0) FROM sizes`).Scan(&last)
	if err != nil || last == 0 {
		return z, wrap(err, "read the sizes of the tables")
	}
	z.MeasuredAt = fromMicros(last)
	err = s.read.QueryRowContext(ctx, `SELECT MIN(at) FROM sizes WHERE at >= $1`, micros(z.MeasuredAt.Add(-growthOver))).Scan(&first)
	if err != nil {
		return z, wrap(err, "read the sizes of the tables")
	}
	before, err := s.sizesAt(ctx, first)
	if err != nil {
		return z, err
	}
	now, err := s.sizesAt(ctx, last)
	z.add(before, now, float64(last-first)/float64((24*time.Hour).Microseconds()))
	return z, err
}

// total is how large the database is, and how much of that is free.
func (s *Store) total(ctx context.Context) (bytes, free int64, shrinks bool, err error) {
	if s.dialect == Postgres {
		err = s.read.QueryRowContext(ctx, `SELECT pg_database_size(current_database())`).Scan(&bytes)
		return bytes, 0, true, err
	}
	var kind int64
	err = s.read.QueryRowContext(ctx, `SELECT page_count * page_size, freelist_count * page_size, auto_vacuum
		FROM pragma_page_count, pragma_page_size, pragma_freelist_count, pragma_auto_vacuum`).Scan(&bytes, &free, &kind)
	return bytes, free, kind == incremental, err
}

func (s *Store) sizesAt(ctx context.Context, at int64) (map[string]int64, error) {
	kinds := map[string]int64{}
	note := func(r row) error {
		var kind string
		var bytes int64
		err := r.Scan(&kind, &bytes)
		kinds[kind] = bytes
		return err
	}
	err := eachRow(ctx, s.read, note, `SELECT kind, bytes FROM sizes WHERE at = $1`, at)
	return kinds, wrap(err, "read the sizes of the tables")
}

// add adds the kinds of a measurement, and their growth since another one some days before.
func (z *Sizes) add(before, now map[string]int64, days float64) {
	z.Next = Next{Changes: now[nextChanges], Entries: now[nextEntries]}
	delete(now, nextChanges)
	delete(now, nextEntries)
	for kind, bytes := range now {
		size := Size{Kind: kind, Bytes: bytes}
		if days >= growthLeast.Hours()/24 {
			size.PerDay = int64(float64(bytes-before[kind]) / days)
		}
		z.PerDay += size.PerDay
		z.Kinds = append(z.Kinds, size)
	}
	slices.SortFunc(z.Kinds, func(a, b Size) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Kind, b.Kind)) })
}
