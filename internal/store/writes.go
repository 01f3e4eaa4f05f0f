package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// writeQueue commits the transactions that wait for SQLite's one writing connection
// together: each in a savepoint of its own, all with one fsync. A caller returns when its
// transaction is on disk, and its failure undoes no other. Without this, a thousand looks
// that are due together would keep intake waiting for a thousand fsyncs.
//
// It has no goroutine: a caller that finds nobody at work commits for all who wait by
// then, and hands the next commit to one that is still waiting.
//
// See adr/0087.
type writeQueue struct {
	mu      sync.Mutex
	urgent  []*pendingWrite // intake and planning, which wait for no look
	waiting []*pendingWrite
	busy    bool // somebody commits
}

// pendingWrite is a transaction that waits.
type pendingWrite struct {
	ctx  context.Context
	do   func(tx *sql.Tx) error
	err  error
	turn chan bool // true: commit for all who wait; false: err is the result
}

// maxWrites bounds how many transactions are committed together, so that none waits long
// for the others.
const maxWrites = 64

// run does what do does in a transaction. If ctx ends before the transaction begins, it
// does not begin.
func (q *writeQueue) run(ctx context.Context, db *sql.DB, urgent bool, do func(tx *sql.Tx) error) error {
	p := &pendingWrite{ctx: ctx, do: do, turn: make(chan bool, 1)}
	if !q.enter(p, urgent) && !q.await(p) {
		return p.err
	}
	defer q.leave()
	q.commit(db, p)
	return p.err
}

// enter reports whether the caller is to commit; otherwise its transaction waits.
func (q *writeQueue) enter(p *pendingWrite, urgent bool) (lead bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case !q.busy:
		q.busy = true
		return true
	case urgent:
		q.urgent = append(q.urgent, p)
	default:
		q.waiting = append(q.waiting, p)
	}
	return false
}

// await waits until the transaction is committed, or until its caller is to commit.
func (q *writeQueue) await(p *pendingWrite) (lead bool) {
	select {
	case lead = <-p.turn:
		return lead
	case <-p.ctx.Done():
	}
	if q.withdraw(p) {
		p.err = p.ctx.Err()
		return false
	}
	return <-p.turn // somebody is at it, and uses what belongs to the caller
}

// withdraw takes a transaction out of the queue; false if it is no longer there.
func (q *writeQueue) withdraw(p *pendingWrite) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	before := len(q.urgent) + len(q.waiting)
	same := func(other *pendingWrite) bool { return other == p }
	q.urgent, q.waiting = slices.DeleteFunc(q.urgent, same), slices.DeleteFunc(q.waiting, same)
	return len(q.urgent)+len(q.waiting) < before
}

// leave hands the next commit to one that waits.
func (q *writeQueue) leave() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.takeNext(); p != nil {
		p.turn <- true
		return
	}
	q.busy = false
}

// takeNext takes the transaction that has waited longest, an urgent one before any other,
// nil where none waits. The caller holds mu.
func (q *writeQueue) takeNext() (p *pendingWrite) {
	from := &q.urgent
	if len(*from) == 0 {
		from = &q.waiting
	}
	if len(*from) == 0 {
		return nil
	}
	p, *from = (*from)[0], (*from)[1:]
	return p
}

// commit runs first and those that wait in one transaction, and answers all but first. First
// has no savepoint, for which SQLite would copy every page that it writes: if it fails, so
// does the transaction, and the others come in the next.
func (q *writeQueue) commit(db *sql.DB, first *pendingWrite) {
	ctx, cancel := context.WithTimeout(context.Background(), groupTimeout)
	defer cancel()
	if first.err = first.ctx.Err(); first.err != nil {
		return
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		first.err = fmt.Errorf("begin: %w", err)
		return
	}
	if first.err = first.do(tx); first.err != nil {
		first.err = errors.Join(first.err, ignoreTxDone(tx.Rollback()))
		return
	}
	q.commitWith(ctx, tx, first)
}

// commitWith runs those that wait in the transaction in which first has run, commits it,
// and answers all but first.
func (q *writeQueue) commitWith(ctx context.Context, tx *sql.Tx, first *pendingWrite) {
	group := []*pendingWrite{first}
	var err error
	for p := q.another(err, len(group)); p != nil; p = q.another(err, len(group)) {
		group = append(group, p)
		p.err, err = p.runIn(ctx, tx)
	}
	if err == nil {
		err = tx.Commit()
	} else {
		err = errors.Join(err, ignoreTxDone(tx.Rollback()))
	}
	for _, p := range group {
		if p.err == nil && err != nil {
			p.err = fmt.Errorf("commit: %w", err)
		}
		if p != first {
			p.turn <- false
		}
	}
}

// another takes one more transaction for a commit that has some and has not failed.
func (q *writeQueue) another(failed error, some int) *pendingWrite {
	if failed != nil || some >= maxWrites {
		return nil
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.takeNext()
}

// runIn runs the transaction in a savepoint of tx. The second error says that tx is lost.
func (p *pendingWrite) runIn(ctx context.Context, tx *sql.Tx) (failed, err error) {
	if err := p.ctx.Err(); err != nil {
		return err, nil
	}
	return inSavepoint(ctx, tx, "whole", func() error { return p.do(tx) })
}

// inSavepoint undoes what do has done if do fails. The second error says that even that
// was not possible.
func inSavepoint(ctx context.Context, tx executor, name string, do func() error) (failed, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT "+name); err != nil {
		return nil, fmt.Errorf("set savepoint: %w", err)
	}
	if failed = do(); failed != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO SAVEPOINT "+name); err != nil {
			return failed, errors.Join(failed, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE SAVEPOINT "+name); err != nil {
		return failed, fmt.Errorf("release savepoint: %w", err)
	}
	return failed, nil
}
