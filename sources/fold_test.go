package sources

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func at(minute int) time.Time { return time.Date(2026, 3, 1, 10, minute, 0, 0, time.UTC) }

func reported(status Status, minute int) Event {
	return Event{
		Source: "ci", EventID: "e", ChangeID: "c1", Status: status, At: at(minute),
		Service: "cart", Environment: "production", Kind: Deploy, Version: "v1",
	}
}

func foldAll(events ...Event) Change {
	c := Begin(events[0])
	for _, e := range events[1:] {
		c = c.Fold(e)
	}
	return c
}

func TestFoldTimes(t *testing.T) {
	f := func(name string, status Status, started, finished time.Time, events ...Event) {
		t.Helper()
		c := foldAll(events...)
		if c.Status != status || !c.StartedAt.Equal(started) || !c.FinishedAt.Equal(finished) {
			t.Errorf("%s: %s from %s to %s, want %s from %s to %s",
				name, c.Status, c.StartedAt, c.FinishedAt, status, started, finished)
		}
	}
	var never time.Time
	f("only the start", Started, at(0), never, reported(Started, 0))
	f("only the end", Succeeded, at(5), at(5), reported(Succeeded, 5))
	f("start and end", Succeeded, at(0), at(5), reported(Started, 0), reported(Succeeded, 5))
	f("the end overtook the start", Succeeded, at(0), at(5), reported(Succeeded, 5), reported(Started, 0))
	f("a start reported again later", Succeeded, at(0), at(5), reported(Started, 0), reported(Succeeded, 5), reported(Started, 7))
	f("an end reported again later", Succeeded, at(0), at(5), reported(Started, 0), reported(Succeeded, 5), reported(Succeeded, 50))
	f("failed, then tried again", Succeeded, at(0), at(9), reported(Started, 0), reported(Failed, 5), reported(Succeeded, 9))
	f("succeeded, then failed", Failed, at(0), at(9), reported(Started, 0), reported(Succeeded, 5), reported(Failed, 9))
	f("contradiction at one moment", Failed, at(5), at(5), reported(Failed, 5), reported(Succeeded, 5))
}

func TestFoldFields(t *testing.T) {
	no, yes := false, true
	first := reported(Started, 0)
	first.Version, first.Reversible, first.Riders = "", &no, []string{"zoe", "amy"}
	later := reported(Succeeded, 5)
	later.Version, later.Reversible, later.Actor, later.Riders = "v1", &yes, "amy", []string{"zoe", "amy"}
	later.Source, later.ChangeID, later.Labels = "argo", "sync-9", map[string]string{"ring": "1"}
	got := foldAll(first, later)
	want := Change{
		ID: "c1", Service: "cart", Environment: "production", Kind: Deploy, Version: "v1",
		Status: Succeeded, StartedAt: at(0), FinishedAt: at(5),
		Ends:   []End{{Status: Succeeded, First: at(5), Last: at(5)}},
		Riders: []string{"zoe", "amy"}, Reversible: false, Actor: "amy", Labels: map[string]string{"ring": "1"},
		Witnesses: []Witness{{Source: "ci", ChangeID: "c1", At: at(0)}, {Source: "argo", ChangeID: "sync-9", At: at(5)}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// events draws what one or two tools may say of one change, contradictions
// and repetitions included.
func events() *rapid.Generator[[]Event] {
	word := rapid.SampledFrom([]string{"", "a", "b", "c"})
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Event {
		e := reported(rapid.SampledFrom([]Status{Started, Succeeded, Failed}).Draw(t, "status"), rapid.IntRange(0, 5).Draw(t, "minute"))
		e.Sequence = rapid.Int64Range(0, 2).Draw(t, "sequence")
		e.Source = rapid.SampledFrom([]string{"ci", "argo"}).Draw(t, "source")
		e.Version, e.Actor, e.URL = word.Draw(t, "version"), word.Draw(t, "actor"), word.Draw(t, "url")
		e.Previous, e.Group, e.RollbackOf = word.Draw(t, "previous"), word.Draw(t, "group"), word.Draw(t, "rollback of")
		e.Riders = rapid.SliceOfN(word, 0, 3).Draw(t, "riders")
		e.Labels = rapid.MapOfN(word, word, 0, 3).Draw(t, "labels")
		if rapid.Bool().Draw(t, "says reversible") {
			reversible := rapid.Bool().Draw(t, "reversible")
			e.Reversible = &reversible
		}
		return e
	}), 1, 6)
}

func TestFoldTakesAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := events().Draw(t, "events")
		shuffled := rapid.Permutation(drawn).Draw(t, "shuffled")
		if diff := cmp.Diff(normal(foldAll(drawn...)), normal(foldAll(shuffled...))); diff != "" {
			t.Fatal(diff)
		}
	})
}

// normal makes no riders and no labels look alike however they came about.
func normal(c Change) Change {
	if len(c.Riders) == 0 {
		c.Riders = nil
	}
	if len(c.Labels) == 0 {
		c.Labels = nil
	}
	return c
}

func TestFoldTwiceIsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := events().Draw(t, "events")
		if diff := cmp.Diff(normal(foldAll(drawn...)), normal(foldAll(append(drawn, drawn...)...))); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestFoldLeavesItsChangeAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		drawn := events().Draw(t, "events")
		c, same := foldAll(drawn...), foldAll(drawn...)
		for _, e := range events().Draw(t, "more") {
			c.Fold(e)
		}
		if diff := cmp.Diff(same, c); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestNewerIsAnOrder(t *testing.T) {
	f := func(a, b Change) {
		t.Helper()
		if !Newer(a, b) || Newer(b, a) || Newer(a, a) {
			t.Errorf("%+v is not newer than %+v", a, b)
		}
	}
	f(Change{StartedAt: at(1)}, Change{StartedAt: at(0), Sequence: 9, ID: "zz"})
	f(Change{StartedAt: at(1), Sequence: 2}, Change{StartedAt: at(1), Sequence: 1, ID: "z"})
	f(Change{StartedAt: at(1), ID: "10"}, Change{StartedAt: at(1), ID: "9"})
	f(Change{StartedAt: at(1), ID: "b"}, Change{StartedAt: at(1), ID: "a"})
}
