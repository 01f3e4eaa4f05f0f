package situation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/watch"
)

// present is the newest look of a watch where it is newer than the verdict of an order. One that is damaged saw
// nothing that anybody knows of.
//
// See adr/0140.
func (r *Reader) present(ctx context.Context, w watch.Watch, decided time.Time) (*rollback.Present, error) {
	last, known := r.looks.of(w)
	if !known {
		record, err := r.Store.LastRecord(ctx, w.ID)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, nil
		case errors.Is(err, store.ErrDamaged):
			return &rollback.Present{At: decided, Outcome: detector.Blind, Final: !w.State.Open()}, nil
		case err != nil:
			return nil, fmt.Errorf("reading the newest look of %s: %w", w.ID, err)
		}
		last = *rollback.PresentOf(record.Verdict)
		last.Final = !w.State.Open()
		r.looks.keep(w, last)
	}
	if !last.At.After(decided) {
		return nil, nil
	}
	return &last, nil
}

// looks keeps the newest looks of the watches whose orders wait, because reading one means reading all before it, and an
// order that waits is asked about every few seconds. A look that is stored since has moved the watch.
type looks struct {
	mu   sync.Mutex
	kept map[string]kept // by watch
}

type kept struct {
	revision int64 // of the watch
	present  rollback.Present
}

// mostKept bounds the memory of looks: it is forgotten at once then, which costs a read for each order.
const mostKept = 10_000

func (l *looks) of(w watch.Watch) (rollback.Present, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	k, known := l.kept[w.ID]
	return k.present, known && k.revision == w.Revision
}

func (l *looks) keep(w watch.Watch, p rollback.Present) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.kept == nil || len(l.kept) >= mostKept {
		l.kept = map[string]kept{}
	}
	l.kept[w.ID] = kept{w.Revision, p}
}
