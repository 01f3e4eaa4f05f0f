package report

import (
	"math"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pushback/pushback/detector"
)

func plotsOf(t *testing.T, r Record, s Style) string {
	t.Helper()
	var b strings.Builder
	if err := Plots(&b, r, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func timedRecord() Record {
	r := record()
	r.Watch.Plan.Tick = time.Minute
	r.Observation.From, r.Observation.Gap = at.Add(2*time.Minute), 2
	return r
}

func TestPlots(t *testing.T) {
	checkGolden(t, "plots.txt", plotsOf(t, timedRecord(), Style{}))
	checkGolden(t, "plotsascii.txt", plotsOf(t, timedRecord(), Style{ASCII: true, Width: 50}))
	recovery := timedRecord()
	recovery.Watch.After = at
	if text := plotsOf(t, recovery, Style{}); !strings.Contains(text, "rollback 12:00") {
		t.Errorf("the line of a recovery watch is not the rollback:\n%s", text)
	}
}

// TestPlotsStayInTheirWidth: a plot is no wider than it may be, whatever was measured.
func TestPlotsStayInTheirWidth(t *testing.T) {
	for _, width := range []int{40, 57, 80, 200} {
		for _, after := range []int{0, 1, 3, 40, 700} {
			r := timedRecord()
			r.Observation.Readings[0].After.Value = make(detector.Values, after)
			for _, line := range strings.Split(plotsOf(t, r, Style{Width: width}), "\n") {
				drawn := strings.ContainsAny(line, "┤└")
				if n := utf8.RuneCountInString(line); drawn && n > width {
					t.Errorf("%d columns of %d: %s", n, width, line)
				}
			}
		}
	}
}

func TestSpark(t *testing.T) {
	f := func(before, after detector.Values, columns int, onlyASCII bool, want string) {
		t.Helper()
		if got := Spark(before, after, columns, onlyASCII); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(detector.Values{1, 2, 1}, detector.Values{7, 8, math.NaN(), 8}, 20, false, "▁▂▁│▇█ █")
	f(detector.Values{1, 2, 1}, detector.Values{7, 8, math.NaN(), 8}, 20, true, ".:.|*# #")
	f(detector.Values{0, 0}, detector.Values{0}, 20, false, "▁▁│▁")
	f(detector.Values{5, 5}, detector.Values{5}, 20, false, "██│█")
	f(nil, nil, 20, false, "│")
	f(make(detector.Values, 60), make(detector.Values, 20), 9, false, "▁▁▁▁▁▁│▁▁")
}

func TestShort(t *testing.T) {
	f := func(e detector.Evidence, want string) {
		t.Helper()
		if got := Short(e); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	f(errorsRose(), "errors 0.5 % → 3.1 %")
	f(lostSignal(&detector.Loss{EventsBefore: 6000, EventsAfter: 12.5}), "errors traffic 6000 → 12.5 events/min")
	f(detector.Evidence{Signal: "errors", Reason: detector.NoData}, "errors no_data")
	f(detector.Evidence{Signal: "er\x1brors"}, "er?rors not compared")
	forecast, observed, diff := Numbers(errorsRose())
	if forecast != "0.5 %" || observed != "3.1 %" || diff != "+2.6 points" {
		t.Errorf("%q, %q, %q", forecast, observed, diff)
	}
}
