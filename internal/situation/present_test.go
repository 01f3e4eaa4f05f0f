package situation

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// lastLook is a store with one look, or with an error in its place.
type lastLook struct {
	Store
	look  detector.Verdict
	err   error
	reads int
}

func (l *lastLook) LastRecord(context.Context, string) (store.Record, error) {
	l.reads++
	return store.Record{Verdict: l.look}, l.err
}

// Only a look that came after the order's verdict says what is; one that is damaged has seen nothing that anybody knows of.
func TestPresent(t *testing.T) {
	decided := time.Date(2026, time.November, 30, 3, 0, 0, 0, time.UTC)
	down := errors.New("the database is down")
	f := func(name string, after time.Duration, err error, want *rollback.Present, wantErr error) {
		t.Helper()
		look := detector.Verdict{At: decided.Add(after), Outcome: detector.Regressed, Grade: detector.Certain, Reason: detector.LimitBreached, MayAct: true}
		r := Reader{Store: &lastLook{look: look, err: err}}
		got, err := r.present(t.Context(), watch.Watch{ID: "w", State: watch.Watching}, decided)
		if diff := cmp.Diff(want, got); diff != "" || !errors.Is(err, wantErr) {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
	newer := &rollback.Present{At: decided.Add(time.Second), Outcome: detector.Regressed, Grade: detector.Certain, Reason: detector.LimitBreached, MayAct: true}
	f("newer", time.Second, nil, newer, nil)
	f("the order's own", 0, nil, nil, nil)
	f("before it is stored", -time.Minute, nil, nil, nil)
	f("none", 0, fmt.Errorf("w: %w", store.ErrNotFound), nil, nil)
	f("damaged", 0, fmt.Errorf("w: %w", store.ErrDamaged), &rollback.Present{At: decided, Outcome: detector.Blind}, nil)
	f("no database", 0, down, nil, down)
}

// An order that waits is asked about every few seconds, and the look is read again only when the watch has moved.
func TestPresentIsReadOnce(t *testing.T) {
	decided := time.Date(2026, time.November, 30, 3, 0, 0, 0, time.UTC)
	db := &lastLook{look: detector.Verdict{At: decided.Add(time.Second), Outcome: detector.Regressed}}
	r := Reader{Store: db}
	f := func(id string, revision int64, want detector.Outcome, reads int) {
		t.Helper()
		got, err := r.present(t.Context(), watch.Watch{ID: id, Revision: revision}, decided)
		if err != nil || got == nil || got.Outcome != want || db.reads != reads {
			t.Errorf("%+v, %v, %d reads; want %s and %d", got, err, db.reads, want, reads)
		}
	}
	f("w", 1, detector.Regressed, 1)
	db.look.Outcome = detector.Healthy
	f("w", 1, detector.Regressed, 1)
	f("other", 1, detector.Healthy, 2)
	f("w", 2, detector.Healthy, 3)
	for i := range mostKept {
		r.looks.keep(watch.Watch{ID: fmt.Sprint(i)}, rollback.Present{})
	}
	if n := len(r.looks.kept); n > mostKept {
		t.Errorf("%d looks are kept", n)
	}
}
