package picturing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/picture"
	"github.com/pushback/pushback/internal/store"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

var (
	at     = time.Date(2026, time.November, 22, 14, 2, 0, 0, time.UTC)
	change = store.Change{Key: strings.Repeat("k", 26), Change: sources.Change{Service: "cart", Version: "v42", Environment: "production", StartedAt: at, FinishedAt: at}}
)

// fakeStore has the watches of one change and their last looks.
type fakeStore struct {
	watches []watch.Watch
	looks   map[string]store.Record
	damaged string // the watch of which the look cannot be read
	order   *rollback.Order
}

func (f *fakeStore) WatchesOf(context.Context, string) ([]watch.Watch, error) { return f.watches, nil }

func (f *fakeStore) LastRecord(_ context.Context, id string) (store.Record, error) {
	if id == f.damaged {
		return store.Record{}, fmt.Errorf("look of %s: %w", id, store.ErrDamaged)
	}
	r, ok := f.looks[id]
	if !ok {
		return r, store.ErrNotFound
	}
	return r, nil
}

func (f *fakeStore) Order(context.Context, string) (rollback.Order, error) {
	if f.order == nil {
		return rollback.Order{}, store.ErrNotFound
	}
	return *f.order, nil
}

// of adds a watch, with a look so many minutes after the change; 0: without one.
func (f *fakeStore) of(rule string, grade detector.Grade, after time.Time, minutes int) {
	id := fmt.Sprintf("%s.%d", rule, len(f.watches))
	w := watch.Watch{ID: id, Rule: rule, State: watch.Watching, Grade: grade, After: after, Plan: detector.Plan{Rule: rule, Tick: time.Minute, Before: 3, After: 30}}
	f.watches = append(f.watches, w)
	if minutes == 0 {
		return
	}
	if f.looks == nil {
		f.looks = map[string]store.Record{}
	}
	looked := at.Add(time.Duration(minutes) * time.Minute)
	f.looks[id] = store.Record{WatchID: id, Seq: int64(minutes), At: looked, Verdict: detector.Verdict{
		Rule: rule, At: looked, Grade: grade, Signals: []detector.Evidence{{Signal: "errors", Unit: "fraction", Grade: grade, Effect: detector.Effect{Forecast: 0.01, After: 0.05, Difference: 0.04}}},
	}, Observation: detector.Observation{StartedAt: at, From: at, Readings: []detector.Reading{
		{Signal: "errors", Before: detector.Ticks{Value: detector.Values{0.01, 0.02, 0.01}}, After: detector.Ticks{Value: detector.Values{0.05, 0.06}}},
	}}}
}

func TestFind(t *testing.T) {
	f := &fakeStore{}
	f.of("calm", detector.None, time.Time{}, 5)
	f.of("red", detector.Certain, time.Time{}, 4)
	f.of("late", detector.Likely, time.Time{}, 0)
	f.of("red", detector.None, at.Add(10*time.Minute), 20)
	k := New(f, nil)
	for name, one := range map[string]struct {
		which Which
		rule  string
		after bool
		err   error
	}{
		"the worst":                  {Which{}, "red", false, nil},
		"by rule":                    {Which{Rule: "calm"}, "calm", false, nil},
		"after the rollback":         {Which{Rule: "red", Of: Recovery}, "red", true, nil},
		"the newest of the rule":     {Which{Rule: "red", Of: Newest}, "red", true, nil},
		"the newest of all":          {Which{Of: Newest}, "red", true, nil},
		"one that has not looked":    {Which{Rule: "late"}, "", false, ErrNotLooked},
		"no such rule":               {Which{Rule: "other"}, "", false, ErrNoRule},
		"a rule without a rollback":  {Which{Rule: "calm", Of: Recovery}, "", false, ErrNoRecovery},
		"what came of it all so far": {Which{Of: Recovery}, "red", true, nil},
	} {
		l, err := k.Find(t.Context(), change, one.which)
		if !errors.Is(err, one.err) || l.Watch.Rule != one.rule || l.Watch.After.IsZero() == one.after {
			t.Errorf("%s: %s after %s, %v", name, l.Watch.Rule, l.Watch.After, err)
		}
	}
	f.damaged = "red.1"
	if _, err := k.Find(t.Context(), change, Which{}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("the worst is damaged, and another was shown: %v", err)
	}
	if _, err := New(&fakeStore{}, nil).Find(t.Context(), change, Which{}); !errors.Is(err, ErrNotWatched) {
		t.Error(err)
	}
}

// A picture has another tag whenever it is another picture, and is painted once.
func TestTags(t *testing.T) {
	f := &fakeStore{}
	f.of("red", detector.Certain, time.Time{}, 4)
	k := New(f, nil)
	tags := map[string]string{}
	add := func(name string, c picture.Choice, format Format) {
		l, err := k.Find(t.Context(), change, Which{})
		if err != nil {
			t.Fatal(err)
		}
		painted, err := k.Paint(t.Context(), l, c, format)
		if err != nil {
			t.Fatal(err)
		}
		again, err := k.Paint(t.Context(), l, c, format)
		if err != nil || !bytes.Equal(painted, again) || &painted[0] != &again[0] {
			t.Error(name, "is painted twice", err)
		}
		if other, known := tags[l.Tag(c, format)]; known {
			t.Errorf("%s has the tag of %s", name, other)
		}
		tags[l.Tag(c, format)] = name
	}
	add("first", picture.Choice{}, PNG)
	add("svg", picture.Choice{}, SVG)
	add("dark", picture.Choice{Dark: true}, PNG)
	f.order = &rollback.Order{State: rollback.Sending, SentAt: at.Add(time.Minute)}
	add("rolling back", picture.Choice{}, PNG)
	f.order.State = rollback.Done
	add("rolled back", picture.Choice{}, PNG)
	f.watches[0].State = watch.Regressed
	add("ended", picture.Choice{}, PNG)
	r := f.looks["red.0"]
	r.Seq++
	f.looks["red.0"] = r
	add("the next look", picture.Choice{}, PNG)
}

// Memory stays bounded, and who waits for a turn leaves with the request.
func TestBounds(t *testing.T) {
	f := &fakeStore{}
	f.of("red", detector.Certain, time.Time{}, 4)
	k := New(f, nil)
	l, err := k.Find(t.Context(), change, Which{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range remembered + 10 {
		if _, err := k.Paint(t.Context(), l, picture.Choice{Width: 400 + i}, SVG); err != nil {
			t.Fatal(err)
		}
	}
	if len(k.kept) != remembered || len(k.order) != remembered {
		t.Error(len(k.kept), len(k.order))
	}
	for range atOnce {
		k.painting <- struct{}{}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.Paint(gone, l, picture.Choice{Width: 399}, SVG); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// An address is good for its change, its end and its two files alone.
func TestLinks(t *testing.T) {
	key, ours := LinkKey("a key"), change.Key
	part := strings.Split(key.Path(ours, at, false), "/")
	until, signature := part[3], part[4]
	if part[1] != "pictures" || part[2] != ours || part[5] != LightFile || until != "20270220" {
		t.Fatal(part)
	}
	last := time.Date(2027, time.February, 20, 23, 59, 59, 0, time.UTC)
	for name, one := range map[string]struct {
		key                       LinkKey
		change, until, sign, file string
		now                       time.Time
		good                      bool
	}{
		"as it is":         {key, ours, until, signature, LightFile, at, true},
		"dark":             {key, ours, until, signature, DarkFile, last, true},
		"ended":            {key, ours, until, signature, LightFile, last.Add(time.Second), false},
		"another change":   {key, strings.Repeat("m", 26), until, signature, LightFile, at, false},
		"a later end":      {key, ours, "20280220", signature, LightFile, at, false},
		"another file":     {key, ours, until, signature, "plot.png", at, false},
		"cut":              {key, ours, until, signature[:10], LightFile, at, false},
		"empty":            {key, ours, until, "", LightFile, at, false},
		"another key":      {LinkKey("another"), ours, until, signature, LightFile, at, false},
		"no key":           {nil, ours, until, LinkKey(nil).sign(ours, until), LightFile, at, false},
		"no date":          {key, ours, "soon", key.sign(ours, "soon"), LightFile, at, false},
		"moved separators": {key, ours + "\x002027", "0220", signature, LightFile, at, false},
	} {
		if err := one.key.Check(one.change, one.until, one.sign, one.file, one.now); (err == nil) != one.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	key := LinkKey("a key")
	part := strings.Split(key.Path(change.Key, at, false), "/")
	f.Add(part[2], part[3], part[4], part[5])
	f.Fuzz(func(t *testing.T, changeKey, until, signature, file string) {
		ours := changeKey == part[2] && until == part[3] && signature == part[4] && (file == LightFile || file == DarkFile)
		if err := key.Check(changeKey, until, signature, file, at); (err == nil) != ours {
			t.Error(changeKey, until, signature, file, err)
		}
	})
}
