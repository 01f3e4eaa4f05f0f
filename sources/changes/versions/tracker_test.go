package versions

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var began = time.Date(2026, time.November, 29, 12, 0, 0, 0, time.UTC)

// follow gives a tracker one answer every 15 seconds: "v1=3 v2=1", and "" for a gap. It returns
// what the tracker found out, as "started v2 at tick 4".
func follow(answers ...string) (found []string) {
	t := newTracker(time.Minute)
	words := map[movement]string{appeared: "started", replaced: "succeeded", vanished: "failed"}
	for tick, answer := range answers {
		at := began.Add(time.Duration(tick) * 15 * time.Second)
		for _, m := range t.observe(parse(answer), at) {
			text := fmt.Sprintf("%s %s at %d", words[m.what], m.version, int(m.at.Sub(began)/(15*time.Second)))
			if m.what == appeared && m.previous != "" {
				text += " after " + m.previous
			}
			found = append(found, text)
		}
	}
	return found
}

func parse(answer string) instances {
	now := instances{}
	for _, word := range strings.Fields(answer) {
		version, n, _ := strings.Cut(word, "=")
		count := 0
		_, _ = fmt.Sscan(n, &count)
		now[version] = count
	}
	return now
}

func times(n int, answer string) []string { return slices.Repeat([]string{answer}, n) }

func TestTracker(t *testing.T) {
	f := func(name string, answers []string, want ...string) {
		t.Helper()
		if got := follow(answers...); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	all := slices.Concat[[]string]
	f("nothing", times(20, ""))
	f("what runs first is the baseline", times(20, "v1=3"))
	f("two run at the start, and one stays", all(times(3, "v1=2 v2=1"), times(10, "v2=3")))
	f("a rollout", all(times(2, "v1=3"), times(3, "v1=2 v2=1"), times(8, "v2=3")), "started v2 at 2 after v1", "succeeded v2 at 5")
	f("at once", all(times(2, "v1=3"), times(8, "v2=3")), "started v2 at 2 after v1", "succeeded v2 at 2")
	f("it goes back", all(times(2, "v1=3"), times(3, "v1=2 v2=1"), times(8, "v1=3")), "started v2 at 2 after v1", "failed v2 at 5")
	f("seen once", all(times(2, "v1=3"), []string{"v1=2 v2=1"}, times(8, "v1=3")))
	f("every second answer", all(times(2, "v1=3"), slices.Repeat([]string{"v2=3", "v1=3"}, 20)))
	f("the store is down", all(times(2, "v1=3"), times(40, ""), times(8, "v1=3")))
	f("the store is down during a rollout", all(times(2, "v1=3"), times(2, "v1=2 v2=1"), times(40, ""), times(8, "v2=3")), "started v2 at 2 after v1", "succeeded v2 at 44")
	f("some instances are not scraped", all(times(2, "v1=3"), times(8, "v1=1"), times(8, "v1=3")))
	f("the old one comes back for a moment", all(times(2, "v1=3"), times(3, "v2=3"), []string{"v1=1 v2=2"}, times(9, "v2=3")), "started v2 at 2 after v1", "succeeded v2 at 6")
	f("another version pushes it aside", all(times(2, "v1=3"), times(3, "v1=2 v2=1"), times(3, "v1=2 v3=1"), times(8, "v3=3")),
		"started v2 at 2 after v1", "started v3 at 5 after v1", "succeeded v3 at 8")
	f("one of two baselines is replaced", all(times(2, "v1=3 old=1"), times(3, "v1=1 old=1 v2=2"), times(8, "old=1 v2=3")), "started v2 at 2", "succeeded v2 at 5")
	f("back to the version before", all(times(2, "v1=3"), times(8, "v2=3"), times(8, "v1=3")),
		"started v2 at 2 after v1", "succeeded v2 at 2", "started v1 at 10 after v2", "succeeded v1 at 10")
}

// TestTrackerInventsNothing: whatever gaps there are, one version makes no event, and every end is of
// a version that began.
func TestTrackerInventsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		answers := rapid.SliceOfN(rapid.SampledFrom([]string{"", "v1=3", "v1=1", "v1=10"}), 0, 60).Draw(t, "answers")
		if got := follow(answers...); len(got) > 0 {
			t.Fatalf("one version makes %q", got)
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		answers := rapid.SliceOfN(rapid.SampledFrom([]string{"", "v1=3", "v1=1 v2=2", "v2=3", "v2=1 v3=1", "v3=2", "v1=1 v2=1 v3=1"}), 0, 80).Draw(t, "answers")
		open := map[string]int{}
		for _, text := range follow(answers...) {
			words := strings.Fields(text)
			if words[0] == "started" {
				open[words[1]]++
				continue
			}
			if open[words[1]]--; open[words[1]] < 0 {
				t.Fatalf("%q without its start", text)
			}
		}
	})
}
