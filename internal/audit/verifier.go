package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/pushback/pushback/internal/pause"
	"github.com/pushback/pushback/internal/store"
)

const (
	checkEvery = 10 * time.Minute // what is new
	wholeEvery = 24 * time.Hour
	firstCheck = 20 * time.Second // after the start, which has other things to do
	restAfter  = 500              // entries: as many as the store reads at once
	longest    = time.Second      // of a rest
)

// Checked is what a Verifier reads and keeps.
type Checked interface {
	JournalEnds(ctx context.Context) (first, last int64, err error)
	AuditRange(ctx context.Context, first, last int64, each func(store.Entry) error) error
	JournalChecks(ctx context.Context) (map[string]store.JournalCheck, error)
	PutJournalCheck(ctx context.Context, c store.JournalCheck) error
}

// Verifier checks the journal's chain while Pushback runs: what is new every ten minutes, and everything once a day.
// It goes on where the last check ended, also that of another replica, and rests after every page for as long as the
// page took, so that nobody waits for it. What it finds is in the store, where the page of the audit reads it.
//
// It finds what somebody alters who does not also alter what it remembers. Whoever owns the database can do that:
// against them only an exported hash that they cannot reach helps.
type Verifier struct {
	Store   Checked
	Replica string
	Log     *slog.Logger
	Now     func() time.Time
}

// Run checks until ctx ends.
func (v *Verifier) Run(ctx context.Context) error {
	for wait := firstCheck; pause.For(ctx, wait); wait = checkEvery {
		if err := v.Check(ctx); err != nil && ctx.Err() == nil {
			v.Log.Warn("cannot check the chain of the journal; the next check tries again", "error", err)
		}
	}
	return nil
}

// Check checks what is due: nothing where another replica has just done it.
func (v *Verifier) Check(ctx context.Context) error {
	checks, err := v.Store.JournalChecks(ctx)
	if err != nil {
		return err
	}
	now := v.Now()
	if whole := checks[store.WholeCheck]; now.Sub(whole.At) >= wholeEvery {
		return v.checkAll(ctx, whole)
	}
	if last := checks[store.NewEntriesCheck]; now.Sub(last.At) >= checkEvery/2 {
		return v.checkNew(ctx, last)
	}
	return nil
}

// checkAll checks every entry that is left, and begins the checks of new ones behind it.
func (v *Verifier) checkAll(ctx context.Context, before store.JournalCheck) error {
	first, last, err := v.Store.JournalEnds(ctx)
	if err != nil {
		return err
	}
	found := store.JournalCheck{Kind: store.WholeCheck, First: first, FaultAt: before.FaultAt}
	if err := v.walk(ctx, first, last, &found, ""); err != nil {
		return err
	}
	if err := v.keep(ctx, found, before.Fault); err != nil {
		return err
	}
	found.Kind = store.NewEntriesCheck
	return v.keep(ctx, found, found.Fault)
}

// checkNew goes on from the last entry that was checked, which must be as it was. A fault stays until a check of
// everything finds none.
func (v *Verifier) checkNew(ctx context.Context, before store.JournalCheck) error {
	first, last, err := v.Store.JournalEnds(ctx)
	if err != nil {
		return err
	}
	found, from, had := before, before.Through, before.Hash
	if from < first {
		from, had = first, "" // it was deleted because of its age
	}
	found.Kind = store.NewEntriesCheck
	if last < before.Through {
		found.Fault = cmp.Or(before.Fault, fmt.Sprintf("the entries after %d are missing: entry %d was there once", last, before.Through))
		return v.keep(ctx, found, before.Fault)
	}
	if err := v.walk(ctx, from, last, &found, had); err != nil {
		return err
	}
	found.Fault = cmp.Or(before.Fault, found.Fault)
	return v.keep(ctx, found, before.Fault)
}

// walk checks a range, whose first entry had a hash unless that is "".
func (v *Verifier) walk(ctx context.Context, first, last int64, found *store.JournalCheck, had string) error {
	c, began := Chain{}, time.Now()
	fault := ""
	err := v.Store.AuditRange(ctx, first, last, func(e store.Entry) error {
		if c.Entries == 0 && had != "" && e.Hash != had {
			fault = fmt.Sprintf("entry %d is not the one that was checked before", e.Seq)
		}
		c.add(e)
		if c.Entries%restAfter == 0 {
			pause.For(ctx, min(time.Since(began), longest))
			began = time.Now()
		}
		return ctx.Err()
	})
	if c.Entries > 0 {
		found.Through, found.Hash = c.Last.Seq, c.Last.Hash
	}
	found.Fault = cmp.Or(fault, c.Fault)
	if found.Fault == "" && c.Last.Seq < last {
		found.Fault = fmt.Sprintf("the entries from %d to %d are missing", c.Last.Seq+1, last)
	}
	if err != nil || found.Fault == "" {
		return err
	}
	return v.stillThere(ctx, first)
}

// stillThere is an error where retention has deleted entries while they were checked, so that a gap is none.
func (v *Verifier) stillThere(ctx context.Context, first int64) error {
	now, _, err := v.Store.JournalEnds(ctx)
	if err == nil && now > first {
		err = errors.New("old entries were deleted meanwhile")
	}
	return err
}

// keep stores a check, and says in the log what is new about it.
func (v *Verifier) keep(ctx context.Context, found store.JournalCheck, before string) error {
	found.At, found.Replica = v.Now(), v.Replica
	switch {
	case found.Fault == "":
		found.FaultAt = time.Time{}
	case before == "" || found.FaultAt.IsZero():
		found.FaultAt = found.At
	}
	if found.Fault != "" && found.Fault != before {
		v.Log.Error("the journal is not whole: somebody has changed the database; compare it with an export", "fault", found.Fault)
	}
	return v.Store.PutJournalCheck(ctx, found)
}
