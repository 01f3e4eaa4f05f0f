package report

import (
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

var update = flag.Bool("update", false, "write the golden files anew")

var at = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

func errorsRose() detector.Evidence {
	return detector.Evidence{
		Signal: "errors", Unit: "fraction", Worse: detector.Higher, Grade: detector.Certain, Tests: []detector.Test{detector.ByCounts, detector.ByScan},
		P: 0.0002, RawP: 0.0001, Effect: detector.Effect{Forecast: 0.005, After: 0.031, Difference: 0.026, Ratio: 6.2, Low: 0.019, High: 0.034},
		Counts: &detector.Tally{BadBefore: 15, TotalBefore: 3000, BadAfter: 93, TotalAfter: 3000, Overdispersion: 1.4},
		Onset:  at.Add(2 * time.Minute), Smallest: 0.0081, Forecaster: "recent", History: 2880, Placebos: 941, AlarmRate: 0.011,
		LeftOut: detector.Windows{{From: at.Add(-50 * time.Hour), To: at.Add(-49 * time.Hour)}},
		Query:   `sum(rate(http_requests_total{job="cart"}[1m]))`, Notes: []string{"Only 12 bad events stand behind this."},
	}
}

func latencyRose() detector.Evidence {
	return detector.Evidence{
		Signal: "latency.mean", Unit: "seconds", Grade: detector.Suspect, P: 0.031, RawP: 0.0155, Reason: detector.ShortHistory, Tests: []detector.Test{detector.ByBlocks},
		Effect: detector.Effect{Forecast: 0.0821, After: 0.0973, Difference: 0.0152, Ratio: 1.185, Low: -0.001, High: 0.031},
	}
}

// What is known of the change itself stands ahead of the signals; what one of
// them gives stands in its own line.
func TestMovedSaysWhatNoSignalDoes(t *testing.T) {
	f := func(reason detector.Reason, want ...string) {
		t.Helper()
		got := Moved(detector.Verdict{Reason: reason, Signals: []detector.Evidence{errorsRose()}}, time.Hour)
		if len(got) != len(want)+1 || !slices.Equal(got[:len(want)], want) {
			t.Errorf("%q: %q", reason, got)
		}
	}
	f("")
	f(detector.LimitBreached)
	f(detector.FailedRollout, "The rollout itself failed; the change is watched and never acted on.")
	f(detector.Confounded, "Another change landed at the same time; what moved cannot be told apart.")
}

func TestMoved(t *testing.T) {
	f := func(e detector.Evidence, want string) {
		t.Helper()
		if got := Moved(detector.Verdict{Signals: []detector.Evidence{e}}, 30*time.Minute)[0]; got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	f(errorsRose(), "errors 0.5 % → 3.1 % (+2.6 points, 95 % 1.9 to 3.4; certain, p 0.0002, would happen by chance once in 5,000 quiet half hours, counts: 15 of 3000 → 93 of 3000)")
	f(latencyRose(), "latency.mean 82.1 ms → 97.3 ms (+15.2 ms, +18.5 %, 95 % −1 ms to 31 ms; suspect, p 0.031, would happen by chance once in 32 quiet half hours, short_history)")
	f(detector.Evidence{Signal: "orders", Effect: detector.Effect{Forecast: 120, After: 90, Difference: -30, Ratio: 0.75}, P: 1},
		"orders 120 → 90 (−30, −25 %; none, p 1)")
	f(detector.Evidence{Signal: "errors", Reason: detector.SourceError}, "errors: The metric store could not be asked, so nothing is known about the change.")
	f(detector.Evidence{Signal: "errors", Grade: detector.Likely, Reason: detector.SignalLost, Tests: []detector.Test{detector.ByLoss}},
		"errors likely: The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.")
	f(detector.Evidence{
		Signal: "errors", Unit: "fraction", Grade: detector.Certain, Reason: detector.LimitBreached, Tests: []detector.Test{detector.ByLimit},
		Effect: detector.Effect{After: 0.5, Difference: 0.5},
	}, "errors 0 % → 50 % (+50 points; certain, by limit, limit)")
	f(lostSignal(nil), "errors likely: The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.")
	f(lostSignal(&detector.Loss{EventsBefore: 6000, EventsAfter: 12.5, Before: 60, TicksBefore: 60, After: 3, TicksAfter: 3}),
		"errors traffic 6000 → 12.5 events/min (likely, by loss). The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.")
	f(lostSignal(&detector.Loss{Before: 60, TicksBefore: 58, After: 3}),
		"errors samples in 58 of 60 → 0 of 3 ticks (likely, by loss). The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive.")
	f(detector.Evidence{Signal: "errors", Unit: "fraction", P: 1, Effect: detector.Effect{Forecast: 0.005, After: 0.005, Difference: -8.7e-19, Ratio: 1}},
		"errors 0.5 % → 0.5 % (+0 points; none, p 1)")
}

// What a lost signal left behind is not what happened to it.
func lostSignal(l *detector.Loss) detector.Evidence {
	return detector.Evidence{
		Signal: "errors", Unit: "fraction", Grade: detector.Likely, Reason: detector.SignalLost, Tests: []detector.Test{detector.ByLoss}, Loss: l,
		Effect: detector.Effect{Forecast: 0.005, After: 0.0053, Difference: 0.0003, Ratio: 1.06},
	}
}

func TestHeadline(t *testing.T) {
	c := sources.Change{Service: "cart", Version: "v42", Environment: "production", Kind: sources.Deploy}
	f := func(v detector.Verdict, want string) {
		t.Helper()
		if got := Headline(c, v); got != want {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
	signals := []detector.Evidence{latencyRose(), errorsRose()}
	f(detector.Verdict{Outcome: detector.Regressed, Grade: detector.Certain, Signals: signals},
		"cart v42 in production: regressed, certain — errors 0.5 % → 3.1 %")
	f(detector.Verdict{Outcome: detector.Regressed, Grade: detector.Likely, Reason: detector.SignalLost, Signals: []detector.Evidence{lostSignal(nil)}},
		"cart v42 in production: regressed, likely — The signal lived until the change and is gone, or its traffic fell by more than 80 %, while the metric store is alive")
	gone := []detector.Evidence{lostSignal(&detector.Loss{EventsBefore: 6000, Before: 60, TicksBefore: 60})}
	f(detector.Verdict{Outcome: detector.Regressed, Grade: detector.Likely, Reason: detector.SignalLost, Signals: gone},
		"cart v42 in production: regressed, likely — errors traffic 6000 → 0 events/min")
	f(detector.Verdict{Outcome: detector.Healthy}, "cart v42 in production: healthy")
	f(detector.Verdict{Outcome: detector.Blind, Reason: detector.SourceError},
		"cart v42 in production: blind — The metric store could not be asked, so nothing is known about the change")
	f(detector.Verdict{Reason: detector.StillWatching}, "cart v42 in production: inconclusive — It is too early to say anything")
	unseen := detector.Verdict{Outcome: detector.Healthy, Signals: []detector.Evidence{
		{Signal: "errors", Reason: detector.UnmatchedSeries}, {Signal: "latency.mean", Healthy: true}, {Signal: "latency.slow", Healthy: true},
	}}
	if got, want := Headline(sources.Change{Service: "cart", Version: "v42", Environment: "production"}, unseen), "cart v42 in production: healthy by latency; errors were never seen"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestNumbers(t *testing.T) {
	f := func(v float64, unit, want string) {
		t.Helper()
		if got := value(v, unit); got != want {
			t.Errorf("%v %s is written %q, want %q", v, unit, got, want)
		}
	}
	f(0, "fraction", "0 %")
	f(0.00001, "fraction", "0.001 %")
	f(0.0052, "fraction", "0.52 %")
	f(0.1234, "fraction", "12.3 %")
	f(1, "fraction", "100 %")
	f(0.0000042, "seconds", "4.2 µs")
	f(0.0821, "seconds", "82.1 ms")
	f(1.5, "seconds", "1.5 s")
	f(75, "seconds", "75 s")
	f(0, "seconds", "0 s")
	f(1234.5, "", "1234")
	f(12345678, "", "1.23e+07")
	f(12, "requests", "12 requests")
	f(-0.25, "", "−0.25")

	p := func(v float64, want string) {
		t.Helper()
		if got := probability(v); got != want {
			t.Errorf("p %v is written %q, want %q", v, got, want)
		}
	}
	p(0, "p < 0.0001")
	p(0.000123, "p 0.00012")
	p(0.05, "p 0.05")
	p(0.999, "p 1")
}

func record() Record {
	before, after := make(detector.Values, 30), make(detector.Values, 12)
	for i := range before {
		before[i] = 0.005 + 0.001*math.Sin(float64(i))
	}
	for i := range after {
		after[i] = 0.031 + 0.003*math.Cos(float64(i))
	}
	before[7], after[0], after[1] = math.NaN(), 0.005, 0.0055
	return Record{
		Change: sources.Change{Service: "cart", Version: "v42", Environment: "production", Kind: sources.Deploy, StartedAt: at, FinishedAt: at.Add(time.Minute)},
		Watch:  watch.Watch{Plan: detector.Plan{After: 30, Tick: time.Minute}},
		Verdict: detector.Verdict{
			Rule: "red", At: at.Add(14 * time.Minute), Tick: 12, Outcome: detector.Regressed, Grade: detector.Certain, Method: "1",
			Signals: []detector.Evidence{errorsRose(), latencyRose()},
		},
		Observation: detector.Observation{Readings: []detector.Reading{{Signal: "errors", Before: detector.Ticks{Value: before}, After: detector.Ticks{Value: after}}}},
	}
}

func TestText(t *testing.T) {
	f := func(name string, s Style) {
		t.Helper()
		var b strings.Builder
		if err := Text(&b, record(), s); err != nil {
			t.Fatal(err)
		}
		checkGolden(t, name, b.String())
	}
	f("unicode.txt", Style{})
	f("ascii.txt", Style{ASCII: true, Width: 60})
	f("colour.txt", Style{Colour: true, Width: 100})
}

// checkGolden compares a text with a file of testdata.
func checkGolden(t *testing.T, name, text string) {
	t.Helper()
	golden := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(golden, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if text != string(want) {
		t.Errorf("%s differs (go test ./internal/report -update writes it anew):\n%s", name, text)
	}
}

// TestTextIsHarmless holds that what came from outside steers no terminal, and
// that ASCII is meant.
func TestTextIsHarmless(t *testing.T) {
	r := record()
	evil := "\x1b[2Jé\r\n\u202e\x00"
	r.Change.Service, r.Change.Version, r.Verdict.Rule = evil, evil, evil
	e := &r.Verdict.Signals[0]
	e.Signal, e.Query, e.Notes, e.Unit, e.Grade = evil, evil, []string{evil}, evil, detector.None
	for _, s := range []Style{{}, {ASCII: true}, {Colour: true}} {
		var b strings.Builder
		if err := Text(&b, r, s); err != nil {
			t.Fatal(err)
		}
		text := b.String()
		for _, bad := range []string{"\x1b[2J", "\r", "\u202e", "\x00"} {
			if strings.Contains(text, bad) {
				t.Errorf("%+v: %q reaches the terminal", s, bad)
			}
		}
		if !utf8.ValidString(text) || s.ASCII && strings.ContainsFunc(text, func(r rune) bool { return r > 126 }) {
			t.Errorf("%+v: not the characters that were asked for", s)
		}
	}
	for _, line := range Moved(r.Verdict, time.Hour) {
		if strings.ContainsAny(line, "\x1b\r\n") {
			t.Errorf("a line that is not one: %q", line)
		}
	}
}

func TestPlot(t *testing.T) {
	f := func(name string, before, after detector.Values, columns int) {
		t.Helper()
		d := plot(before, after, columns, plotRows, blocks)
		if len(d.rows) != plotRows || d.low > d.high {
			t.Errorf("%s: %d rows from %v to %v", name, len(d.rows), d.low, d.high)
		}
		for _, row := range d.rows {
			if n := utf8.RuneCountInString(row); n > columns {
				t.Errorf("%s: %d columns of %d", name, n, columns)
			}
		}
	}
	long := make(detector.Values, 500)
	f("long", long, long, 60)
	f("nothing", nil, nil, 60)
	f("missing", detector.Values{math.NaN()}, detector.Values{math.NaN()}, 60)
	f("wild", detector.Values{-1, math.Inf(1)}, detector.Values{1e308, -1e308}, 60)
	f("narrow", long, long[:7], 20)
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }

func TestTextReportsTheWriter(t *testing.T) {
	if err := Text(fullDisk{}, record(), Style{}); err == nil {
		t.Error("a failed write was not told")
	}
}
