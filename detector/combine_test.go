package detector

import (
	"strings"
	"testing"
	"time"

	"github.com/pushback/pushback/sources"
)

// named gives a series a label.
func named(s sources.Series, pairs ...string) sources.Series {
	s.Labels = map[string]string{}
	for i := 0; i < len(pairs); i += 2 {
		s.Labels[pairs[i]] = pairs[i+1]
	}
	return s
}

func TestSeveralSeriesAreCombinedAsTheRuleSays(t *testing.T) {
	f := func(name string, c Combine, ss []sources.Series, want Ticks) {
		t.Helper()
		got := Tabulate(Raw{Form: FormLevel, Combine: c, Value: ss}, grid(len(want.Value)))
		same(t, name, got, want)
		if got.Series != want.Series {
			t.Errorf("%s: %d series, want %d", name, got.Series, want.Series)
		}
	}
	pods := []sources.Series{minutes(0, 1, 2, 3), minutes(0, 10, gap, 30)}
	f("one is expected", One, pods, Ticks{Value: Values{10, 2, 30}, Series: 2})
	f("the lowest is worse", OneLowest, pods, Ticks{Value: Values{1, 2, 3}, Series: 2})
	f("of a history", OneOnly, pods, Ticks{Value: Values{gap, 2, gap}})
	f("several for a while", One, []sources.Series{minutes(0, 1, 2, gap, gap, gap), minutes(gap, 5, 5, 5, 5, 5)}, Ticks{Value: Values{gap, gap, 5, 5, 5}})
	f("mean of those that are there", Mean, pods, Ticks{Value: Values{5.5, 2, 16.5}})
	f("max", Max, pods, Ticks{Value: Values{10, 2, 30}})
	f("min", Min, pods, Ticks{Value: Values{1, 2, 3}})
	f("a sum without one of its series is none", Sum, pods, Ticks{Value: Values{11, gap, 33}})
	f("a series that was not there for long is not missed", Sum, []sources.Series{
		minutes(0, 1, 1, 1, 1, 1, 1), minutes(0, 9, gap, gap, gap, gap, 9),
	}, Ticks{Value: Values{10, 1, 1, 1, 1, 10}})
	f("a pod that replaces another", One, []sources.Series{minutes(0, 1, 2, gap, gap), minutes(gap, gap, gap, 3, 4)}, Ticks{Value: Values{1, 2, 3, 4}})
	f("pods that come and go", Mean, []sources.Series{minutes(0, 4, 4, gap, gap), minutes(gap, gap, gap, 4, 4), minutes(0, 4, 4, 4, 4)}, Ticks{Value: Values{4, 4, 4, 4}})
}

func TestSeveralSeriesOfARatio(t *testing.T) {
	f := func(name string, c Combine, bad, total []sources.Series, want Ticks) {
		t.Helper()
		got := Tabulate(Raw{Form: FormRatio, Combine: c, Value: total, Part: bad}, grid(len(want.Value)))
		same(t, name, got, want)
		if got.Series != want.Series {
			t.Errorf("%s: %d series, want %d", name, got.Series, want.Series)
		}
	}
	bad := []sources.Series{named(minutes(0, 1, gap), "__name__", "bad", "pod", "a"), named(minutes(0, 30, 40), "__name__", "bad", "pod", "b")}
	total := []sources.Series{named(minutes(0, 100, 100), "__name__", "all", "pod", "a"), named(minutes(0, 50, 50), "__name__", "all", "pod", "b")}
	f("counts add up", Sum, bad, total, Ticks{Value: Values{31. / 150, 40. / 150}, Bad: Values{31, 40}, Total: Values{150, 150}})
	f("the worst pod", One, bad, total, Ticks{Value: Values{.6, .8}, Bad: Values{30, 40}, Total: Values{50, 50}, Series: 2})
	f("the lowest is worse", OneLowest, bad, total, Ticks{Value: Values{.01, 0}, Bad: Values{1, 0}, Total: Values{100, 100}, Series: 2})
	f("by code, of one total", One, bad, total[:1], Ticks{Value: Values{.3, .4}, Bad: Values{30, 40}, Total: Values{100, 100}, Series: 2})
	f("of a history", OneOnly, bad, total, Ticks{Value: Values{gap, gap}, Bad: Values{gap, gap}, Total: Values{gap, gap}})
	f("pods without errors", One, nil, total, Ticks{Value: Values{0, 0}, Bad: Values{0, 0}, Total: Values{100, 100}, Series: 2})
}

func TestSeveralSeriesAreLeftToTheLimit(t *testing.T) {
	limit := 250.0
	f := func(name string, s Signal, series int, level, after float64, grade Grade, reason Reason, note string) {
		t.Helper()
		fill := func(n int, v float64) Values {
			x := make(Values, n)
			for i := range x {
				x[i] = v + float64(i%3)/10
			}
			return x
		}
		p := Plan{Rule: "r", Tick: time.Minute, Before: 30, After: 30, Signals: []Signal{s}}
		v := Judge(p, nil, Observation{
			At: deploy.Add(31 * time.Minute), StartedAt: deploy, From: deploy, Final: true,
			Readings: []Reading{{Signal: s.Name, Supply: Fresh, Before: Ticks{Value: fill(30, level), Series: series}, After: Ticks{Value: fill(30, after), Series: series}}},
		})
		e := v.Signals[0]
		if e.Grade != grade || e.Reason != reason || e.Healthy || !strings.Contains(strings.Join(e.Notes, " "), note) {
			t.Errorf("%s: %+v", name, e)
		}
	}
	s := Signal{Name: "latency", Kind: Level, Worse: Higher, Limit: &limit, Place: "rules/red.yml:7"}
	f("the worst is beyond the limit", s, 3, 100, 900, Certain, LimitBreached, "")
	f("more of them, none beyond", s, 3, 100, 200, None, SeveralSeries, "Say combine: sum, mean, max or min at rules/red.yml:7")
	f("more of them, none beyond", s, 3, 100, 200, None, SeveralSeries, "only its limit is judged")
	s.Limit = nil
	f("without a limit", s, 6, 100, 900, None, SeveralSeries, "Until then it is not judged")
	s.Place = ""
	f("of a rule that is no longer there", s, 6, 100, 900, None, SeveralSeries, "max or min, or aggregate")
}

// TestVanishedLevels holds which ticks of a combined level are incomplete.
func TestVanishedLevels(t *testing.T) {
	g := Grids{Before: grid(8), After: Grid{Start: deploy.Add(8 * time.Minute), Tick: time.Minute, N: 2}}
	level := func(pod string, values ...float64) sources.Series { return named(minutes(values...), "pod", pod) }
	past := []sources.Series{level("a", steadily(100, 0, 9)...), level("b", steadily(200, 0, 9)...), level("c", steadily(600, 0, 9)...)}
	f := func(name string, c Combine, want []int, now ...sources.Series) {
		t.Helper()
		_, after, _ := Around(Raw{Form: FormLevel, Combine: c, Value: past}, Raw{Form: FormLevel, Combine: c, Value: now}, g)
		same(t, name, after.Incomplete, want)
	}
	a, b, c := level("a", steadily(100, 0, 11)...), level("b", steadily(200, 0, 11)...), level("c", steadily(600, 0, 11)...)
	both := []int{0, 1}
	f("all are there", Mean, nil, a, b, c)
	f("a quick one is gone", Mean, both, b, c)
	f("for a tick", Mean, []int{1}, level("a", steadily(100, 0, 10)...), b, c)
	f("others make up for it", Mean, nil, a, b, level("d", steadily(900, 0, 11)...))
	f("none of before is there", Mean, nil, level("d", steadily(900, 0, 11)...))
	f("not the highest", Max, nil, b, c)
	f("the highest", Max, both, a, b)
	f("the lowest", Min, both, b, c)
	f("a part of a sum", Sum, both, a, b)
	f("a part that the others carry", Sum, nil, level("a", steadily(400, 0, 11)...), level("b", steadily(490, 0, 11)...))
}
