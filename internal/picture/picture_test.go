package picture

import (
	"bytes"
	"errors"
	"flag"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/internal/report"
	"github.com/pushback/pushback/rollback"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

var update = flag.Bool("update", false, "write the golden files")

var began = time.Date(2026, time.November, 22, 14, 2, 0, 0, time.UTC)

// subject is a change whose errors rose, under a rule with two signals.
func subject() Subject {
	limit := 0.05
	before, after := wave(0.005, 0.001, 30), wave(0.031, 0.004, 14)
	return Subject{
		Record: report.Record{
			Change: sources.Change{Service: "cart", Environment: "production", Version: "v42", Kind: sources.Deploy, StartedAt: began, FinishedAt: began.Add(90 * time.Second)},
			Watch: watch.Watch{Rule: "web", Plan: detector.Plan{Rule: "web", Tick: time.Minute, Before: 30, After: 30, Signals: []detector.Signal{
				{Name: "errors", Unit: "fraction", Limit: &limit}, {Name: "latency.mean", Unit: "seconds"},
			}}},
			Verdict: detector.Verdict{
				Rule: "web", At: began.Add(17 * time.Minute), Tick: 14, Outcome: detector.Regressed, Grade: detector.Certain, Signals: []detector.Evidence{
					{
						Signal: "errors", Unit: "fraction", Grade: detector.Certain, P: 0.0002, RawP: 0.0001, Tests: []detector.Test{detector.ByCounts}, Onset: began.Add(3 * time.Minute),
						Effect: detector.Effect{Forecast: 0.005, After: 0.031, Difference: 0.026, Ratio: 6.2, Low: 0.019, High: 0.034},
					},
					{
						Signal: "latency.mean", Unit: "seconds", P: 0.41, RawP: 0.41, Healthy: true,
						Effect: detector.Effect{Forecast: 0.182, After: 0.185, Difference: 0.003, Ratio: 1.016, Low: -0.004, High: 0.011},
					},
				},
			},
			Observation: detector.Observation{
				At: began.Add(17 * time.Minute), StartedAt: began, From: began.Add(3 * time.Minute), Settled: time.Minute, Readings: []detector.Reading{
					{Signal: "errors", Before: detector.Ticks{Value: before}, After: detector.Ticks{Value: after}},
					{Signal: "latency.mean", Before: detector.Ticks{Value: wave(0.182, 0.012, 30)}, After: detector.Ticks{Value: wave(0.185, 0.012, 14)}},
				},
			},
		},
		Order: rollback.Done, SentAt: began.Add(16 * time.Minute),
	}
}

// wave returns n ticks around a level, one of them missing.
func wave(level, swing float64, n int) detector.Values {
	v := make(detector.Values, n)
	for i := range v {
		v[i] = level + swing*math.Sin(float64(i)*1.7) + swing/2*math.Sin(float64(i)*0.31+level)
	}
	v[n/3] = math.NaN()
	return v
}

// blindSubject could be measured before the change alone.
func blindSubject() Subject {
	s := subject()
	s.Verdict.Outcome, s.Verdict.Grade, s.Verdict.Reason = detector.Blind, detector.None, detector.SourceError
	s.Order = ""
	for i := range s.Verdict.Signals {
		e := &s.Verdict.Signals[i]
		*e = detector.Evidence{Signal: e.Signal, Unit: e.Unit, P: 1, RawP: 1, Reason: detector.SourceError}
		s.Observation.Readings[i].After = detector.Ticks{}
	}
	return s
}

// wide is a subject of so many signals and ticks, all certain.
func wide(signals, ticks int) Subject {
	s := subject()
	e, r, plan := s.Verdict.Signals[0], s.Observation.Readings[0], s.Watch.Plan.Signals[0]
	s.Verdict.Signals, s.Observation.Readings, s.Watch.Plan.Signals = nil, nil, nil
	noise := rand.New(rand.NewPCG(1, 2))
	for range signals {
		e.Signal += "x"
		r.Signal, plan.Name = e.Signal, e.Signal
		r.Before.Value, r.After.Value = make(detector.Values, ticks/2), make(detector.Values, ticks/2)
		for i := range r.Before.Value {
			r.Before.Value[i], r.After.Value[i] = 0.005+0.001*noise.NormFloat64(), 0.031+0.004*noise.NormFloat64()
		}
		s.Verdict.Signals = append(s.Verdict.Signals, e)
		s.Observation.Readings = append(s.Observation.Readings, r)
		s.Watch.Plan.Signals = append(s.Watch.Plan.Signals, plan)
	}
	return s
}

func mustDraw(tb testing.TB, s Subject, c Choice) *Drawing {
	tb.Helper()
	d, err := Draw(s, c)
	if err != nil {
		tb.Fatal(err)
	}
	return d
}

func mustPNG(tb testing.TB, d *Drawing) []byte {
	tb.Helper()
	b, err := d.PNG()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	rolling := subject()
	rolling.Order = rollback.Sending
	for name, one := range map[string]struct {
		subject Subject
		choice  Choice
	}{
		"regressed":      {subject(), Choice{}},
		"regressed-dark": {subject(), Choice{Dark: true}},
		"latency":        {subject(), Choice{Signal: "latency.mean", Width: MinWidth}},
		"rolling-back":   {rolling, Choice{}},
		"blind":          {blindSubject(), Choice{}},
		"many":           {wide(7, 960), Choice{}},
	} {
		t.Run(name, func(t *testing.T) {
			d := mustDraw(t, one.subject, one.choice)
			golden(t, name+".svg", d.SVG(), bytes.Equal)
			golden(t, name+".png", mustPNG(t, d), samePixels(t))
		})
	}
}

func golden(t *testing.T, name string, got []byte, same func(a, b []byte) bool) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !same(got, want) {
		t.Errorf("%s is another picture now: look at it, and run go test -update", name)
	}
}

// samePixels compares pictures and not their bytes, which a later compressor may choose otherwise.
func samePixels(t *testing.T) func(a, b []byte) bool {
	return func(a, b []byte) bool {
		x, err := png.Decode(bytes.NewReader(a))
		if err != nil {
			t.Fatal(err)
		}
		y, err := png.Decode(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if x.Bounds() != y.Bounds() {
			return false
		}
		for row := range x.Bounds().Dy() {
			for column := range x.Bounds().Dx() {
				r, g, b, _ := x.At(column, row).RGBA()
				r2, g2, b2, _ := y.At(column, row).RGBA()
				if r != r2 || g != g2 || b != b2 {
					return false
				}
			}
		}
		return true
	}
}

// Equal subjects give equal bytes, also where several are drawn at once.
func TestSameBytes(t *testing.T) {
	d := mustDraw(t, subject(), Choice{})
	svg, painted := d.SVG(), mustPNG(t, d)
	for range 4 {
		t.Run("again", func(t *testing.T) {
			t.Parallel()
			again := mustDraw(t, subject(), Choice{})
			if !bytes.Equal(again.SVG(), svg) || !bytes.Equal(mustPNG(t, again), painted) {
				t.Error("another picture of the same subject")
			}
		})
	}
}

// A picture is small, also of twenty signals with a whole day of minutes.
func TestSize(t *testing.T) {
	for name, s := range map[string]Subject{"usual": subject(), "large": wide(20, 960)} {
		d := mustDraw(t, s, Choice{})
		svg, painted := len(d.SVG()), len(mustPNG(t, d))
		t.Logf("%s: %d × %d, svg %d bytes, png %d bytes", name, d.width, d.height, svg, painted)
		if svg > 30<<10 || painted > 40<<10 {
			t.Errorf("%s: svg %d bytes, png %d bytes", name, svg, painted)
		}
	}
}

// What cannot be shown is an error, and no empty picture.
func TestNothing(t *testing.T) {
	none := blindSubject()
	none.Observation.Readings = nil
	if _, err := Draw(none, Choice{}); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
	missing := blindSubject()
	for i := range missing.Observation.Readings {
		missing.Observation.Readings[i].Before.Value = detector.Values{math.NaN(), math.Inf(1), 1e300}
	}
	if _, err := Draw(missing, Choice{}); !errors.Is(err, ErrNothing) {
		t.Error(err)
	}
	if _, err := Draw(subject(), Choice{Signal: "nothing"}); !errors.Is(err, ErrNoSignal) || !strings.Contains(err.Error(), "errors, latency.mean") {
		t.Error(err)
	}
}

// Only what got worse is shown where something did; the words say what became of it.
func TestWords(t *testing.T) {
	said := mustDraw(t, subject(), Choice{}).Words()
	for _, want := range []string{"cart v42 in production: regressed, certain", "errors 0.5 % → 3.1 %", "once in 5,000 quiet half hours"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in %q", want, said)
		}
	}
	if strings.Contains(said, "latency") {
		t.Error(said)
	}
	if said := string(mustDraw(t, blindSubject(), Choice{}).SVG()); strings.Contains(said, "chance") || strings.Contains(strings.ToLower(said), "healthy") || !strings.Contains(said, "blind") {
		t.Error(said)
	}
	for state, want := range map[rollback.State]string{
		rollback.Sending: "rolling back", rollback.Done: "rolled back", rollback.Failed: "rollback failed", rollback.Unknown: "outcome unknown", rollback.Proposed: "",
	} {
		s := subject()
		s.Order = state
		svg := string(mustDraw(t, s, Choice{}).SVG())
		if strings.Contains(svg, "rolled back") != (state == rollback.Done) || !strings.Contains(svg, want) {
			t.Errorf("%s: %s", state, svg)
		}
	}
}

// No word of a mark meets another, wherever the marks are, and each stays in its box.
func TestMarksNeverOverlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		left, right := 60.0, rapid.Float64Range(150, 1500).Draw(t, "right")
		var marks []mark
		for range rapid.IntRange(0, 8).Draw(t, "marks") {
			marks = append(marks, mark{
				at:     rapid.Float64Range(left-20, right+20).Draw(t, "at"),
				word:   rapid.SampledFrom([]string{"began", "finished", "settled", "got worse", "rolled back", "rollback: outcome unknown"}).Draw(t, "word"),
				before: rapid.Bool().Draw(t, "before"),
			})
		}
		labels, rows := faces{}.place(marks, func(at float64) float64 { return at }, left, right)
		for i, a := range labels {
			if a.left < left || a.left+a.words.width > right || a.row >= rows {
				t.Fatalf("%q is outside: %+v", a.word, a)
			}
			for _, b := range labels[:i] {
				if a.row == b.row && a.left < b.left+b.words.width && b.left < a.left+a.words.width {
					t.Fatalf("%q meets %q", a.word, b.word)
				}
				if a.row > b.row && !a.short && b.left < a.x && a.x < b.left+b.words.width {
					t.Fatalf("the line of %q goes through %q", a.word, b.word)
				}
			}
		}
	})
}

func BenchmarkSVG(b *testing.B) {
	s := wide(20, 960)
	b.ReportAllocs()
	for b.Loop() {
		mustDraw(b, s, Choice{}).SVG()
	}
}

func BenchmarkPNG(b *testing.B) {
	s := wide(20, 960)
	b.ReportAllocs()
	for b.Loop() {
		mustPNG(b, mustDraw(b, s, Choice{}))
	}
}
