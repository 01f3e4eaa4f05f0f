package due

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/watch"
)

// owned are the shares of a replica: in these tests, each watch is a share.
type owned struct{ ids []string }

func (o *owned) Mine(service string) bool { return slices.Contains(o.ids, service) }

func (o *owned) Names() []string { return slices.Clone(o.ids) }

// A replica looks at the watches of its shares, and forgets what it gave away: at once, or after
// the look that is at it.
func TestSharesMove(t *testing.T) {
	s, mine := &stored{ids: []string{"a", "b", "c", "d"}}, &owned{[]string{"a", "b"}}
	var forgotten []string
	d := New(Options{Store: s, Shares: mine, Forget: func(id string) { forgotten = append(forgotten, id) }})
	now := began
	f := func(what string, want string) []watch.Watch {
		t.Helper()
		if err := d.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		due, _ := d.Take(now)
		if got := names(due); got != want {
			t.Errorf("%s: looks at %q, want %q", what, got, want)
		}
		return due
	}
	put := func(ws []watch.Watch) {
		for _, w := range ws {
			w.Next = now.Add(15 * time.Second)
			d.Put(w)
		}
		now = now.Add(15 * time.Second)
	}
	under := f("at first", "a b")
	mine.ids = []string{"b", "c"}
	taken := f("a was given away while a look was at it, c was taken", "c")
	if len(forgotten) > 0 {
		t.Errorf("%v was forgotten while a look was at it", forgotten)
	}
	put(slices.Concat(under, taken))
	if !slices.Equal(forgotten, []string{"a"}) {
		t.Errorf("%v was forgotten, want a", forgotten)
	}
	put(f("then", "b c"))
	mine.ids = []string{"c"}
	under = f("b was given away while it waited", "c")
	mine.ids = []string{"d"}
	f("c was given away while a look was at it", "d")
	mine.ids = []string{"c", "d"}
	f("and came back before the look ended", "")
	put(under)
	if due, _ := d.Take(now); names(due) != "c" {
		t.Errorf("after the look: looks at %q, want c", names(due))
	}
	if want := []string{"a", "b"}; !slices.Equal(forgotten, want) || d.Open() != 2 {
		t.Errorf("%v was forgotten, %d are left; want %v, 2", forgotten, d.Open(), want)
	}
}

// A watch that waits for its turn is given away like any other, and so is one that another replica
// has ended. What is begun here is looked at here only if it is ours.
func TestWaitingWatchesMove(t *testing.T) {
	s, mine := &stored{}, &owned{}
	for i := range mostLooks + 2 {
		s.ids = append(s.ids, fmt.Sprintf("w%04d", i))
	}
	mine.ids = slices.Clone(s.ids)
	d := looks(s, mine)
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, _ := d.Take(began)
	mine.ids = mine.ids[:len(mine.ids)-1]
	s.ids = slices.Delete(s.ids, 0, 1)
	if err := d.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, w := range first {
		w.Next = began.Add(time.Hour)
		d.Put(w)
	}
	if due, _ := d.Take(began); names(due) != mine.ids[len(mine.ids)-1] {
		t.Errorf("looks at %s", names(due))
	}
	d.Add("w0001", []watch.Watch{dueWatch("ours", "", began)})
	over := dueWatch("over", "", began)
	over.State = watch.Healthy
	d.Add("w0001", []watch.Watch{over})
	d.Add("theirs", []watch.Watch{dueWatch("theirs", "", began)})
	if due, _ := d.Take(began); names(due) != "ours" || d.Open() != mostLooks+1 {
		t.Errorf("looks at %s, of %d", names(due), d.Open())
	}
}

func names(ws []watch.Watch) string {
	var ids []string
	for _, w := range ws {
		ids = append(ids, w.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}
