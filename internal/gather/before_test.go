package gather

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/pushback/pushback/detector"
	"github.com/pushback/pushback/sources"
	"github.com/pushback/pushback/watch"
)

// What is kept of the past, packed and without labels, gives the same ticks as the answer itself: over
// all forms, series that end, begin, restart and have equal labels.
func TestWhatIsKeptSaysTheSame(t *testing.T) {
	forms := []detector.Form{detector.FormCounts, detector.FormMean, detector.FormSlow, detector.FormLevel, detector.FormRatio}
	v := View{
		Before: detector.Grid{Start: time.Unix(0, 0), Tick: time.Minute, N: 30},
		After:  detector.Grid{Start: time.Unix(1800, 0), Tick: time.Minute, N: 5}, Now: time.Unix(2130, 0), Step: 15 * time.Second,
	}
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 9))
		form := forms[r.IntN(len(forms))]
		past, present := answerIn(r, form, 0, 1800), answerIn(r, form, 1740, 2130)
		if form == detector.FormLevel && r.IntN(2) == 0 {
			past.Combine, present.Combine = detector.Sum, detector.Sum
		}
		b := newBefore(past, watch.Input{}, v.Before)
		for look := range 2 {
			var want, got [3]detector.Ticks
			want[0], want[1], want[2] = detector.Around(past, present, v.grids())
			got[0], got[1], got[2] = b.around(present, v)
			if diff := cmp.Diff(want, got, cmpopts.EquateNaNs()); diff != "" {
				t.Fatalf("seed %d, look %d at %s:\n%s", seed, look, form, diff)
			}
			for i := range got[0].Value {
				got[0].Value[i] = math.NaN() // the ticks are the caller's
			}
		}
		if b.newest() != detector.Newest(past.Value) {
			t.Errorf("seed %d: the newest sample is of %s", seed, b.newest())
		}
	}
}

func answerIn(r *rand.Rand, f detector.Form, from, to int64) detector.Raw {
	raw := detector.Raw{Form: f}
	for pod := range 1 + r.IntN(4) {
		for _, code := range []string{"200", "500"} {
			labels := map[string]string{"pod": fmt.Sprint(pod), "code": code, "v": "a\xe2\x82\xac=,"}
			s, other := sources.Series{Labels: labels}, sources.Series{Labels: labels}
			begins, ends, total, part := from, to, 0.0, 0.0
			switch r.IntN(6) {
			case 0:
				begins = from + r.Int64N(to-from)
			case 1:
				ends = to - r.Int64N(to-from)
			}
			for at := begins / 15 * 15; at <= ends; at += 15 {
				n := math.Floor(r.Float64() * 30)
				total, part = total+n, part+math.Floor(n*r.Float64())
				if r.IntN(80) == 0 {
					total, part = 0, 0
				}
				s.Samples = append(s.Samples, sources.Sample{T: at * 1000, V: total})
				other.Samples = append(other.Samples, sources.Sample{T: at * 1000, V: part})
			}
			raw.Value = append(raw.Value, s)
			switch {
			case f == detector.FormCounts && code == "500":
				raw.Part = append(raw.Part, s)
			case f != detector.FormCounts && f != detector.FormLevel:
				raw.Part = append(raw.Part, other)
			}
		}
	}
	return raw
}

// Packing keeps every bit, of numbers that no counter has as well.
func TestPackedSamplesAreTheSame(t *testing.T) {
	samples := []sources.Sample{{T: -5, V: 0}, {T: 0, V: math.Copysign(0, -1)}, {T: 1, V: math.MaxFloat64}, {T: 1 << 50, V: math.SmallestNonzeroFloat64}, {T: 1<<50 + 1, V: 0.1}}
	many := make([]sources.Sample, maxChunk+1)
	for i := range many {
		many[i] = sources.Sample{T: int64(i), V: float64(i) / 3}
	}
	for _, want := range [][]sources.Sample{samples, many[:maxChunk], many} {
		got := pack(detector.Raw{Value: []sources.Series{{Samples: want}}}).unpack(3).Value[0].Samples
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

func BenchmarkAround(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 1))
	past, present := answerIn(r, detector.FormCounts, 0, 3600), answerIn(r, detector.FormCounts, 3540, 4500)
	v := View{
		Before: detector.Grid{Start: time.Unix(0, 0), Tick: time.Minute, N: 60},
		After:  detector.Grid{Start: time.Unix(3600, 0), Tick: time.Minute, N: 15}, Now: time.Unix(4500, 0), Step: 15 * time.Second,
	}
	kept := newBefore(past, watch.Input{}, v.Before)
	b.Run("kept", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			kept.around(present, v)
		}
	})
	b.Run("worked out again", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			detector.Around(past, present, v.grids())
		}
	})
}
