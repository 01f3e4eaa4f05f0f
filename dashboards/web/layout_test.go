package web

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/detector/stats"
)

func signalsOf(grades ...string) (all []Signal) {
	for i, g := range grades {
		all = append(all, Signal{Name: fmt.Sprint(i), Grade: g, Plot: Plot{Signal: fmt.Sprint(i)}})
	}
	return all
}

// The worst comes first, and of the rest only so much is shown that the page stays short. Plots follow their signals.
func TestWorstFirst(t *testing.T) {
	c := Change{Watches: []Watch{
		{Rule: "calm", Grade: "none", Signals: signalsOf("none", "none")},
		{Rule: "red", Grade: "certain", Signals: signalsOf("none", "none", "suspect", "none", "none", "certain", "none")},
		{Rule: "blue", Grade: "suspect", Signals: signalsOf("suspect")},
	}}
	for i := range c.Watches {
		w := &c.Watches[i]
		w.Plots = PlotsOf(w.Signals, detector.Plan{}, detector.Observation{})
	}
	c.Arrange()
	var got strings.Builder
	for _, w := range c.Watches {
		fmt.Fprintf(&got, "%s folded %v, %d unlisted, %d undrawn:", w.Rule, w.Folded, w.Unlisted(), w.Undrawn())
		for i, s := range w.Signals {
			fmt.Fprintf(&got, " %s%s", s.Name, map[bool]string{true: "*"}[s.Drawn])
			if w.Plots.Signals[i].Signal != s.Name {
				t.Errorf("the plot of %s is that of %s", s.Name, w.Plots.Signals[i].Signal)
			}
		}
		if n := len(w.Shown().Signals) + len(w.Hidden().Signals); n != len(w.Signals) || len(w.Hidden().Signals) != w.Unlisted() {
			t.Errorf("%s shows %d and hides %d of %d", w.Rule, len(w.Shown().Signals), len(w.Hidden().Signals), len(w.Signals))
		}
		got.WriteString("\n")
	}
	want := "red folded false, 2 unlisted, 4 undrawn: 5* 2* 0* 1 3 4 6\n" +
		"blue folded false, 0 unlisted, 1 undrawn: 0\n" +
		"calm folded true, 0 unlisted, 2 undrawn: 0 1\n"
	if got.String() != want {
		t.Errorf("got\n%swant\n%s", got.String(), want)
	}
}

// Parts have a table of their own, the worst first, and a plot where they moved.
func TestPartsAreListed(t *testing.T) {
	var w Watch
	for i, grade := range []string{"none", "none", "likely", "none"} {
		s := Signal{Name: fmt.Sprint(i), Grade: grade, Part: "errors"}
		if i == 0 {
			s.Part = ""
		}
		w.AddSignal(s)
	}
	c := Change{Watches: []Watch{w}}
	c.Arrange()
	w = c.Watches[0]
	if len(w.Signals) != 2 || w.Signals[0].Name != "2" || len(w.Parts) != 1 || len(w.Parts[0].Rows) != 3 || w.Parts[0].Of != "errors" || w.Parts[0].Rows[0].Name != "2" {
		t.Errorf("%+v", w)
	}
}

func TestDistribution(t *testing.T) {
	if d := distributionOf(detector.Evidence{}, Plot{Before: Line{1, 2, 3, 4}, After: Line{1, 2, 3, 4, 5}}); d != nil {
		t.Errorf("of four ticks: %+v", d)
	}
	nan := math.NaN()
	d := distributionOf(detector.Evidence{Unit: "fraction"}, Plot{Before: Line{0.05, 0.01, nan, 0.03, 0.02, 0.04}, After: Line{0.1, 0.1, 0.1, 0.1, 0.1}})
	if d == nil || d.Of != "ticks" || d.Before != (Quantiles{"1.4 %", "3 %", "4.6 %"}) || d.After != (Quantiles{"10 %", "10 %", "10 %"}) ||
		d.Picture.Before.From != "0.0" || d.Picture.After.From != "98.0" || d.Picture.After.Width != "0.6" {
		t.Errorf("%+v %+v", d, d.Picture)
	}
	histogram := detector.Evidence{Unit: "seconds", Spread: &detector.Spread{
		Before: detector.Quantiles{P50: 0.1, P90: 0.2, P99: 0.3, Highest: 10}, After: detector.Quantiles{P50: 0.2, P90: 0.5, P99: 10, Highest: 10},
	}}
	d = distributionOf(histogram, Plot{})
	if d == nil || d.Of != "events" || d.Before.High != "300 ms" || d.After.High != "more than 10 s" || d.Shares[2] != "99 %" {
		t.Errorf("%+v", d)
	}
	if d := distributionOf(detector.Evidence{}, Plot{Before: make(Line, 9), After: make(Line, 9)}); d == nil || d.Picture != nil {
		t.Errorf("of nothing but zeros: %+v", d)
	}
}

func TestWorsened(t *testing.T) {
	began := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	f := func(from, to, want string) {
		t.Helper()
		e := detector.Evidence{}
		for text, at := range map[string]*time.Time{from: &e.OnsetFrom, to: &e.Onset} {
			if d, err := time.ParseDuration(text); err == nil {
				*at = began.Add(d)
			}
		}
		if got := worsened(e, began); got != want {
			t.Errorf("%s to %s: %q, want %q", from, to, got, want)
		}
	}
	f("", "", "")
	f("none", "130s", "got worse at about 12:02:10, +2 min 10 s")
	f("60s", "2m", "got worse between 12:01:00 and 12:02:00, +2 min")
	f("-90m", "-1h", "got worse between 10:30:00 and 11:00:00, −1 h")
}

func TestSinceBegan(t *testing.T) {
	f := func(d time.Duration, want string) {
		t.Helper()
		if got := SinceBegan(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	f(0, "+0 s")
	f(59600*time.Millisecond, "+1 min")
	f(130*time.Second, "+2 min 10 s")
	f(-3*time.Minute, "−3 min")
	f(2*time.Hour+5*time.Minute+59*time.Second, "+2 h 5 min")
	f(50*time.Hour, "+2 d 2 h")
}

// Of a long story the beginning and the end are shown at once, and nothing is lost.
func TestTimelineFolds(t *testing.T) {
	for n := range 40 {
		of := TimelineOf(make([]Moment, n))
		if len(of.First)+len(of.Middle)+len(of.Last) != n || len(of.First)+len(of.Last) > mostMoments || len(of.Middle) == 1 {
			t.Errorf("%d: %d, %d, %d", n, len(of.First), len(of.Middle), len(of.Last))
		}
	}
}

// The level is outside of the band exactly where the interval of its difference leaves out zero.
func TestQuietBandAgreesWithTheInterval(t *testing.T) {
	for _, e := range []detector.Effect{
		{Forecast: 5, After: 8, Difference: 3, Low: 1, High: 4},
		{Forecast: 5, After: 6, Difference: 1, Low: -1, High: 4},
		{Forecast: 5, After: 3, Difference: -2, Low: -3, High: -0.5},
		{Forecast: -5, After: 3, Difference: 8, Low: 7, High: 9},
	} {
		least, most := quietBand(e)
		if outside := e.After < float64(least) || e.After > float64(most); outside != (e.Low > 0 || e.High < 0) {
			t.Errorf("%+v: %v to %v", e, least, most)
		}
	}
	if least, most := quietBand(detector.Effect{Forecast: 5, After: 6, Difference: 1}); least != 5 || most != 5 {
		t.Errorf("without an interval: %v to %v", least, most)
	}
}

// Whatever the values and their order, the quantiles are those of all of them sorted.
func TestTenths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.SliceOfN(rapid.Float64Range(-5, 5), 1, 60).Draw(t, "values")
		sorted := slices.Sorted(slices.Values(v))
		want := [3]float64{stats.Quantile(sorted, 0.1), stats.Quantile(sorted, 0.5), stats.Quantile(sorted, 0.9)}
		if got := tenths(slices.Clone(v)); got != want {
			t.Fatalf("%v, want %v", got, want)
		}
	})
}

// What is noted of every signal is said once, and of the others nothing is lost.
func TestSharedNotes(t *testing.T) {
	f := func(want []string, left [][]string, of ...[]string) {
		t.Helper()
		c := Change{Watches: []Watch{{}}}
		for _, notes := range of {
			c.Watches[0].Signals = append(c.Watches[0].Signals, Signal{Grade: "none", Notes: notes})
		}
		c.Arrange()
		if got := c.Watches[0].Notes; !slices.Equal(got, want) {
			t.Errorf("of every signal %q, want %q", got, want)
		}
		for i, s := range c.Watches[0].Signals {
			if !slices.Equal(s.Notes, left[i]) {
				t.Errorf("of signal %d %q, want %q", i, s.Notes, left[i])
			}
		}
	}
	f([]string{"a", "b"}, [][]string{{"c"}, {}, {"d"}}, []string{"a", "c", "b"}, []string{"b", "a"}, []string{"a", "b", "d"})
	f([]string{"a"}, [][]string{{}, {}}, []string{"a", "a"}, []string{"a"})
	f(nil, [][]string{{"a"}, {}}, []string{"a"}, nil)
	f(nil, [][]string{{"a"}}, []string{"a"}) // stays beside its plot
	f(nil, nil)
}
