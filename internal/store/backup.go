package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// ErrNotSQLite is wrapped by the errors of what works on SQLite's files alone.
var ErrNotSQLite = errors.New("the database is PostgreSQL's")

// Backup writes the SQLite database at url into the file to, as it is at one moment, and checks
// the copy. A daemon may use the database meanwhile, and waits for nothing. The file has mode
// 0600, and its name once it is whole and checked; without force it replaces no other.
//
// See adr/0110.
func Backup(ctx context.Context, url, to string, force bool, progress Progress) (i Inventory, err error) {
	path, err := filePath(url)
	if err != nil {
		return i, err
	}
	if err := refuseUnfinished(path); err != nil {
		return i, err
	}
	if _, err := os.Stat(path); err != nil {
		return i, fmt.Errorf("there is no database to back up: %w", err)
	}
	err = writeWhole(to, force, func(partial string) error {
		if err := copySQLite(ctx, path, partial, progress); err != nil {
			return err
		}
		if i, err = inspect(ctx, partial, progress); err != nil {
			return fmt.Errorf("the copy was not kept, because the database %s was not copied well: %w", path, err)
		}
		return nil
	})
	return i, err
}

// filePath is the file of a store's URL.
func filePath(url string) (string, error) {
	path, ok := strings.CutPrefix(url, "sqlite:")
	if !ok {
		return "", ErrNotSQLite
	}
	return path, nil
}
