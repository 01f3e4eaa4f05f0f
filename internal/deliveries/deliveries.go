// Package deliveries records what the deliveries of each source came to, so that
// `pushback sources status` can say it: how many were taken, ignored and refused, when last, and
// why. Where somebody asks for it, the bodies that were not taken are kept.
//
// Counts are gathered in memory and added to the database every few seconds: a delivery costs no
// statement more, replicas count together, and a restart loses nothing. A process that is
// killed loses the counts of those seconds, and no delivery.
//
// See adr/0121.
package deliveries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/pushback/pushback/internal/store"
)

// Outcome is what a delivery came to.
type Outcome string

// The outcomes.
const (
	Accepted Outcome = "accepted"
	Ignored  Outcome = "ignored"  // it reports no change
	Refused  Outcome = "refused"  // it comes from the tool, and cannot be taken as it is
	Unsigned Outcome = "unsigned" // nothing proves where it comes from
)

// Bounds of what is kept.
const (
	Kept       = 10        // bodies of each outcome
	MaxBody    = 128 << 10 // bytes of one, without its secrets
	MaxCapture = 7 * 24 * time.Hour
	flushEvery = 10 * time.Second
)

// Store is what is read and written of the store.
type Store interface {
	AddSourceCounts(ctx context.Context, counts []store.SourceCount) error
	SourceCounts(ctx context.Context) ([]store.SourceCount, error)
	BeginCapture(ctx context.Context, c store.Capture) error
	EndCapture(ctx context.Context, source string) error
	CaptureOf(ctx context.Context, source string) (store.Capture, bool, error)
	KeepCaptured(ctx context.Context, c store.Captured, last int) error
	CapturedOf(ctx context.Context, source string) ([]store.Captured, error)
}

// Record is the record of one process. It is safe for concurrent use; nil records nothing.
type Record struct {
	store Store
	log   *slog.Logger
	now   func() time.Time

	mu    sync.Mutex
	fresh map[string]*store.SourceCount // since they were last added to the database
}

// New returns an empty record.
func New(s Store, log *slog.Logger, now func() time.Time) *Record {
	return &Record{store: s, log: log, now: now, fresh: map[string]*store.SourceCount{}}
}

// Note counts one delivery. Source is the name of a source, so that requests cannot
// make new ones.
func (r *Record) Note(source string, outcome Outcome, reason string) {
	if r == nil {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.fresh[source]
	if c == nil {
		c = &store.SourceCount{Source: source, Since: r.now()}
		r.fresh[source] = c
	}
	switch now := r.now(); outcome {
	case Accepted:
		c.Accepted, c.AcceptedAt = c.Accepted+1, now
	case Ignored:
		c.Ignored, c.IgnoredAt, c.IgnoredReason = c.Ignored+1, now, reason
	case Refused:
		c.Refused, c.RefusedAt, c.RefusedReason = c.Refused+1, now, reason
	case Unsigned:
		c.Unsigned, c.UnsignedAt = c.Unsigned+1, now
	}
}

// Run adds what was counted to the database every few seconds, and a last time when ctx
// ends.
func (r *Record) Run(ctx context.Context) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			r.flush(ctx)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushEvery)
			defer cancel()
			r.flush(last)
			return nil
		}
	}
}

// flush adds what was counted to the database. What cannot be added is kept for the next time.
func (r *Record) flush(ctx context.Context) {
	r.mu.Lock()
	counted := r.fresh
	r.fresh = map[string]*store.SourceCount{}
	r.mu.Unlock()
	if len(counted) == 0 {
		return
	}
	if err := r.store.AddSourceCounts(ctx, sorted(counted)); err != nil {
		r.log.Warn("cannot store what deliveries came to; trying again", "error", err)
		r.mu.Lock()
		defer r.mu.Unlock()
		for name, c := range counted {
			r.fresh[name] = sum(c, r.fresh[name])
		}
	}
}

// sorted are the counts by name, so that replicas lock the rows in one order.
func sorted(counts map[string]*store.SourceCount) (all []store.SourceCount) {
	for _, name := range slices.Sorted(maps.Keys(counts)) {
		all = append(all, *counts[name])
	}
	return all
}

// sum is what was counted in two times, the later of which may be nil.
func sum(earlier, later *store.SourceCount) *store.SourceCount {
	if later == nil {
		return earlier
	}
	s := *later
	s.Since = earlier.Since
	s.Accepted, s.Ignored, s.Refused, s.Unsigned = s.Accepted+earlier.Accepted, s.Ignored+earlier.Ignored, s.Refused+earlier.Refused, s.Unsigned+earlier.Unsigned
	for _, last := range []struct{ to, from *time.Time }{{&s.AcceptedAt, &earlier.AcceptedAt}, {&s.UnsignedAt, &earlier.UnsignedAt}} {
		if last.to.Before(*last.from) {
			*last.to = *last.from
		}
	}
	if s.IgnoredAt.Before(earlier.IgnoredAt) {
		s.IgnoredAt, s.IgnoredReason = earlier.IgnoredAt, earlier.IgnoredReason
	}
	if s.RefusedAt.Before(earlier.RefusedAt) {
		s.RefusedAt, s.RefusedReason = earlier.RefusedAt, earlier.RefusedReason
	}
	return &s
}

// Counts are those of all replicas, by source: stored, and of this process what is not stored yet.
func (r *Record) Counts(ctx context.Context) (map[string]store.SourceCount, error) {
	if r == nil {
		return map[string]store.SourceCount{}, nil
	}
	stored, err := r.store.SourceCounts(ctx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]store.SourceCount{}
	for _, c := range stored {
		all[c.Source] = *sum(&c, r.fresh[c.Source])
	}
	for name, c := range r.fresh {
		if _, is := all[name]; !is {
			all[name] = *c
		}
	}
	return all, nil
}

// Capture keeps the bodies of a source that are not taken, for a time.
func (r *Record) Capture(ctx context.Context, source, actor string, span time.Duration) (store.Capture, error) {
	c := store.Capture{Source: source, BegunAt: r.now(), EndsAt: r.now().Add(min(span, MaxCapture)), Actor: actor}
	return c, r.store.BeginCapture(ctx, c)
}

// EndCapture keeps no more bodies, and deletes those that were kept.
func (r *Record) EndCapture(ctx context.Context, source string) error {
	return r.store.EndCapture(ctx, source)
}

// Captured are the bodies that were kept, the newest first, and the capture; its Source is ""
// where there was none.
func (r *Record) Captured(ctx context.Context, source string) (store.Capture, []store.Captured, error) {
	c, _, err := r.store.CaptureOf(ctx, source)
	if err != nil {
		return c, nil, err
	}
	kept, err := r.store.CapturedOf(ctx, source)
	return c, kept, err
}

// Keep stores a body that was not taken, without its secrets, where somebody asked for it. The
// same body is kept once. Errors are logged: what is only a help must not fail a delivery.
func (r *Record) Keep(ctx context.Context, source string, outcome Outcome, reason string, body []byte) {
	if r == nil || outcome != Refused && outcome != Ignored {
		return
	}
	c, is, err := r.store.CaptureOf(ctx, source)
	if err == nil && is && r.now().Before(c.EndsAt) {
		hash := sha256.Sum256(append([]byte(source+"\x00"+string(outcome)+"\x00"), body...))
		err = r.store.KeepCaptured(ctx, store.Captured{
			ID: hex.EncodeToString(hash[:8]), Source: source, At: r.now(), Outcome: string(outcome), Reason: reason, Bytes: int64(len(body)), Body: blotted(body),
		}, Kept)
	}
	if err != nil {
		r.log.Warn("cannot keep a body that was not taken; it was answered all the same", "source", source, "error", err)
	}
}
