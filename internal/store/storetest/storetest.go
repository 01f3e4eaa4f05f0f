// Package storetest gives each test a SQLite database of its own without creating its tables each time.
// Under the race detector the migrations take most of a second, longer than most tests; a copy of what
// they made takes none.
package storetest

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

var empty = struct {
	sync.Mutex
	content []byte
}{}

// Open returns a store of empty tables, which is closed at the end of the test. open is store.Open: the store's
// own tests could not import a package that imports the store.
func Open[S io.Closer](tb testing.TB, open func(context.Context, string) (S, error)) S {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "pushback.db")
	Create(tb, path, open)
	s, err := open(tb.Context(), "sqlite:"+path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Errorf("close: %v", err)
		}
	})
	return s
}

// Create writes a closed database with empty tables to path.
func Create[S io.Closer](tb testing.TB, path string, open func(context.Context, string) (S, error)) {
	tb.Helper()
	empty.Lock()
	defer empty.Unlock()
	if empty.content == nil {
		empty.content = migrated(tb, open)
	}
	if err := os.WriteFile(path, empty.content, 0o600); err != nil {
		tb.Fatal(err)
	}
}

func migrated[S io.Closer](tb testing.TB, open func(context.Context, string) (S, error)) []byte {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "empty.db")
	s, err := open(context.Background(), "sqlite:"+path)
	if err == nil {
		err = s.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		tb.Fatal(err)
	}
	return content
}
