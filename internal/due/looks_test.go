package due

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pushback/pushback/watch"
)

var began = time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)

func looks(s Store, shares Shares) *Looks {
	return New(Options{Store: s, Shares: shares, Forget: func(string) {}})
}

func dueWatch(id, store string, next time.Time) watch.Watch {
	w := watch.Watch{ID: id, ChangeKey: id, State: watch.Watching, Every: 15 * time.Second, Next: next}
	if store != "" {
		w.Inputs = []watch.Input{{Store: store}}
	}
	return w
}

// After a night without us not all watches are looked at in one moment: those of a store take
// turns, the ones that have waited longest first, and those of another store do not wait for them.
func TestDueWatchesTakeTurns(t *testing.T) {
	d := looks(nil, nil)
	var late []watch.Watch
	for i := range 3 * mostLooks {
		late = append(late, dueWatch(fmt.Sprintf("late-%04d", i), "prod", began.Add(-time.Duration(i)*time.Second)))
	}
	d.add(append(late, dueWatch("other", "other", began)))
	first, _ := d.Take(began)
	if len(first) != mostLooks+1 {
		t.Fatalf("%d looks begin at once, want %d and that of the other store", len(first), mostLooks)
	}
	for _, w := range first {
		if w.ID != "other" && began.Sub(w.Next) < 2*time.Duration(mostLooks)*time.Second {
			t.Errorf("%s, which is %s late, is among the first", w.ID, began.Sub(w.Next))
		}
	}
	if more, _ := d.Take(began); len(more) != 0 {
		t.Errorf("%d more looks begin", len(more))
	}
	first = slices.DeleteFunc(first, func(w watch.Watch) bool { return w.ID == "other" })
	for _, w := range first[:10] {
		w.Next = began.Add(time.Minute)
		d.Put(w)
	}
	if more, next := d.Take(began); len(more) != 10 || !next.Equal(began.Add(time.Minute)) {
		t.Errorf("after ten looks %d begin, the next one at %s", len(more), next)
	}
}

// stored lists watches, and notes which ones are read.
type stored struct {
	ids  []string
	read []string
}

func (s *stored) OpenWatchIDs(_ context.Context, shares []string) (ids []string, err error) {
	for _, id := range s.ids {
		if shares == nil || slices.Contains(shares, id) {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

func (s *stored) WatchesByID(_ context.Context, ids []string) (ws []watch.Watch, err error) {
	s.read = append(s.read, ids...)
	for _, id := range ids {
		ws = append(ws, dueWatch(id, "", began))
	}
	return ws, nil
}

// What others have planned is found without reading what is known.
func TestReloadReadsWhatIsNew(t *testing.T) {
	s := &stored{ids: []string{"a", "b"}}
	d := looks(s, nil)
	for _, more := range []string{"", "c", ""} {
		if more != "" {
			s.ids = append(s.ids, more)
		}
		if err := d.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if want := []string{"a", "b", "c"}; !slices.Equal(s.read, want) || d.Open() != 3 {
		t.Errorf("%v was read, of %d watches; want %v", s.read, d.Open(), want)
	}
}
