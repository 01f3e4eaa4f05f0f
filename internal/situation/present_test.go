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
	look detector.Verdict
	err  error
}

func (l lastLook) LastRecord(context.Context, string) (store.Record, error) {
	return store.Record{Verdict: l.look}, l.err
}

// Only a look that came after the order's verdict says what is; one that is damaged has seen nothing that anybody knows of.
func TestPresent(t *testing.T) {
	decided := time.Date(2026, time.November, 30, 3, 0, 0, 0, time.UTC)
	down := errors.New("the database is down")
	f := func(name string, after time.Duration, err error, want *rollback.Present, wantErr error) {
		t.Helper()
		look := detector.Verdict{At: decided.Add(after), Outcome: detector.Regressed, Grade: detector.Certain, Reason: detector.LimitBreached, MayAct: true}
		r := Reader{Store: lastLook{look: look, err: err}}
		got, err := r.present(t.Context(), watch.Watch{ID: "w"}, decided)
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
