package store

import (
	"context"
	"time"
)

// incremental is how a SQLite file must have been created for its space to be given back.
// Files of older versions were not; docs/sizes.md says what makes them so.
const incremental = 2

// giveSpaceBack makes SQLite's file smaller by the pages that nothing uses any more, some
// at a time. PostgreSQL does so by itself.
func (s *Store) giveSpaceBack(ctx context.Context) error {
	if s.dialect != SQLite {
		return nil
	}
	if kind, err := s.pragma(ctx, "auto_vacuum"); err != nil || kind != incremental {
		return wrap(err, "ask how the file was created")
	}
	for {
		began := time.Now()
		free, err := s.pragma(ctx, "freelist_count")
		if err != nil || free == 0 {
			return wrap(err, "count the free pages")
		}
		if err := s.vacuumSome(ctx); err != nil {
			return wrap(err, "give space back")
		}
		if left, err := s.pragma(ctx, "freelist_count"); err != nil || left >= free {
			return wrap(err, "count the free pages")
		}
		if err := rest(ctx, began); err != nil {
			return err
		}
	}
}

// vacuumSome gives 500 pages back, which are 2 MiB. It reads the statement's rows to the end, because SQLite frees a page with each.
func (s *Store) vacuumSome(ctx context.Context) error {
	rows, err := s.write.QueryContext(ctx, `PRAGMA incremental_vacuum(500)`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}

// pragma is a number that SQLite says of the file.
func (s *Store) pragma(ctx context.Context, name string) (n int64, err error) {
	err = s.read.QueryRowContext(ctx, `SELECT * FROM pragma_`+name).Scan(&n)
	return n, err
}
