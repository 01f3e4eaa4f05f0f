package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// OpenReadOnly opens the store at url to read it while another process uses it:
// it takes no lock and migrates nothing, and nothing can be written. Accept must not be
// called.
func OpenReadOnly(ctx context.Context, url string) (*Store, error) {
	s, err := openReadOnly(ctx, url)
	if err == nil {
		if err = s.checkSchema(ctx); err != nil {
			err = errors.Join(err, s.closeDatabase())
		}
	}
	if err != nil {
		return nil, hidePassword(fmt.Errorf("open store to read: %w", err), url)
	}
	s.closing, s.drained = make(chan struct{}), make(chan struct{})
	close(s.drained)
	return s, nil
}

func openReadOnly(ctx context.Context, url string) (*Store, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return openPostgres(ctx, url, refuseWrites)
	}
	if err := refuseUnfinished(path); err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); err != nil {
		return nil, err
	}
	// mode=rw and not ro, because a reader of a write-ahead log may have to create
	// the log's index file.
	db, err := connectSQLite(path, "&mode=rw&_pragma=query_only(1)", readers)
	if err != nil {
		return nil, err
	}
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(explain(err, path), db.Close())
	}
	return &Store{dialect: SQLite, write: db, read: db, reserved: db, release: func() error { return nil }}, nil
}
