package store

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/notify"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// planned stores a change with one watch and returns the watch.
func planned(t testing.TB, s *Store) watch.Watch {
	t.Helper()
	c := accept(t, s, eventOf("c1", "v1", sources.Succeeded, 10)).Change
	w := watch.Watch{ID: c.Key + ".red", ChangeKey: c.Key, Rule: "red", State: watch.Waiting, Bake: time.Hour, Next: at(11)}
	if err := s.PlanChange(t.Context(), c.Key, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	return w
}

func planningTwice(t *testing.T, s *Store) {
	accept(t, s, eventOf("c0", "v0", sources.Started, 5))
	wantUnplanned(t, s, "c0")
	w := planned(t, s)
	wantUnplanned(t, s, "c0")
	moved := w
	moved.State = watch.Watching
	ok, _, _, err := s.MoveWatch(t.Context(), w, moved, Effects{})
	must(t, true, "move")(ok, err)
	if err := s.PlanChange(t.Context(), w.ChangeKey, []watch.Watch{w}); err != nil {
		t.Fatal(err)
	}
	moved.Revision = 1
	for _, list := range []func() ([]watch.Watch, error){
		func() ([]watch.Watch, error) { return openWatches(t, s) },
		func() ([]watch.Watch, error) { return s.WatchesOf(t.Context(), w.ChangeKey) },
	} {
		ws, err := list()
		if diff := cmp.Diff([]watch.Watch{moved}, ws); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	if err := s.PlanChange(t.Context(), "none", nil); !errors.Is(err, ErrNotFound) {
		t.Errorf("plan of no change: %v", err)
	}
}

// openWatches reads those that have not ended, as the engine does when it starts.
func openWatches(t *testing.T, s *Store) ([]watch.Watch, error) {
	ids, err := s.OpenWatchIDs(t.Context(), nil)
	if err != nil {
		return nil, err
	}
	return s.WatchesByID(t.Context(), ids)
}

func watchMovesOnce(t *testing.T, s *Store) {
	w := planned(t, s)
	var g errgroup.Group
	won := make([]bool, 20)
	for i := range won {
		g.Go(func() (err error) {
			to := w
			to.State = watch.Healthy
			won[i], _, _, err = s.MoveWatch(t.Context(), w, to, Effects{Entries: []Entry{{ChangeKey: w.ChangeKey, Action: "look"}}})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, ok := range won {
		if ok {
			n++
		}
	}
	entries, err := s.Journal(t.Context(), w.ChangeKey)
	if n != 1 || len(entries) != 1 || err != nil {
		t.Errorf("moved %d times, %d entries, %v", n, len(entries), err)
	}
	if ws, err := openWatches(t, s); err != nil || len(ws) != 0 {
		t.Errorf("still open: %v, %v", ws, err)
	}
}

func effectsTogether(t *testing.T, s *Store) {
	w := planned(t, s)
	c := reread(t, s, Change{Key: w.ChangeKey})
	order := orderFor(c)
	effects := Effects{
		Record:   &Record{At: now, Verdict: detector.Verdict{Tick: 3}},
		Outgoing: []Outgoing{{ID: "m1", ChangeKey: c.Key}, {ID: "m2", ChangeKey: c.Key}},
		Order:    &order,
		Reports:  []Report{{ChangeKey: c.Key, Adapter: Grafana, Content: notify.Report{Verdict: notify.Regressed}}},
		Entries:  []Entry{{ChangeKey: c.Key, Action: "respond", Detail: []byte(`{"line":3}`)}},
	}
	rows := func() (n int) {
		t.Helper()
		err := s.read.QueryRowContext(t.Context(), `SELECT (SELECT COUNT(*) FROM records) + (SELECT COUNT(*) FROM outgoing)
			+ (SELECT COUNT(*) FROM orders) + (SELECT COUNT(*) FROM reports) + (SELECT COUNT(*) FROM journal)`).Scan(&n)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	broken := effects
	broken.Record = &Record{Verdict: detector.Verdict{Signals: []detector.Evidence{{P: math.NaN()}}}}
	if ok, _, made, err := s.MoveWatch(t.Context(), w, w, broken); ok || made || err == nil || rows() != 0 {
		t.Errorf("NaN was stored: %v, %v, %d rows", ok, err, rows())
	}
	stale := w
	stale.Revision = 7
	if ok, _, made, err := s.MoveWatch(t.Context(), stale, w, effects); ok || made || err != nil || rows() != 0 {
		t.Errorf("moved from where it is not: %v, %v, %d rows", ok, err, rows())
	}
	ended := w
	ended.State, ended.Acts = watch.Regressed, true
	ok, stored, made, err := s.MoveWatch(t.Context(), w, ended, effects)
	if !ok || !made || err != nil || stored.State != rollback.Decided || rows() != 7 { // two entries: the response, and the order
		t.Errorf("%v, %v, %v, %+v, %d rows", ok, made, err, stored, rows())
	}
	if reread(t, s, c).Standing != Bad {
		t.Error("not marked bad")
	}
}

func recordsReplace(t *testing.T, s *Store) {
	w := planned(t, s)
	look := func(minute int, v detector.Verdict) {
		t.Helper()
		v.At = at(minute)
		r := &Record{At: at(minute), Verdict: v, Observation: detector.Observation{Gap: minute}}
		ok, _, _, err := s.MoveWatch(t.Context(), w, w, Effects{Record: r})
		must(t, true, "look")(ok, err)
		w.Revision++
	}
	look(1, detector.Verdict{Tick: 1})
	look(2, detector.Verdict{Tick: 1})
	look(3, detector.Verdict{Tick: 2})
	look(4, detector.Verdict{Tick: 2, Grade: detector.Suspect})
	look(5, detector.Verdict{Tick: 2, Grade: detector.Suspect, Reason: detector.NoData})
	look(6, detector.Verdict{Tick: 2, Grade: detector.Suspect, Reason: detector.NoData, Outcome: detector.Blind})
	rs, err := s.Records(t.Context(), w.ID)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range rs {
		if r.Seq != int64(i+1) || !r.At.Equal(at(i+2)) || !r.Verdict.At.Equal(r.At) || r.Observation.Gap != i+2 {
			t.Errorf("record %d: %+v", i, r)
		}
	}
	last, err := s.LastRecord(t.Context(), w.ID)
	if err != nil || len(rs) != 5 || !cmp.Equal(last, rs[4]) {
		t.Errorf("%d records, last %+v, %v", len(rs), last, err)
	}
	if _, err := s.LastRecord(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("no record: %v", err)
	}
}

func profiles(t *testing.T, s *Store) {
	put := func(ticks, minute int) string {
		t.Helper()
		hash, err := s.PutProfile(t.Context(), "q|30s", detector.Profile{Ticks: ticks}, at(minute))
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	first := put(1, 1)
	if ok, err := uses(t.Context(), s, first); err != nil || !ok {
		t.Errorf("not kept: %v", err)
	}
	second := put(2, 5)
	put(1, 3) // learned before the second, stored after
	hash, learned, err := s.NewestProfile(t.Context(), "q|30s")
	if err != nil || hash != second || !learned.Equal(at(5)) {
		t.Errorf("%s, %s, %v", hash, learned, err)
	}
	if p, err := s.ProfileByHash(t.Context(), first); err != nil || p.Ticks != 1 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, _, err := s.NewestProfile(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.ProfileByHash(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
}

// profilesUnused checks that an unused profile is deleted when a newer one takes
// its name, and a used one when its retention ends.
func profilesUnused(t *testing.T, s *Store) {
	put := func(ticks, minute int) string {
		t.Helper()
		hash, err := s.PutProfile(t.Context(), "q", detector.Profile{Ticks: ticks}, at(minute))
		if err != nil {
			t.Fatal(err)
		}
		return hash
	}
	kept := func(hash string) bool {
		_, err := s.ProfileByHash(t.Context(), hash)
		return err == nil
	}
	unused := put(1, 1)
	used := put(2, 2)
	if ok, err := uses(t.Context(), s, unused); err != nil || ok {
		t.Errorf("a profile that is gone was taken: %v", err)
	}
	if kept, err := s.UseProfiles(t.Context(), []string{unused, used, used}); err != nil || !slices.Equal(kept, []string{used}) {
		t.Errorf("taken were %v, %v; want the one that is there", kept, err)
	}
	newest := put(3, 3)
	if kept(unused) || !kept(used) || !kept(newest) {
		t.Errorf("kept: unused %v, used %v, newest %v", kept(unused), kept(used), kept(newest))
	}
	if n, err := s.Prune(t.Context(), Ages{Before: at(30)}); err != nil || n.Profiles != 1 || kept(used) || !kept(newest) {
		t.Errorf("pruned %d, %v", n, err)
	}
}
