package accuracy

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pushback/pushback/detector"
)

// TestDelaysAreSeenInCallers: a fault that does not show in its pod is found by the latency of
// the service that calls it, whose clock is some seconds off.
func TestDelaysAreSeenInCallers(t *testing.T) {
	r := Recording{Faults: []Fault{{At: 2*24*3600 + 8*3600, Pod: "ts-verification-code-service-2-y", Kind: "delay"}}}
	for day, suffix := range []string{"-1-x", "-2-y"} {
		var pods []Pod
		for i, service := range []string{"ts-verification-code-service", "ts-auth-service"} {
			p := Pod{Name: service + suffix, Service: service, Columns: map[string][]float64{}}
			latency := Generators[0].draw(sourceOf(Generators[0].Name, 0, uint64(i), day), 600)
			for j := range latency {
				p.Times = append(p.Times, int64(day+1)*24*3600+3600+60*int64(j)-7*int64(i))
				if service == "ts-auth-service" && p.Times[j] > r.Faults[0].At {
					latency[j] += 100
				}
			}
			p.Columns[callerLatency] = latency
			pods = append(pods, p)
		}
		r.Days = append(r.Days, pods)
	}
	got, err := MeasureFaults(t.Context(), r, 4, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	if k := got.Kinds; len(k) != 1 || k[0].Five != 0 || k[0].Callers != 1 || k[0].Furthest < 0.02 {
		t.Errorf("%+v", k)
	}
}

// TestShareOfMoves holds which way a move is counted, and that a gap is no move.
func TestShareOfMoves(t *testing.T) {
	history := make([]float64, 133) // 100 moments with 30 ticks before and 4 after them
	history[50] = 8
	f := func(want float64, worse detector.Worse, after ...float64) {
		t.Helper()
		if diff := cmp.Diff(want, shareOfMoves(worse, history, after)); diff != "" {
			t.Errorf("%s, %v: %s", worse, after, diff)
		}
	}
	f(1.0/101, detector.Higher, 3, 3, 3, 3)
	f(5.0/101, detector.Higher, 1, 1, 1, 1)
	f(1.0/101, detector.Either, -3, -3, -3, -3)
	f(1, detector.Higher, -3, -3, -3, -3)
	f(1.0/101, detector.Lower, -3)
	f(1, detector.Higher, math.NaN(), math.NaN())
	f(1, detector.Higher)
}

// TestQuietWatchesDoNotOverlap: no two quiet watches of one pod see the same minute.
func TestQuietWatchesDoNotOverlap(t *testing.T) {
	seen := map[*Pod]map[int]bool{}
	for _, w := range recorded().quietWatches(1000, 1) {
		if seen[w.pod] == nil {
			seen[w.pod] = map[int]bool{}
		}
		for row := w.row; row < w.row+window; row++ {
			if seen[w.pod][row] {
				t.Fatalf("row %d of %s is in two watches", row, w.pod.Name)
			}
			seen[w.pod][row] = true
		}
	}
	if len(seen) != 2 {
		t.Errorf("%d pods", len(seen))
	}
}
