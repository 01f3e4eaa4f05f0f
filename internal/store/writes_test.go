package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/internal/store/storetest"
)

// writer runs transactions and keeps which ran, in order, and in which commit.
type writer struct {
	*Store
	mu      sync.Mutex
	ran     []string
	commits map[*sql.Tx]int
}

func newWriter(t *testing.T) *writer {
	w := &writer{Store: storetest.Open(t, Open), commits: map[*sql.Tx]int{}}
	if _, err := w.write.ExecContext(t.Context(), `CREATE TABLE written (name TEXT PRIMARY KEY)`); err != nil {
		t.Fatal(err)
	}
	return w
}

// insert writes a row in a transaction that then returns failure.
func (w *writer) insert(ctx context.Context, name string, urgent bool, failure error) error {
	return w.writes.run(ctx, w.write, urgent, func(tx *sql.Tx) error {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.ran, w.commits[tx] = append(w.ran, name), w.commits[tx]+1
		_, err := tx.ExecContext(ctx, `INSERT INTO written (name) VALUES ($1)`, name)
		return errors.Join(err, failure)
	})
}

// written are the rows on disk.
func (w *writer) written(t *testing.T) []string {
	t.Helper()
	names, err := collect(t.Context(), w.read, scanText, `SELECT name FROM written ORDER BY name`)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// while runs do during a transaction that waits for it, and returns what became of that
// transaction.
func (w *writer) while(t *testing.T, do func()) error {
	began, end, ended := make(chan struct{}), make(chan struct{}), make(chan error)
	go func() {
		ended <- w.transact(t.Context(), func(*sql.Tx) error {
			close(began)
			<-end
			return nil
		})
	}()
	<-began
	do()
	close(end)
	return <-ended
}

// queued waits until so many transactions wait.
func (w *writer) queued(t *testing.T, n int) {
	for t.Context().Err() == nil {
		w.writes.mu.Lock()
		waiting := len(w.writes.urgent) + len(w.writes.waiting)
		w.writes.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// What waits is committed together; what fails undoes nothing else.
func TestWritesThatWaitShareACommit(t *testing.T) {
	w := newWriter(t)
	failure := errors.New("refused")
	var g errgroup.Group
	err := w.while(t, func() {
		for i := range 40 {
			g.Go(func() error {
				if i%10 != 3 {
					return w.insert(t.Context(), fmt.Sprintf("%02d", i), false, nil)
				}
				if err := w.insert(t.Context(), fmt.Sprintf("%02d", i), false, failure); !errors.Is(err, failure) {
					return fmt.Errorf("transaction %d: %w", i, err)
				}
				return nil
			})
		}
		w.queued(t, 40)
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		t.Error(err)
	}
	if got := w.written(t); len(got) != 36 || slices.Contains(got, "13") || len(w.commits) != 1 {
		t.Errorf("%d rows in %d commits: %v", len(got), len(w.commits), got)
	}
}

// No more than maxWrites share a commit, and intake waits for no look.
func TestUrgentWritesComeFirst(t *testing.T) {
	w := newWriter(t)
	var g errgroup.Group
	err := w.while(t, func() {
		for i := range 2 * maxWrites {
			g.Go(func() error { return w.insert(t.Context(), fmt.Sprintf("look %03d", i), false, nil) })
		}
		w.queued(t, 2*maxWrites)
		g.Go(func() error { return w.insert(t.Context(), "intake", true, nil) })
		w.queued(t, 2*maxWrites+1)
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		t.Error(err)
	}
	if w.ran[0] != "intake" || len(w.written(t)) != 2*maxWrites+1 {
		t.Errorf("%q ran first, %d rows", w.ran[0], len(w.written(t)))
	}
	for _, n := range w.commits {
		if n > maxWrites {
			t.Errorf("%d transactions in one commit", n)
		}
	}
}

// A caller that gives up while its transaction waits gets an error at once, and the
// transaction is not run.
func TestAWriteThatIsWithdrawn(t *testing.T) {
	w := newWriter(t)
	ctx, cancel := context.WithCancel(t.Context())
	err := w.while(t, func() {
		gone := make(chan error)
		go func() { gone <- w.insert(ctx, "withdrawn", false, nil) }()
		w.queued(t, 1)
		cancel()
		if err := <-gone; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	})
	if err := errors.Join(err, w.insert(t.Context(), "next", false, nil)); err != nil {
		t.Error(err)
	}
	if got := w.written(t); !slices.Equal(got, []string{"next"}) || len(w.ran) != 1 {
		t.Errorf("%v, ran %v", got, w.ran)
	}
}

// If the commit itself fails, every transaction in it has failed.
func TestACommitThatFails(t *testing.T) {
	w := newWriter(t)
	lost := func(tx *sql.Tx) error { return tx.Rollback() } // as SQLite does where the disk is full
	var g errgroup.Group
	err := w.while(t, func() {
		g.Go(func() error {
			if w.insert(t.Context(), "before", true, nil) == nil {
				return errors.New("a write whose commit failed was confirmed")
			}
			return nil
		})
		w.queued(t, 1)
		g.Go(func() error {
			if w.writes.run(t.Context(), w.write, false, lost) == nil {
				return errors.New("a lost transaction was confirmed")
			}
			return nil
		})
		w.queued(t, 2)
	})
	if wrong := g.Wait(); wrong != nil || err == nil {
		t.Errorf("%v; the first transaction of the commit: %v", wrong, err)
	}
	if got := w.written(t); len(got) != 0 {
		t.Errorf("%v is on disk", got)
	}
	if err := w.insert(t.Context(), "after", false, nil); err != nil {
		t.Error(err)
	}
}
